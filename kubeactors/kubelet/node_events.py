"""The events of a kubelet about its node. Pure.

Source: pkg/kubelet/kubelet.go, pkg/kubelet/kubelet_node_status.go, pkg/kubelet/nodestatus/setters.go, pkg/kubelet/events
(v1.36).
"""

from collections.abc import Iterator

import msgspec

from kubeactors.api.core.v1 import Node, ObjectReference

_REASONS = {
    ("MemoryPressure", "False"): "NodeHasSufficientMemory",
    ("MemoryPressure", "True"): "NodeHasInsufficientMemory",
    ("DiskPressure", "False"): "NodeHasNoDiskPressure",
    ("DiskPressure", "True"): "NodeHasDiskPressure",
    ("PIDPressure", "False"): "NodeHasSufficientPID",
    ("PIDPressure", "True"): "NodeHasInsufficientPID",
    ("Ready", "True"): "NodeReady",
    ("Ready", "False"): "NodeNotReady",
}


class NodeEvent(msgspec.Struct, frozen=True, gc=False):
    """An event about a node."""

    type: str
    reason: str
    message: str


STARTING = NodeEvent("Normal", "Starting", "Starting kubelet.")


def reference_of(name: str) -> ObjectReference:
    """The involved object of node events: its UID is the node's name, by which `kubectl describe` finds them."""
    return ObjectReference(kind="Node", name=name, uid=name)


def started(node: Node) -> Iterator[NodeEvent]:
    """The events of a new node's start."""
    yield STARTING
    yield NodeEvent("Normal", "NodeAllocatableEnforced", "Updated Node Allocatable limit across pods")
    yield from changes(Node(), node)


def changes(before: Node, after: Node) -> Iterator[NodeEvent]:
    """The events for changes of a node since its kubelet last saw it: conditions, schedulability, a reboot."""
    name, boot = after.metadata.name, after.status.node_info.boot_id
    if before.status.node_info.boot_id not in {"", boot}:
        yield NodeEvent("Warning", "Rebooted", f"Node {name} has been rebooted, boot id: {boot}")
    known = {one.type: one.status for one in before.status.conditions}
    for one in after.status.conditions:
        reason = _REASONS.get((one.type, one.status))
        if reason is not None and known.get(one.type) != one.status:
            yield _status_is(name, reason)


def schedulable(name: str, *, is_so: bool) -> NodeEvent:
    """The node was uncordoned or cordoned."""
    return _status_is(name, "NodeSchedulable" if is_so else "NodeNotSchedulable")


def _status_is(name: str, reason: str) -> NodeEvent:
    return NodeEvent("Normal", reason, f"Node {name} status is now: {reason}")
