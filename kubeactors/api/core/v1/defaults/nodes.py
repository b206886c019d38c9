"""Defaults of nodes."""

from kubeactors.api.core.v1.defaults.common import filled
from kubeactors.api.core.v1.defaults.containers import rounded
from kubeactors.api.core.v1.node import Node, NodeSpec


def default_node(node: Node) -> Node:
    """Allocatable is the capacity, unless it is set."""
    status = node.status
    capacity = rounded(status.capacity)
    allocatable = rounded(status.allocatable) or capacity
    return filled(
        node, spec=_default_spec(node.spec), status=filled(status, capacity=capacity, allocatable=allocatable)
    )


def _default_spec(spec: NodeSpec) -> NodeSpec:
    """`podCIDR` and the first of `podCIDRs` agree; the former wins.

    Source: Convert_v1_NodeSpec_To_core_NodeSpec in pkg/apis/core/v1/conversion.go (v1.36).
    """
    ranges = spec.pod_cidrs
    if spec.pod_cidr and (not ranges or ranges[0] != spec.pod_cidr):
        return filled(spec, pod_cidrs=(spec.pod_cidr,))
    if ranges and not spec.pod_cidr:
        return filled(spec, pod_cidr=ranges[0])
    return spec
