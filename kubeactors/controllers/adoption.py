"""Claims the objects of an owner: adopts orphans that match its selector, and releases objects that no longer match.

An object has at most one controller owner; an object without one is an orphan.

Source: pkg/controller/controller_ref_manager.go (v1.36).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Generic, TypeVar

import msgspec

from kubeactors.apimachinery.labels import Selector
from kubeactors.apimachinery.meta import HasMeta, TypedObject
from kubeactors.apimachinery.requests import STRATEGIC_MERGE_PATCH
from kubeactors.apimachinery.status import Conflict, Invalid, NotFound, not_found
from kubeactors.client import Change, Client, controller_of, controller_reference, reading
from kubeactors.controllers.pods import label_values

T = TypeVar("T", bound=TypedObject)

CONTROLLER = "controller"
"""Index: objects by the UID of their controller."""
ORPHANS = "orphans"
"""Index: orphans by namespace and label; see `label_values`."""
SELECTOR = "selector"
"""Index: owners by namespace and the first label that their selector requires, if any; see `selector_value`."""


class Claim(msgspec.Struct, Generic[T], frozen=True):
    """The objects that the owner controls, those to adopt, and those to release."""

    owned: tuple[T, ...]
    adopt: tuple[T, ...]
    release: tuple[T, ...]


def claim(owner: HasMeta, selector: Selector, candidates: Iterable[T]) -> Claim[T]:
    """Sort the candidates. A terminating owner neither adopts nor releases: that is up to the garbage collector."""
    owned: list[T] = []
    adopt: list[T] = []
    release: list[T] = []
    going = owner.metadata.deletion_timestamp is not None
    for one in candidates:
        reference = controller_of(one.metadata)
        matches = selector.matches(one.metadata.labels)
        if reference is not None:
            if reference.uid != owner.metadata.uid:
                continue
            if matches:
                owned.append(one)
            elif not going:
                release.append(one)
        elif matches and not going and one.metadata.deletion_timestamp is None:
            adopt.append(one)
    return Claim(tuple(owned), tuple(adopt), tuple(release))


def is_adoptable(change: Change[T]) -> bool:
    """Whether an orphan is new, was just released, or has new labels: an owner whose selector matches may adopt it."""
    old, new = change.old, change.new
    if new is None or controller_of(new.metadata) is not None:
        return False
    return old is None or old.metadata.labels != new.metadata.labels or controller_of(old.metadata) is not None


@reading("metadata.owner_references")
def by_controller(value: HasMeta) -> tuple[str, ...]:
    """See `CONTROLLER`."""
    reference = controller_of(value.metadata)
    return (reference.uid,) if reference is not None else ()


@reading("metadata.owner_references", "metadata.labels")
def by_orphanhood(value: HasMeta) -> tuple[str, ...]:
    """See `ORPHANS`."""
    metadata = value.metadata
    return () if controller_of(metadata) is not None else label_values(metadata.namespace, metadata.labels.items())


def selector_value(namespace: str, selector: Selector) -> str:
    """The `label_values` entry under which the index lists all objects that the selector could match.

    >>> from kubeactors.apimachinery.labels import parse
    >>> selector_value("default", parse("app=web,tier")), selector_value("default", parse("tier"))
    ('default/app=web', 'default/')
    """
    for one in selector.requirements:
        value = selector.exact(one.key)
        if value is not None:
            return f"{namespace}/{one.key}={value}"
    return f"{namespace}/"


async def adopt(
    client: Client, owner: TypedObject, selector: Selector, orphans: Iterable[T], finalizers: Sequence[str] = ()
) -> tuple[T, ...]:
    """Make the owner the controller of these orphans, and add the finalizers. The owner is read live first.

    Returns the orphans that were adopted, as the server has them now, except those that turn out to be relabelled so that
    the selector no longer matches: the cache was stale, and the next sync releases them.

    Raises:
        NotFound: the owner is gone or being deleted, or another object has its name.
        StatusError: a request was rejected.
    """
    orphans = tuple(orphans)
    if not orphans:
        return ()
    await check_alive(client, owner)
    reference = controller_reference(owner)
    adopted: list[T] = []
    for one in orphans:
        metadata: dict[str, object] = {"ownerReferences": [reference], "uid": one.metadata.uid}
        if finalizers:
            metadata["finalizers"] = finalizers
        patch = {"metadata": metadata}
        try:
            patched = await _patch(client, one, patch)
        except (NotFound, Invalid, Conflict):
            continue  # it is gone, adopted by another owner, or replaced: an event will trigger the next sync
        if selector.matches(patched.metadata.labels):
            adopted.append(patched)
    return tuple(adopted)


async def release(client: Client, owner: HasMeta, objects: Iterable[T]) -> None:
    """Remove the owner's references from these objects.

    Raises:
        StatusError: a request was rejected.
    """
    for one in objects:
        gone = {"$patch": "delete", "uid": owner.metadata.uid}
        patch = {"metadata": {"ownerReferences": [gone], "uid": one.metadata.uid}}
        try:
            await _patch(client, one, patch)
        except (NotFound, Invalid, Conflict):
            continue


async def check_alive(client: Client, owner: TypedObject) -> None:
    """Look at the server whether an owner is there, and not going.

    Raises:
        NotFound: it is gone, or going, or another one has its name.
        StatusError: the request was refused.
    """
    metadata = owner.metadata
    kind = client.scheme.by_kind(owner.api_version, owner.kind)
    assert kind is not None, "owners are of kinds that are served"
    live = await client.get(kind.type, metadata.name, metadata.namespace)
    if live.metadata.uid != metadata.uid or live.metadata.deletion_timestamp is not None:
        raise not_found(kind.resource, kind.group, metadata.name)


async def _patch(client: Client, value: T, patch: Mapping[str, object]) -> T:
    metadata = value.metadata
    return await client.patch(type(value), metadata.name, patch, metadata.namespace, patch_type=STRATEGIC_MERGE_PATCH)
