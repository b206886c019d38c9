"""The parameter objects of a binding.

Source: apiserver/pkg/admission/plugin/policy/generic/policy_dispatcher.go (v1.36), CollectParams.
"""

from kubeactors.api.admissionregistration.v1.matching import ParamKind, ParamRef
from kubeactors.apimachinery.labels import of_object
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.scheme import Kind, Scheme
from kubeactors.apiserver.admission.plugin import Attributes, Lookup

ALLOW = "Allow"


class NoParameters(Exception):
    """The binding has no usable parameters; the message says why."""


def parameters_of(
    wanted: ParamKind | None, ref: ParamRef | None, attributes: Attributes, scheme: Scheme, lookup: Lookup
) -> tuple[TypedObject | None, ...]:
    """The parameters for which a policy is evaluated, one after the other; None: once without parameters.

    Raises:
        NoParameters: required parameters are missing.
    """
    if wanted is None or ref is None:
        return (None,)
    kind = scheme.by_kind(wanted.api_version, wanted.kind)
    if kind is None:
        raise NoParameters(
            f"failed to find resource referenced by paramKind: '{wanted.api_version}, Kind={wanted.kind}'"
        )
    found = _referenced(kind, ref, _namespace(kind, ref, attributes), lookup)
    if not found and ref.parameter_not_found_action != ALLOW:
        raise NoParameters("no params found for policy binding with `Deny` parameterNotFoundAction")
    return found


def _namespace(kind: Kind[TypedObject], ref: ParamRef, attributes: Attributes) -> str:
    """The namespace of the parameters: the one named, else that of the request."""
    if not kind.namespaced:
        if ref.namespace:
            raise NoParameters("paramRef.namespace must not be provided for a cluster-scoped `paramKind`")
        return ""
    if ref.namespace:
        return ref.namespace
    if not attributes.namespace:
        raise NoParameters("cannot use namespaced paramRef in policy binding that matches cluster-scoped resources")
    return attributes.namespace


def _referenced(kind: Kind[TypedObject], ref: ParamRef, namespace: str, lookup: Lookup) -> tuple[TypedObject, ...]:
    if ref.name:
        found = lookup.get(kind.gvr, namespace, ref.name)
        return () if found is None else (found,)
    matches = of_object(ref.selector).matches
    return tuple(one for one in lookup.select(kind.gvr, namespace) if matches(one.metadata.labels))
