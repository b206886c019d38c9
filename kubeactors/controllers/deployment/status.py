"""The status of a Deployment: counts, conditions, progress.

Source: pkg/controller/deployment/{sync,progress}.go, util/deployment_util.go (v1.36).
"""

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from kubeactors.api.apps.v1 import Deployment, DeploymentCondition, DeploymentStatus, ReplicaSet
from kubeactors.apimachinery.time import SECOND, format_time, parse_time
from kubeactors.controllers.clocks import seconds_left
from kubeactors.controllers.conditions import find, without
from kubeactors.controllers.deployment.sizes import max_unavailable, total_size, wanted

AVAILABLE, PROGRESSING, REPLICA_FAILURE = "Available", "Progressing", "ReplicaFailure"

NEW_REPLICA_SET = "NewReplicaSetCreated"
FOUND_REPLICA_SET = "FoundNewReplicaSet"
FAILED_CREATE = "ReplicaSetCreateError"
UPDATED = "ReplicaSetUpdated"
COMPLETE = "NewReplicaSetAvailable"
TIMED_OUT = "ProgressDeadlineExceeded"
PAUSED, RESUMED = "DeploymentPaused", "DeploymentResumed"
MINIMUM_AVAILABLE, MINIMUM_UNAVAILABLE = "MinimumReplicasAvailable", "MinimumReplicasUnavailable"

NO_DEADLINE = 2**31 - 1
"""The value of `progressDeadlineSeconds` that means none."""


def has_deadline(deployment: Deployment) -> bool:
    """Whether there is a progress deadline."""
    return deployment.spec.progress_deadline_seconds not in {None, NO_DEADLINE}


def with_condition(  # noqa: PLR0913 -- the parts of a condition
    status: DeploymentStatus, type_: str, value: str, reason: str, message: str, *, now: int
) -> DeploymentStatus:
    """The status with a condition, last in order; unchanged if there is one of the same status and reason."""
    current = find(status.conditions, type_)
    if current is not None and current.status == value and current.reason == reason:
        return status
    time = format_time(now)
    kept = current is not None and current.status == value
    condition = DeploymentCondition(
        type=type_,
        status=value,
        last_update_time=time,
        last_transition_time=current.last_transition_time if kept and current is not None else time,
        reason=reason,
        message=message,
    )
    return replace(status, conditions=(*without(status.conditions, type_), condition))


def without_condition(status: DeploymentStatus, type_: str) -> DeploymentStatus:
    """The status without the condition of this type."""
    return replace(status, conditions=without(status.conditions, type_))


def with_pause(deployment: Deployment, now: int) -> DeploymentStatus:
    """The status whose condition Progressing reflects a pause, during which the progress deadline does not run."""
    status = deployment.status
    if not has_deadline(deployment):
        return status
    current = find(status.conditions, PROGRESSING)
    reason = current.reason if current is not None else ""
    if reason == TIMED_OUT:
        return status
    if deployment.spec.paused and reason != PAUSED:
        return with_condition(status, PROGRESSING, "Unknown", PAUSED, "Deployment is paused", now=now)
    if not deployment.spec.paused and reason == PAUSED:
        return with_condition(status, PROGRESSING, "Unknown", RESUMED, "Deployment is resumed", now=now)
    return status


def counted(
    deployment: Deployment, replica_sets: Sequence[ReplicaSet], new: ReplicaSet | None, now: int
) -> DeploymentStatus:
    """The status with present counts and the condition Available."""
    available = sum(one.status.available_replicas for one in replica_sets)
    status = DeploymentStatus(
        observed_generation=deployment.metadata.generation,
        replicas=sum(one.status.replicas for one in replica_sets),
        updated_replicas=new.status.replicas if new is not None else 0,
        ready_replicas=sum(one.status.ready_replicas for one in replica_sets),
        available_replicas=available,
        unavailable_replicas=max(total_size(replica_sets) - available, 0),
        terminating_replicas=_terminating(replica_sets),
        conditions=deployment.status.conditions,
        collision_count=deployment.status.collision_count,
    )
    if available >= wanted(deployment) - max_unavailable(deployment):
        message = "Deployment has minimum availability."
        return with_condition(status, AVAILABLE, "True", MINIMUM_AVAILABLE, message, now=now)
    message = "Deployment does not have minimum availability."
    return with_condition(status, AVAILABLE, "False", MINIMUM_UNAVAILABLE, message, now=now)


def progressed(
    deployment: Deployment,
    before: DeploymentStatus,
    replica_sets: Sequence[ReplicaSet],
    new: ReplicaSet | None,
    now: int,
) -> DeploymentStatus:
    """The status after a step of a rollout: counts, and the conditions Available, Progressing, ReplicaFailure.

    `before` is the last written status, with which the present counts are compared to detect progress.
    """
    status = counted(deployment, replica_sets, new, now)
    if not has_deadline(deployment):
        status = without_condition(status, PROGRESSING)
    else:
        status = _with_progress(deployment, before, status, new, now)
    return _with_failure(status, replica_sets, new)


