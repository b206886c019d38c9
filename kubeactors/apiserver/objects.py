"""Changed copies of objects: helpers used throughout the API server."""

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
    """The object with a revision as its resource version.

    >>> stamped(TypedObject(), 7).metadata.resource_version
    '7'
    """
    return replace(value, metadata=replace(value.metadata, resource_version=str(revision)))


def revision_of(value: TypedObject) -> int:
    """The revision at which an object was written; 0 if it was never stored."""
    return int(value.metadata.resource_version or 0)
