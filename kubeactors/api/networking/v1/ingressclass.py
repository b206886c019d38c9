"""IngressClass: the controller of a class of ingresses.

Source: api/networking/v1/types.go, pkg/apis/networking/validation/validation.go, pkg/apis/networking/v1/defaults.go (v1.36).
"""

from collections.abc import Iterator

from msgspec.structs import replace

from kubeactors.api.networking.v1.ingress import validate_local_reference
from kubeactors.api.validation import validate_domain_prefixed_path, validate_text
from kubeactors.apimachinery import names
from kubeactors.apimachinery.field import FieldError, forbidden, not_supported, required, too_long
from kubeactors.apimachinery.meta import (
    Object,
    TypedObject,
    always,
)
from kubeactors.apimachinery.objectmeta import validate_immutable

CLUSTER, NAMESPACE = "Cluster", "Namespace"
"""The scopes of a class's parameters."""
IS_DEFAULT = "ingressclass.kubernetes.io/is-default-class"
"""The annotation of the default class."""

_MAX_CONTROLLER = 250


class IngressClassParametersReference(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """An object with parameters for the controller; `scope` is Cluster or Namespace."""

    api_group: str | None = None
    kind: str = always("")
    name: str = always("")
    scope: str | None = always(None)
    namespace: str | None = None


class IngressClassSpec(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The controller, and its parameters."""

    controller: str = ""
    parameters: IngressClassParametersReference | None = None


class IngressClass(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The controller of a class of ingresses."""

    api_version: str = "networking.k8s.io/v1"
    kind: str = "IngressClass"
    spec: IngressClassSpec = always(IngressClassSpec())


def default_ingress_class(one: IngressClass) -> IngressClass:
    """Parameters are cluster-scoped.

    >>> parameters = IngressClassParametersReference(kind="K", name="n")
    >>> made = default_ingress_class(IngressClass(spec=IngressClassSpec(parameters=parameters)))
    >>> made.spec.parameters
    IngressClassParametersReference(api_group=None, kind='K', name='n', scope='Cluster', namespace=None)
    """
    found = one.spec.parameters
    if found is None or found.scope is not None:
        return one
    return replace(one, spec=replace(one.spec, parameters=replace(found, scope=CLUSTER)))


def validate_ingress_class(one: IngressClass) -> Iterator[FieldError]:
    """The controller and the parameters are valid."""
    controller = one.spec.controller
    if not controller:
        yield required("spec.controller")
    else:
        if len(controller) > _MAX_CONTROLLER:
            yield too_long("spec.controller", _MAX_CONTROLLER)
        yield from validate_domain_prefixed_path(controller, "spec.controller")
    if one.spec.parameters is not None:
        yield from _validate_parameters(one.spec.parameters, "spec.parameters")


def validate_ingress_class_update(new: IngressClass, old: IngressClass) -> Iterator[FieldError]:
    """The controller is immutable."""
    yield from validate_immutable(new.spec.controller, old.spec.controller, "spec.controller")
    yield from validate_ingress_class(new)


def _validate_parameters(found: IngressClassParametersReference, path: str) -> Iterator[FieldError]:
    yield from validate_local_reference(found.api_group, found.kind, found.name, path)
    if found.scope is None:
        yield required(f"{path}.scope")
    elif found.scope not in (CLUSTER, NAMESPACE):
        yield not_supported(f"{path}.scope", found.scope, (CLUSTER, NAMESPACE))
    elif found.scope == CLUSTER and found.namespace is not None:
        yield forbidden(f"{path}.namespace", "`parameters.scope` is set to 'Cluster'")
    elif found.scope == NAMESPACE and found.namespace is None:
        yield required(f"{path}.namespace", "`parameters.scope` is set to 'Namespace'")
    elif found.namespace is not None:
        yield from validate_text(found.namespace, f"{path}.namespace", names.dns1123_label)