def is_complete(deployment: Deployment, status: DeploymentStatus) -> bool:
    """Whether the rollout is complete: all desired pods exist, are updated and available, and there are no others."""
    goal = wanted(deployment)
    return (
        status.updated_replicas == status.replicas == status.available_replicas == goal
        and status.observed_generation >= deployment.metadata.generation
    )


def seconds_to_deadline(deployment: Deployment, status: DeploymentStatus, now: int) -> float | None:
    """The time until the progress deadline must be checked; None if it is not running."""
    current = find(status.conditions, PROGRESSING)
    if current is None or not has_deadline(deployment) or is_complete(deployment, status):
        return None
    if current.reason in {TIMED_OUT, COMPLETE, PAUSED}:
        return None
    return seconds_left(_last_update(current), deployment.spec.progress_deadline_seconds or 0, now) + 1.0


def _terminating(replica_sets: Iterable[ReplicaSet]) -> int | None:
    counts = [one.status.terminating_replicas for one in replica_sets]
    return None if None in counts else sum(one for one in counts if one is not None)


def _with_progress(
    deployment: Deployment, before: DeploymentStatus, status: DeploymentStatus, new: ReplicaSet | None, now: int
) -> DeploymentStatus:
    current = find(deployment.status.conditions, PROGRESSING)
    done = current is not None and current.reason == COMPLETE and status.replicas == status.updated_replicas
    if done:
        return status
    who = f'ReplicaSet "{new.metadata.name}"' if new is not None else f'Deployment "{deployment.metadata.name}"'
    if is_complete(deployment, status):
        return with_condition(status, PROGRESSING, "True", COMPLETE, f"{who} has successfully progressed.", now=now)
    if _has_moved(before, status):
        return _with_update(status, current, f"{who} is progressing.", now)
    if _has_timed_out(deployment, status, now):
        return with_condition(status, PROGRESSING, "False", TIMED_OUT, f"{who} has timed out progressing.", now=now)
    if current is not None and current.reason != COMPLETE and _last_update(current) > now:
        return _counted_anew(status, current, now)
    return status


def _counted_anew(status: DeploymentStatus, current: DeploymentCondition, now: int) -> DeploymentStatus:
    """Restart the deadline now: the last progress is in the future, since a clock was ahead when it was written.

    Kubernetes waits until that time, and for the deadline after it.
    """
    condition = replace(current, last_update_time=format_time(now))
    return replace(status, conditions=(*without(status.conditions, PROGRESSING), condition))


def _with_update(
    status: DeploymentStatus, current: DeploymentCondition | None, message: str, now: int
) -> DeploymentStatus:
    """Each step of progress updates `lastUpdateTime`, where the deadline starts, even if status and reason stay."""
    time = format_time(now)
    steady = current is not None and current.status == "True"
    condition = DeploymentCondition(
        type=PROGRESSING,
        status="True",
        last_update_time=time,
        last_transition_time=current.last_transition_time if steady and current is not None else time,
        reason=UPDATED,
        message=message,
    )
    return replace(status, conditions=(*without(status.conditions, PROGRESSING), condition))


def _has_moved(before: DeploymentStatus, status: DeploymentStatus) -> bool:
    """Whether there are more updated, fewer old, more ready or more available pods than before."""
    return (
        status.updated_replicas > before.updated_replicas
        or status.replicas - status.updated_replicas < before.replicas - before.updated_replicas
        or status.ready_replicas > before.ready_replicas
        or status.available_replicas > before.available_replicas
    )


def _has_timed_out(deployment: Deployment, status: DeploymentStatus, now: int) -> bool:
    current = find(status.conditions, PROGRESSING)
    if current is None or current.reason == COMPLETE:
        return False
    return current.reason == TIMED_OUT or _deadline(deployment, current) < now


def _deadline(deployment: Deployment, current: DeploymentCondition) -> int:
    return _last_update(current) + (deployment.spec.progress_deadline_seconds or 0) * SECOND


def _last_update(current: DeploymentCondition) -> int:
    return parse_time(current.last_update_time) if current.last_update_time else 0


def _with_failure(
    status: DeploymentStatus, replica_sets: Iterable[ReplicaSet], new: ReplicaSet | None
) -> DeploymentStatus:
    """The status with the ReplicaFailure condition of the new ReplicaSet, or else of any."""
    for one in (*((new,) if new is not None else ()), *replica_sets):
        failure = find(one.status.conditions, REPLICA_FAILURE)
        if failure is not None:
            condition = DeploymentCondition(
                type=REPLICA_FAILURE,
                status=failure.status,
                last_update_time=failure.last_transition_time,
                last_transition_time=failure.last_transition_time,
                reason=failure.reason,
                message=failure.message,
            )
            current = find(status.conditions, REPLICA_FAILURE)
            if current is not None and (current.status, current.reason) == (condition.status, condition.reason):
                return status
            return replace(status, conditions=(*without(status.conditions, REPLICA_FAILURE), condition))
    return without_condition(status, REPLICA_FAILURE)
