"""Ranks the pods of a ReplicaSet that has too many: which are deleted first.

Source: ActivePodsWithRanks in pkg/controller/controller_utils.go (v1.36).
"""

from collections.abc import Mapping
from functools import cmp_to_key

from kubeactors.api.core.v1 import Pod
from kubeactors.apimachinery.time import parse_time
from kubeactors.controllers.pods import PENDING, RUNNING, UNKNOWN, is_ready, ready_time, restarts

DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"

_PHASES = {PENDING: 0, "": 0, UNKNOWN: 1, RUNNING: 2}


def pods_to_delete(pods: list[Pod], on_node: Mapping[str, int], surplus: int, now: int) -> list[Pod]:
    """The `surplus` pods to delete, in order. `on_node` counts related pods by node; `now` is Unix nanoseconds."""
    if surplus >= len(pods):
        return pods

    def compare(one: Pod, other: Pod) -> int:
        return _compare_criteria(one, other, on_node) or _by_age(one, other, now)

    return sorted(pods, key=cmp_to_key(compare))[:surplus]


def deletion_cost(pod: Pod) -> int:
    """The value of the pod's deletion cost annotation; 0 if it is absent or not a number.

    >>> from kubeactors.apimachinery.meta import ObjectMeta
    >>> deletion_cost(Pod(metadata=ObjectMeta(annotations={DELETION_COST: "-5"})))
    -5
    """
    try:
        return int(pod.metadata.annotations.get(DELETION_COST, "0"))
    except ValueError:
        return 0


def _compare_criteria(one: Pod, other: Pod, on_node: Mapping[str, int]) -> int:
    """Unassigned, pending and unready pods come first, then those of low deletion cost, then those on crowded nodes."""
    left, right = _criteria(one, on_node), _criteria(other, on_node)
    return (left > right) - (left < right)


def _criteria(pod: Pod, on_node: Mapping[str, int]) -> tuple[bool, int, bool, int, int]:
    return (
        bool(pod.spec.node_name),
        _PHASES.get(pod.status.phase, 0),
        is_ready(pod),
        deletion_cost(pod),
        -on_node.get(pod.spec.node_name, 0),
    )


def _by_age(one: Pod, other: Pod, now: int) -> int:
    """Pods that are ready for a shorter time, have restarted more often or are younger come first."""
    if is_ready(one) and is_ready(other) and ready_time(one) != ready_time(other):
        return _by_time(ready_time(one), ready_time(other), now) or _by_uid(one, other)
    if restarts(one) != restarts(other):
        return restarts(other) - restarts(one)
    created, other_created = one.metadata.creation_timestamp, other.metadata.creation_timestamp
    if created != other_created:
        return _by_time(created, other_created, now) or _by_uid(one, other)
    return 0


def _by_time(one: str | None, other: str | None, now: int) -> int:
    """An absent time comes first, then the later one, if their ages differ by about a factor of two."""
    if not one or not other:
        return bool(one) - bool(other)
    return _magnitude(now - parse_time(one)) - _magnitude(now - parse_time(other))


def _magnitude(age: int) -> int:
    """The logarithm of an age: pods of similar age compare equal, so that the youngest is not always the victim."""
    return age.bit_length() - 1 if age > 0 else -1


def _by_uid(one: Pod, other: Pod) -> int:
    return (one.metadata.uid > other.metadata.uid) - (one.metadata.uid < other.metadata.uid)
