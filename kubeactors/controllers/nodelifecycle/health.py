"""The taints that follow from a node's conditions, and the conditions of a node without heartbeats.

Source: pkg/controller/nodelifecycle/node_lifecycle_controller.go (v1.36).
"""

from collections.abc import Iterable

from msgspec.structs import replace

from kubeactors.api.core.v1 import Node, NodeCondition, Taint
from kubeactors.controllers.conditions import find

READY = "Ready"
NO_SCHEDULE, NO_EXECUTE = "NoSchedule", "NoExecute"

NOT_READY = "node.kubernetes.io/not-ready"
UNREACHABLE = "node.kubernetes.io/unreachable"
UNSCHEDULABLE = "node.kubernetes.io/unschedulable"

REPORTED = (READY, "MemoryPressure", "DiskPressure", "PIDPressure")
"""Conditions that only the kubelet can report; they become Unknown when it does not."""

_TAINTS = {
    (READY, "False"): NOT_READY,
    (READY, "Unknown"): UNREACHABLE,
    ("MemoryPressure", "True"): "node.kubernetes.io/memory-pressure",
    ("DiskPressure", "True"): "node.kubernetes.io/disk-pressure",
    ("NetworkUnavailable", "True"): "node.kubernetes.io/network-unavailable",
    ("PIDPressure", "True"): "node.kubernetes.io/pid-pressure",
}
MANAGED = (*_TAINTS.values(), UNSCHEDULABLE)
"""The keys of the NoSchedule taints that this controller manages; it leaves others alone."""


def readiness(node: Node) -> str:
    """The status of the node's Ready condition; Unknown if there is none."""
    found = find(node.status.conditions, READY)
    return found.status if found is not None else "Unknown"


def has_readiness(node: Node) -> bool:
    """Whether the node has a Ready condition. If not, nothing follows until its grace is over; see `silenced`."""
    return find(node.status.conditions, READY) is not None


def silenced(node: Node, timestamp: str) -> Node:
    """The node with the conditions Unknown that it gets after its grace period without heartbeats.

    Heartbeat times are kept: they say when the kubelet reported last.
    """
    conditions = list(node.status.conditions)
    for type_ in REPORTED:
        old = find(node.status.conditions, type_)
        if old is None:
            created = node.metadata.creation_timestamp
            message = "Kubelet never posted node status."
            conditions.append(_unknown(type_, created, timestamp, "NodeStatusNeverUpdated", message))
        elif old.status != "Unknown":
            message = "Kubelet stopped posting node status."
            new = _unknown(type_, old.last_heartbeat_time, timestamp, "NodeStatusUnknown", message)
            conditions[conditions.index(old)] = new
    if tuple(conditions) == node.status.conditions:
        return node
    return replace(node, status=replace(node.status, conditions=tuple(conditions)))


def _unknown(type_: str, heard: str | None, timestamp: str, reason: str, message: str) -> NodeCondition:
    return NodeCondition(
        type=type_,
        status="Unknown",
        last_heartbeat_time=heard,
        last_transition_time=timestamp,
        reason=reason,
        message=message,
    )


def with_schedule_taints(node: Node, timestamp: str) -> Node:
    """The node with the NoSchedule taints for its conditions and its cordon; the same object if it has them."""
    wanted = [_TAINTS[one.type, one.status] for one in node.status.conditions if (one.type, one.status) in _TAINTS]
    if node.spec.unschedulable:
        wanted.append(UNSCHEDULABLE)
    present = [one.key for one in node.spec.taints if one.effect == NO_SCHEDULE and one.key in MANAGED]
    missing = [key for key in wanted if key not in present]
    surplus = [key for key in present if key not in wanted]
    return _retainted(node, missing, surplus, NO_SCHEDULE, timestamp)


def execute_taint(node: Node) -> str:
    """The key of the NoExecute taint for the node's readiness; empty if it is ready."""
    return _TAINTS.get((READY, readiness(node)), "")


def with_execute_taint(node: Node, key: str, timestamp: str) -> Node:
    """The node with this NoExecute taint of readiness and without the other, or without both if the key is empty."""
    present = [one.key for one in node.spec.taints if one.effect == NO_EXECUTE and one.key in {NOT_READY, UNREACHABLE}]
    missing = [key] if key and key not in present else []
    surplus = [one for one in present if one != key]
    return _retainted(node, missing, surplus, NO_EXECUTE, timestamp)


def has_execute_taint(node: Node, key: str) -> bool:
    """Whether the node has this NoExecute taint."""
    return any(one.key == key and one.effect == NO_EXECUTE for one in node.spec.taints)


def _retainted(node: Node, missing: Iterable[str], surplus: list[str], effect: str, timestamp: str) -> Node:
    kept = [one for one in node.spec.taints if one.effect != effect or one.key not in surplus]
    added = [Taint(key=key, effect=effect, time_added=timestamp) for key in missing]
    taints = (*kept, *added)
    return node if taints == node.spec.taints else replace(node, spec=replace(node.spec, taints=taints))
