"""Which pods go first when there are too many: those that are missed least.

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
    """So many of the pods, the least missed first. `on_node` counts related pods by node; `now` is unix nanoseconds."""
    if surplus >= len(pods):
        return pods

    def compare(one: Pod, other: Pod) -> int:
        return _by_worth(one, other, on_node) or _by_age(one, other, now)

    return sorted(pods, key=cmp_to_key(compare))[:surplus]


def deletion_cost(pod: Pod) -> int:
    """What its annotation says that the pod's deletion costs; 0 if it says nothing, or nonsense.

    >>> from kubeactors.apimachinery.meta import ObjectMeta
    >>> deletion_cost(Pod(metadata=ObjectMeta(annotations={DELETION_COST: "-5"})))
    -5
    """
    try:
        return int(pod.metadata.annotations.get(DELETION_COST, "0"))
    except ValueError:
        return 0


def _by_worth(one: Pod, other: Pod, on_node: Mapping[str, int]) -> int:
    """Unassigned, pending and unready pods go first, then cheap ones, then those that crowd their node."""
    left, right = _worth(one, on_node), _worth(other, on_node)
    return (left > right) - (left < right)


def _worth(pod: Pod, on_node: Mapping[str, int]) -> tuple[bool, int, bool, int, int]:
    return (
        bool(pod.spec.node_name),
        _PHASES.get(pod.status.phase, 0),
        is_ready(pod),
        deletion_cost(pod),
        -on_node.get(pod.spec.node_name, 0),
    )


def _by_age(one: Pod, other: Pod, now: int) -> int:
    """The shorter ready, the more often restarted, the younger goes first."""
    if is_ready(one) and is_ready(other) and ready_time(one) != ready_time(other):
        return _by_time(ready_time(one), ready_time(other), now) or _by_uid(one, other)
    if restarts(one) != restarts(other):
        return restarts(other) - restarts(one)
    created, other_created = one.metadata.creation_timestamp, other.metadata.creation_timestamp
    if created != other_created:
        return _by_time(created, other_created, now) or _by_uid(one, other)
    return 0


def _by_time(one: str | None, other: str | None, now: int) -> int:
    """An absent time goes first, then the later one, if their ages differ by a factor of two or so."""
    if not one or not other:
        return bool(one) - bool(other)
    return _magnitude(now - parse_time(one)) - _magnitude(now - parse_time(other))


def _magnitude(age: int) -> int:
    """The logarithm of an age: pods of about the same age are alike, so that not always the youngest goes."""
    return age.bit_length() - 1 if age > 0 else -1


def _by_uid(one: Pod, other: Pod) -> int:
    return (one.metadata.uid > other.metadata.uid) - (one.metadata.uid < other.metadata.uid)
