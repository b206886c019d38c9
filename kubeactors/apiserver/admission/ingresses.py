"""DefaultIngressClass: an Ingress without a class gets the default one.

Source: plugin/pkg/admission/network/defaultingressclass/admission.go (v1.36).
"""

from typing import cast

from msgspec.structs import replace

from kubeactors.api.classes import newest_name
from kubeactors.api.networking.v1.ingress import Ingress
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import GroupVersionResource
from kubeactors.apimachinery.scheme import Kind
from kubeactors.apiserver.admission.plugin import CREATE, Attributes, Lookup, Plugin

INGRESSES = GroupVersionResource("networking.k8s.io", "v1", "ingresses")
CLASSES = GroupVersionResource("networking.k8s.io", "v1", "ingressclasses")
OLD_ANNOTATION = "kubernetes.io/ingress.class"
IS_DEFAULT = "ingressclass.kubernetes.io/is-default-class"


class DefaultIngressClass(Plugin):
    """Sets the default class; of several the newest."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup

    def concerns(self, kind: Kind[TypedObject], subresource: str, operation: str) -> bool:
        """Creation of Ingresses."""
        return kind.gvr == INGRESSES and not subresource and operation == CREATE

    def admit(self, value: TypedObject, attributes: Attributes) -> TypedObject:
        """The Ingress with a class, if there is a default one."""
        del attributes
        ingress = cast("Ingress", value)
        if ingress.spec.ingress_class_name is not None or OLD_ANNOTATION in ingress.metadata.annotations:
            return ingress
        name = newest_name(filter(_is_default, self._lookup.select(CLASSES)))
        return ingress if name is None else replace(ingress, spec=replace(ingress.spec, ingress_class_name=name))


def _is_default(found: TypedObject) -> bool:
    return found.metadata.annotations.get(IS_DEFAULT) == "true"
