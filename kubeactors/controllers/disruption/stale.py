"""Pods that say that they are about to be disrupted, and are not.

Whoever evicts or preempts a pod writes on it first why it goes, and then deletes it. If it is cut off in between, and
does not come back to it, the pod lives on under a wrong label: when it fails later, its job would not count that.

Source: pkg/controller/disruption/disruption.go (v1.36).
"""

from msgspec.structs import replace

from kubeactors.api.core.v1 import Pod, PodCondition
from kubeactors.apimachinery.time import parse_time
from kubeactors.controllers.clocks import seconds_left
from kubeactors.controllers.pods import DISRUPTION_TARGET, FAILED, SUCCEEDED, condition

BY_KUBELET = "TerminationByKubelet"
"""A kubelet says so long before the pod goes."""

STALE_SECONDS = 120
"""So long after it was said a pod that is not going will stay."""


def is_target(pod: Pod) -> bool:
    """Whether the pod says that it is about to be disrupted, and nobody has deleted it.

    >>> is_target(Pod())
    False
    """
    found = condition(pod, DISRUPTION_TARGET)
    said = found is not None and found.status == "True" and found.reason != BY_KUBELET
    return said and pod.metadata.deletion_timestamp is None and pod.status.phase not in {SUCCEEDED, FAILED}


def seconds_to_stale(pod: Pod, now: int) -> float | None:
    """How long until a target that is not deleted will stay: at most `STALE_SECONDS`, whatever another clock said.

    None if it is no target. `now` is unix time in nanoseconds.
    """
    if not is_target(pod):
        return None
    found = condition(pod, DISRUPTION_TARGET)
    assert found is not None  # it is a target
    since = parse_time(found.last_transition_time) if found.last_transition_time else 0
    return seconds_left(since, STALE_SECONDS, now)


def spared(pod: Pod, timestamp: str) -> Pod:
    """The pod, which says now that it is not about to be disrupted."""
    new = PodCondition(
        type=DISRUPTION_TARGET,
        status="False",
        observed_generation=pod.metadata.generation,
        last_transition_time=timestamp,
    )
    conditions = tuple(new if one.type == DISRUPTION_TARGET else one for one in pod.status.conditions)
    return replace(pod, status=replace(pod.status, conditions=conditions))
