"""What controllers will write merely because time passes, though nothing changes and nothing fails."""

from kubeactors.actor.supervision import SECOND
from kubeactors.api.apps.v1 import Deployment
from kubeactors.api.autoscaling.v2 import HorizontalPodAutoscaler
from kubeactors.api.batch.v1 import CronJob, Job
from kubeactors.api.core.v1 import Node, Pod
from kubeactors.api.policy.v1 import PodDisruptionBudget
from kubeactors.apimachinery.time import parse_time
from kubeactors.sim.bounds.capacity import is_ours
from kubeactors.sim.bounds.goals import has_ended, is_healthy
from kubeactors.sim.bounds.rollouts import is_active
from kubeactors.sim.world import World

SETTLED = ("NewReplicaSetAvailable", "ProgressDeadlineExceeded", "DeploymentPaused")
"""Reasons of the condition Progressing with which the progress deadline does not count."""
MANAGER = "controller-manager"
DISRUPTED_SECONDS = 120
"""How long a budget counts an evicted pod that is still there as disrupted."""
LATE = 5 * SECOND
"""A write may come so much later than it is due: times in objects have whole seconds, and writes take a while."""


def is_due(world: World, wall: int, seconds: float) -> bool:
    """Whether a controller may write within so many seconds because time passes.

    A job runs or has a TTL, a pod that runs to completion is active, an autoscaler exists, a cron job is not suspended, a
    node is unreachable, a progress deadline passes, or a budget's record of an eviction expires.

    Times in objects come from the clocks of those who wrote them, which may have been hours ahead or behind. A controller
    that waits for such a time looks again within the interval, not at that time; one that restarts looks at once.

    Args:
        world: all objects.
        wall: the present, in unix nanoseconds.
        seconds: for how long no such write may be due.
    """
    until, skewed = wall + int(seconds * SECOND), world.faults.has_skewed(MANAGER)
    return (
        any(_reaches_its_deadline(one, wall, until, skewed=skewed) for one in world.of(Deployment).values())
        or any(_forgets_an_eviction(one, wall, until) for one in world.of(PodDisruptionBudget).values())
        or any(not one.spec.suspend for one in world.of(CronJob).values())
        or bool(world.of(HorizontalPodAutoscaler))
        or any(is_ours(one) and not is_healthy(one) for one in world.of(Node).values())
        or any(one.spec.restart_policy != "Always" and is_active(one) for one in world.of(Pod).values())
        or any(_runs_or_expires(one) for one in world.of(Job).values())
    )


def _reaches_its_deadline(found: Deployment, wall: int, until: int, *, skewed: bool) -> bool:
    """Whether the progress deadline passes.

    A controller whose clock was ahead has counted it from a time in the future, and restarts it; one whose clock was
    behind finds that it passed long ago. A running controller notices either at its next look, up to a deadline later.
    """
    seconds = found.spec.progress_deadline_seconds
    waits = (one for one in found.status.conditions if one.type == "Progressing" and one.reason not in SETTLED)
    time = next((one.last_update_time for one in waits), None)
    if time is None or seconds is None or found.spec.paused:
        return False
    updated, deadline = parse_time(time), parse_time(time) + seconds * SECOND
    return wall - LATE <= deadline < until or (skewed and (updated > wall or deadline < wall))


def _forgets_an_eviction(found: PodDisruptionBudget, wall: int, until: int) -> bool:
    """Whether the time is over in which a pod that was evicted should have been deleted."""
    times = map(parse_time, found.status.disrupted_pods.values())
    return any(wall - LATE <= time + DISRUPTED_SECONDS * SECOND < until for time in times)


def _runs_or_expires(job: Job) -> bool:
    return job.spec.ttl_seconds_after_finished is not None or not (has_ended(job) or job.spec.suspend)
