"""Nodes of foreign machines."""

from kubeactors.api.core.v1 import Node, NodeSpec, Taint
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.sim.bounds.capacity import VISITOR

NOT_READY, UNREACHABLE = "node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"
MAINTENANCE = "sim.kubeactors/maintenance"
"""The key of the taint by which users evict pods from a node."""


def visitor(name: str) -> Node:
    """A foreign node, in a zone of its own, so that its failures do not affect the eviction rate of other zones."""
    labels = {VISITOR: "", "topology.kubernetes.io/zone": VISITOR.rpartition("/")[2]}
    metadata = ObjectMeta(name=name, labels=labels, finalizers=(VISITOR,))
    return Node(metadata=metadata, spec=NodeSpec(taints=(Taint(key=VISITOR, effect="NoSchedule"),)))
