"""Namespace: a room for names. It lingers in phase Terminating until its finalizers are gone.

Source: api/core/v1/types.go, pkg/apis/core/v1/defaults.go, pkg/apis/core/validation/validation.go (v1.36).
"""

from typing import Annotated

from kubeactors.apimachinery.meta import Object, Time, TypedObject, always, merge_by

KUBERNETES_FINALIZER = "kubernetes"
"""Held by a namespace until the namespace controller has emptied it."""

ACTIVE, TERMINATING = "Active", "Terminating"


class NamespaceSpec(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Who must agree before the namespace goes; changed through the `finalize` subresource only."""

    finalizers: tuple[str, ...] = ()


class NamespaceCondition(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Why a namespace is still there, or that its deletion failed."""

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
