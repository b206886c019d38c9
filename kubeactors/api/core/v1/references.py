"""References between objects.

Source: k8s.io/api/core/v1/types.go (v1.36).
"""

from typing import Annotated, ClassVar

from kubeactors.apimachinery.meta import EMPTY_KEY, Object, always


class ObjectReference(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Refers to an object, or with `field_path` to a part of it. Which fields are set depends on its use."""

    atomic: ClassVar[bool] = True
    kind: str = ""
    namespace: str = ""
    name: str = ""
    uid: str = ""
    api_version: str = ""
    resource_version: str = ""
    field_path: str = ""


class LocalObjectReference(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Names an object of a known kind in the same namespace."""

    atomic: ClassVar[bool] = True
    name: Annotated[str, EMPTY_KEY] = ""


class TypedLocalObjectReference(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Names an object of any kind in the same namespace."""

    atomic: ClassVar[bool] = True
    api_group: str | None = always(None)
    kind: str = always("")
    name: str = always("")


class TypedObjectReference(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Names an object of any kind, in another namespace if one is given."""

    api_group: str | None = always(None)
    kind: str = always("")
    name: str = always("")
    namespace: str | None = None


class SecretReference(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Names a Secret in any namespace."""

    atomic: ClassVar[bool] = True
    name: str = ""
    namespace: str = ""
