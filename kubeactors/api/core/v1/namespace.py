"""Namespace: a scope for names. It is Terminating until its finalizers are removed.

Source: api/core/v1/types.go, pkg/apis/core/v1/defaults.go, pkg/apis/core/validation/validation.go (v1.36).
"""

from collections.abc import Iterator
from typing import Annotated

from msgspec.structs import replace

from kubeactors.api.validation import validate_text
from kubeactors.apimachinery import names
from kubeactors.apimachinery.field import FieldError, invalid
from kubeactors.apimachinery.meta import Object, Time, TypedObject, always, merge_by

KUBERNETES_FINALIZER = "kubernetes"
"""The finalizer of a namespace until the namespace controller has emptied it."""

STANDARD_FINALIZERS = (KUBERNETES_FINALIZER, "orphan", "foregroundDeletion")
"""The finalizers without a domain."""

NAME_LABEL = "kubernetes.io/metadata.name"
"""A namespace's own name, as a label."""

ACTIVE, TERMINATING = "Active", "Terminating"


class NamespaceSpec(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The finalizers that block deletion; changed through the `finalize` subresource only."""

    finalizers: tuple[str, ...] = ()


class NamespaceCondition(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Why a terminating namespace still exists, or that its deletion failed."""

    type: str = always("")
    status: str = always("")
    last_transition_time: Time | None = always(None)
    reason: str = ""
    message: str = ""


class NamespaceStatus(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """`phase` is Active or Terminating."""

    phase: str = ""
    conditions: Annotated[tuple[NamespaceCondition, ...], merge_by("type")] = ()


class Namespace(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A scope for names, quota and access rules."""

    api_version: str = "v1"
    kind: str = "Namespace"
    spec: NamespaceSpec = always(NamespaceSpec())
    status: NamespaceStatus = always(NamespaceStatus())


def default_namespace(namespace: Namespace) -> Namespace:
    """Phase Active, and a label with the namespace's own name, for selectors.

    >>> from kubeactors.apimachinery.meta import ObjectMeta
    >>> default_namespace(Namespace(metadata=ObjectMeta(name="shop"))).metadata.labels
    {'kubernetes.io/metadata.name': 'shop'}
    """
    if not namespace.status.phase:
        namespace = replace(namespace, status=replace(namespace.status, phase=ACTIVE))
    meta = namespace.metadata
    if not meta.name or meta.labels.get(NAME_LABEL) == meta.name:
        return namespace
    return replace(namespace, metadata=replace(meta, labels={**meta.labels, NAME_LABEL: meta.name}))


def validate_namespace(namespace: Namespace) -> Iterator[FieldError]:
    """The finalizers are valid."""
    for finalizer in namespace.spec.finalizers:
        yield from _validate_finalizer(finalizer, "spec.finalizers")


def validate_namespace_status(new: Namespace, _old: Namespace) -> Iterator[FieldError]:
    """The phase matches the deletion timestamp."""
    deleted = new.metadata.deletion_timestamp is not None
    expected = TERMINATING if deleted else ACTIVE
    if new.status.phase != expected:
        condition = "is not empty" if deleted else "is empty"
        yield invalid("status.Phase", new.status.phase, f"may only be '{expected}' if `deletionTimestamp` {condition}")


def validate_namespace_finalize(new: Namespace, _old: Namespace) -> Iterator[FieldError]:
    """An update through the `finalize` subresource."""
    for i, finalizer in enumerate(new.spec.finalizers):
        yield from _validate_finalizer(finalizer, f"spec.finalizers[{i}]")


def namespace_fields(namespace: Namespace) -> dict[str, str]:
    """The fields that field selectors support; `name` is an old alias of `metadata.name`."""
    return {"name": namespace.metadata.name, "status.phase": namespace.status.phase}


def _validate_finalizer(value: str, path: str) -> Iterator[FieldError]:
    yield from validate_text(value, path, names.qualified_name)
    if "/" not in value and value not in STANDARD_FINALIZERS:
        yield invalid(path, value, "name is neither a standard finalizer name nor is it fully qualified")
