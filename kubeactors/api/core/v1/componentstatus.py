"""ComponentStatus: the health of a control plane component. Computed on request; deprecated.

Source: api/core/v1/types.go, pkg/registry/core/componentstatus/rest.go (v1.36).
"""

from typing import Annotated

from kubeactors.apimachinery.meta import Object, ObjectMeta, TypedObject, always, merge_by

DEPRECATION = "v1 ComponentStatus is deprecated in v1.19+"

COMPONENTS = ("scheduler", "controller-manager", "etcd-0")
"""The components."""


class ComponentCondition(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The health of a component."""

    type: str = always("")
    status: str = always("")
    message: str = ""
    error: str = ""


class ComponentStatus(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A component of the control plane."""

    api_version: str = "v1"
    kind: str = "ComponentStatus"
    conditions: Annotated[tuple[ComponentCondition, ...], merge_by("type")] = ()


def healthy(name: str) -> ComponentStatus:
    """A healthy component."""
    condition = ComponentCondition(type="Healthy", status="True", message="ok")
    return ComponentStatus(metadata=ObjectMeta(name=name), conditions=(condition,))
