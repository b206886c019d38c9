"""Defaults of nodes."""

from kubeactors.api.core.v1.defaults.common import filled
from kubeactors.api.core.v1.defaults.containers import rounded
from kubeactors.api.core.v1.node import Node


def default_node(node: Node) -> Node:
    """What is allocatable is the whole capacity, unless the kubelet says less."""
    status = node.status
    capacity = rounded(status.capacity)
    allocatable = rounded(status.allocatable) or capacity
    return filled(node, status=filled(status, capacity=capacity, allocatable=allocatable))
