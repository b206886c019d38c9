"""TaintNodesByCondition: a new node is tainted until it is ready.

Source: plugin/pkg/admission/nodetaint/admission.go (v1.36).
"""

from typing import cast

from msgspec.structs import replace

from kubeactors.api.core.v1 import Node, Taint
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import GroupVersionResource
from kubeactors.apimachinery.scheme import Kind
from kubeactors.apiserver.admission.plugin import CREATE, Attributes, Plugin

NODES = GroupVersionResource("", "v1", "nodes")
NOT_READY = Taint(key="node.kubernetes.io/not-ready", effect="NoSchedule")


class TaintNodesByCondition(Plugin):
    """Taints new nodes."""

    def concerns(self, kind: Kind[TypedObject], subresource: str, operation: str) -> bool:
        """Creation of nodes."""
        return kind.gvr == NODES and not subresource and operation == CREATE

    def admit(self, value: TypedObject, attributes: Attributes) -> TypedObject:
        """The node with the not-ready taint."""
        del attributes
        node = cast("Node", value)
        if any(one.key == NOT_READY.key and one.effect == NOT_READY.effect for one in node.spec.taints):
            return node
        return replace(node, spec=replace(node.spec, taints=(*node.spec.taints, NOT_READY)))
