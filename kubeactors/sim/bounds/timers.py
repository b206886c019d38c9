"""What controllers will write merely because time passes, though nothing changes and nothing fails."""

from cryptography import x509

from kubeactors.actor.supervision import SECOND
from kubeactors.api.apps.v1 import Deployment
from kubeactors.api.autoscaling.v2 import HorizontalPodAutoscaler
from kubeactors.api.batch.v1 import CronJob, Job
from kubeactors.api.certificates.v1.certificatesigningrequest import CertificateSigningRequest
from kubeactors.api.core.v1 import Node, Pod
from kubeactors.api.policy.v1 import PodDisruptionBudget
from kubeactors.apimachinery.time import parse_time
from kubeactors.sim.bounds.goals import has_ended, is_well
from kubeactors.sim.bounds.rollouts import is_active
from kubeactors.sim.bounds.room import is_ours
from kubeactors.sim.world import World

SETTLED = ("NewReplicaSetAvailable", "ProgressDeadlineExceeded", "DeploymentPaused")
"""Reasons of the condition Progressing with which the progress deadline does not count."""
DISRUPTED_SECONDS = 120
"""How long a budget counts an evicted pod that is still there as disrupted."""
DECIDED_SECONDS = 3600
"""How long a request for a certificate is kept after it was decided."""
LATE = 5 * SECOND
"""A write may come so much later than it is due: times in objects have whole seconds, and writes take a while."""


def is_due(world: World, wall: int, seconds: float) -> bool:
    """Whether a controller may write within so many seconds because time passes.

    A job runs or has a TTL, a pod that runs to completion is active, an autoscaler exists, a cron job is not suspended, a
    node is unreachable, a progress deadline passes, an eviction or a request for a certificate expires.

    Times in objects come from the clocks of those who wrote them, which may have been hours ahead or behind. A controller
    that waits for such a time looks again within the interval, not at that time; one that restarts looks at once.

    Args:
        world: all objects.
        wall: the present, in unix nanoseconds.
        seconds: for how long no such write may be due.
    """
    until = wall + int(seconds * SECOND)
    return (
        any(_says_that_it_stalls(one, wall, until) for one in world.of(Deployment).values())
        or any(_forgets_an_eviction(one, wall, until) for one in world.of(PodDisruptionBudget).values())
        or any(_is_cleaned_up(one, until) for one in world.of(CertificateSigningRequest).values())
        or any(not one.spec.suspend for one in world.of(CronJob).values())
        or bool(world.of(HorizontalPodAutoscaler))
        or any(is_ours(one) and not is_well(one) for one in world.of(Node).values())
        or any(one.spec.restart_policy != "Always" and is_active(one) for one in world.of(Pod).values())
        or any(_runs_or_expires(one) for one in world.of(Job).values())
    )


def _says_that_it_stalls(found: Deployment, wall: int, until: int) -> bool:
    """Whether the progress deadline passes, or is counted anew because it was counted from a time in the future.

    One that has passed long ago was written by a clock that was behind: the controller looks a whole deadline after
    that. (One that it has missed is for `rollout-progress-is-reported`.)
    """
    seconds = found.spec.progress_deadline_seconds
    waits = (one for one in found.status.conditions if one.type == "Progressing" and one.reason not in SETTLED)
    time = next((one.last_update_time for one in waits), None)
    if time is None or seconds is None or found.spec.paused:
        return False
    return parse_time(time) > wall or parse_time(time) + seconds * SECOND < until


def _forgets_an_eviction(found: PodDisruptionBudget, wall: int, until: int) -> bool:
    """Whether the time is over in which a pod that was evicted should have been deleted."""
    times = map(parse_time, found.status.disrupted_pods.values())
    return any(wall - LATE <= time + DISRUPTED_SECONDS * SECOND < until for time in times)


def _is_cleaned_up(found: CertificateSigningRequest, until: int) -> bool:
    """Whether its certificate ends, or its time after the decision: this is looked at once a minute."""
    decided = (parse_time(one.last_update_time) for one in found.status.conditions if one.last_update_time)
    return any(time + DECIDED_SECONDS * SECOND < until for time in decided) or _end_of(found) * SECOND < until


def _end_of(found: CertificateSigningRequest) -> float:
    """When its certificate ends, in unix seconds; never if there is none."""
    if not found.status.certificate:
        return float("inf")
    return x509.load_pem_x509_certificate(found.status.certificate).not_valid_after_utc.timestamp()


def _runs_or_expires(job: Job) -> bool:
    return job.spec.ttl_seconds_after_finished is not None or not (has_ended(job) or job.spec.suspend)
