"""Stale DisruptionTarget conditions: pods that were to be disrupted, and were not.

A component that evicts or preempts a pod sets the condition first, and then deletes the pod. If it fails in between for
good, the pod lives on with a wrong condition: when it fails later, its Job may not count that failure.

Source: pkg/controller/disruption/disruption.go (v1.36).
"""

from msgspec.structs import replace

from kubeactors.api.core.v1 import Pod, PodCondition
from kubeactors.apimachinery.time import parse_time
from kubeactors.controllers.clocks import seconds_left
from kubeactors.controllers.pods import DISRUPTION_TARGET, FAILED, SUCCEEDED, condition

BY_KUBELET = "TerminationByKubelet"
"""The reason that a kubelet sets, which may precede the deletion by long."""

STALE_SECONDS = 120
"""A pod that is not terminating this long after the condition was set is taken to stay."""


def is_target(pod: Pod) -> bool:
    """Whether the pod has the condition DisruptionTarget and is not terminating.

    >>> is_target(Pod())
    False
    """
    found = condition(pod, DISRUPTION_TARGET)
    said = found is not None and found.status == "True" and found.reason != BY_KUBELET
    return said and pod.metadata.deletion_timestamp is None and pod.status.phase not in {SUCCEEDED, FAILED}


def seconds_to_stale(pod: Pod, now: int) -> float | None:
    """The time until the condition is stale: at most `STALE_SECONDS`, whatever clock set it. None if it is not set.

    `now` is Unix time in nanoseconds.
    """
    if not is_target(pod):
        return None
    found = condition(pod, DISRUPTION_TARGET)
    assert found is not None  # it is a target
    since = parse_time(found.last_transition_time) if found.last_transition_time else 0
    return seconds_left(since, STALE_SECONDS, now)


def reset(pod: Pod, timestamp: str) -> Pod:
    """The pod with the condition set to False."""
    new = PodCondition(
        type=DISRUPTION_TARGET,
        status="False",
        observed_generation=pod.metadata.generation,
        last_transition_time=timestamp,
    )
    conditions = tuple(new if one.type == DISRUPTION_TARGET else one for one in pod.status.conditions)
    return replace(pod, status=replace(pod.status, conditions=conditions))
