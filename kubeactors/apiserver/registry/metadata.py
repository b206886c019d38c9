"""The metadata that the server sets: system fields, and the namespace of a request.

Source: apiserver/pkg/registry/rest/meta.go, create.go, update.go (v1.36).
"""

from random import Random
from typing import Protocol, TypeVar

from msgspec.structs import replace

from kubeactors.apimachinery import names
from kubeactors.apimachinery.meta import ObjectMeta, OwnerReference, TypedObject
from kubeactors.apimachinery.status import BadRequest
from kubeactors.apiserver.objects import with_metadata

T = TypeVar("T", bound=TypedObject)


class Environment(Protocol):
    """The source of time, ids and randomness: an actor's context."""

    @property
    def wall(self) -> int:
        """Unix time in nanoseconds."""
        ...

    @property
    def random(self) -> Random:
        """A stream of random numbers."""
        ...

    def timestamp(self) -> str:
        """The time in RFC 3339 with whole seconds."""
        ...

    def uid(self) -> str:
        """A fresh UUID."""
        ...


def in_namespace(value: T, namespace: str) -> T:
    """The object in the namespace of the request; empty for a cluster-scoped resource.

    Raises:
        BadRequest: the object has another namespace.
    """
    metadata = value.metadata
    if metadata.namespace == namespace:
        return value
    if metadata.namespace and namespace:
        raise BadRequest.saying("the namespace of the provided object does not match the namespace sent on the request")
    return with_metadata(value, replace(metadata, namespace=namespace))


def check_name(value: TypedObject, name: str) -> None:
    """Check that the object has the name in the request.

    Raises:
        BadRequest: it has another name, or none.
    """
    if not value.metadata.name:
        raise BadRequest.saying(
            f"the name of the object ({name} based on URL) was undeterminable: name must be provided"
        )
    if value.metadata.name != name:
        raise BadRequest.saying(
            f"the name of the object ({value.metadata.name}) does not match the name on the URL ({name})"
        )


def born(metadata: ObjectMeta, environment: Environment) -> ObjectMeta:
    """The metadata of a new object: uid, creation timestamp, and a generated name if requested."""
    name = metadata.name
    if not name and metadata.generate_name:
        name = names.generate(metadata.generate_name, environment.random)
    return replace(
        metadata,
        name=name,
        uid=environment.uid(),
        creation_timestamp=environment.timestamp(),
        deletion_timestamp=None,
        deletion_grace_period_seconds=None,
        self_link="",
    )


def carried_over(new: ObjectMeta, old: ObjectMeta) -> ObjectMeta:
    """The metadata of an update, with immutable fields as they were."""
    grace = new.deletion_grace_period_seconds
    return replace(
        new,
        uid=new.uid or old.uid,
        generation=old.generation,
        creation_timestamp=old.creation_timestamp,
        deletion_timestamp=old.deletion_timestamp or new.deletion_timestamp,
        deletion_grace_period_seconds=old.deletion_grace_period_seconds if grace is None else grace,
        self_link=old.self_link,
    )


def without_repeated_owners(value: T, when: str = "") -> tuple[T, tuple[str, ...]]:
    """The object without duplicate owner references, and a warning about them; `when` goes into the warning."""
    owners = value.metadata.owner_references
    if len(owners) < 2:
        return value, ()
    kept: list[OwnerReference] = []
    repeated: list[str] = []
    for one in owners:
        if one in kept:
            repeated.append(one.uid)
        else:
            kept.append(one)
    if not repeated:
        return value, ()
    warning = (
        f".metadata.ownerReferences contains duplicate entries{when}; API server dedups owner references in 1.20+, "
        "and may reject such requests as early as 1.24; please fix your requests; "
        f"duplicate UID(s) observed: {', '.join(repeated)}"
    )
    return with_metadata(value, replace(value.metadata, owner_references=tuple(kept))), (warning,)
