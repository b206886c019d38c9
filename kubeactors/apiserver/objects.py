"""Changed copies of objects: small helpers that every part of the API server uses."""

from typing import TypeVar

from msgspec.structs import replace

from kubeactors.apimachinery.meta import ObjectMeta, TypedObject
from kubeactors.apimachinery.requests import GroupVersionResource

T = TypeVar("T", bound=TypedObject)

NAMESPACES = GroupVersionResource("", "v1", "namespaces")
PODS = GroupVersionResource("", "v1", "pods")


def with_metadata(value: T, metadata: ObjectMeta) -> T:
    """The object with other metadata."""
    return replace(value, metadata=metadata)


def stamped(value: T, revision: int) -> T:
    """The object as it is at a revision.

    >>> stamped(TypedObject(), 7).metadata.resource_version
    '7'
    """
    return replace(value, metadata=replace(value.metadata, resource_version=str(revision)))


def revision_of(value: TypedObject) -> int:
    """The revision that a stored object was written at; 0 for one that was never stored."""
    return int(value.metadata.resource_version or 0)
