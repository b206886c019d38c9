"""Admission: whether a node accepts a pod that was bound to it. Pure.

Source: pkg/kubelet/lifecycle/predicate.go, pkg/scheduler/scheduler.go AdmissionCheck (v1.36).
"""

import msgspec

from kubeactors.api.core.v1 import Node, Pod
from kubeactors.api.core.v1.demand import amount
from kubeactors.api.core.v1.placement import NO_EXECUTE, matches_required_node_affinity, untolerated
from kubeactors.kubelet.ledger import Ledger, ports_of, wanted_by

OTHER_SYSTEM = "PodOSNotSupported"
NODE_AFFINITY = "NodeAffinity"
TAINT_TOLERATION = "TaintToleration"


class Rejection(msgspec.Struct, frozen=True, gc=False):
    """Why the node rejects the pod."""

    reason: str
    message: str


def rejection(pod: Pod, node: Node, ledger: Ledger) -> Rejection | None:
    """Why the node rejects the pod, given the pods in the ledger; None if it admits it.

    Resources that the node does not have at all are ignored.
    """
    spec = pod.spec
    if spec.os is not None and spec.os.name != "linux":
        return Rejection(OTHER_SYSTEM, "Failed to admit pod as the OS field doesn't match node OS")
    short = _insufficient(pod, node, ledger)
    if short is not None:
        return short
    if not matches_required_node_affinity(spec, node.metadata.labels, node.metadata.name):
        return _predicate(NODE_AFFINITY, "node(s) didn't match Pod's node affinity/selector")
    if any(ledger.has_port(port) for port in ports_of(spec)):
        return _predicate("NodePorts", "node(s) didn't have free ports for the requested pod ports")
    if untolerated(node.spec.taints, spec.tolerations, (NO_EXECUTE,)) is not None:
        return _predicate(TAINT_TOLERATION, "node(s) had untolerated taint(s)")
    return None


def _insufficient(pod: Pod, node: Node, ledger: Ledger) -> Rejection | None:
    allocatable = node.status.allocatable
    for name, size in wanted_by(pod.spec).items():
        if not size or name not in allocatable:
            continue
        used, capacity = ledger.used.get(name, 0), amount(name, allocatable[name])
        if used + size > capacity:
            detail = f"requested: {size}, used: {used}, capacity: {capacity}"
            return Rejection(f"OutOf{name}", f"Node didn't have enough resource: {name}, {detail}")
    return None


def _predicate(name: str, description: str) -> Rejection:
    return Rejection(name, f"Predicate {name} failed: {description}")
