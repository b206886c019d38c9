"""Which objects a controller's owner has, may take, or must let go.

An object belongs to its controller owner and to nobody else. One without a controller is adopted when it matches the
owner's selector; one that stops matching is released.

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
"""Index: objects by the uid of their controller."""
ORPHANS = "orphans"
"""Index: objects without a controller by namespace and label, see `label_values`."""
SELECTOR = "selector"
"""Index: owners by namespace and the first label that their selector requires, or by namespace alone."""


class Claim(msgspec.Struct, Generic[T], frozen=True):
    """What the owner has, may adopt, and must release."""

    owned: tuple[T, ...]
    adopt: tuple[T, ...]
    release: tuple[T, ...]


def claim(owner: HasMeta, selector: Selector, candidates: Iterable[T]) -> Claim[T]:
    """Sort candidates. An owner that is going takes nothing and lets nothing go: that is the garbage collector's."""
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


def may_be_taken(change: Change[T]) -> bool:
    """Whether something has no controller, and just came, lost it or got other labels: who selects it may want it."""
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
    """The one value of `label_values` under which everything is found that the selector could match.

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
    client: Client, owner: TypedObject, orphans: Iterable[T], finalizers: Sequence[str] = ()
) -> tuple[T, ...]:
    """Make the owner the controller of orphans, after it was read live; those that it got, with these finalizers.

    Raises:
        NotFound: the owner is gone, or going, or is another one of that name.
        StatusError: a request was refused.
    """
    orphans = tuple(orphans)
    if not orphans:
        return ()
    await _check_alive(client, owner)
    reference = controller_reference(owner)
    adopted: list[T] = []
    for one in orphans:
        metadata: dict[str, object] = {"ownerReferences": [reference], "uid": one.metadata.uid}
        if finalizers:
            metadata["finalizers"] = finalizers
        patch = {"metadata": metadata}
        try:
            adopted.append(await _patch(client, one, patch))
        except (NotFound, Invalid, Conflict):
            continue  # gone, taken by somebody else, or another one by now: its event wakes us
    return tuple(adopted)


async def release(client: Client, owner: HasMeta, objects: Iterable[T]) -> None:
    """Give objects up.

    Raises:
        StatusError: a request was refused.
    """
    for one in objects:
        gone = {"$patch": "delete", "uid": owner.metadata.uid}
        patch = {"metadata": {"ownerReferences": [gone], "uid": one.metadata.uid}}
        try:
            await _patch(client, one, patch)
        except (NotFound, Invalid, Conflict):
            continue


async def _check_alive(client: Client, owner: TypedObject) -> None:
    metadata = owner.metadata
    kind = client.scheme.by_kind(owner.api_version, owner.kind)
    assert kind is not None, "owners are of kinds that are served"
    live = await client.get(kind.type, metadata.name, metadata.namespace)
    if live.metadata.uid != metadata.uid or live.metadata.deletion_timestamp is not None:
        raise not_found(kind.resource, kind.group, metadata.name)


async def _patch(client: Client, value: T, patch: Mapping[str, object]) -> T:
    metadata = value.metadata
    return await client.patch(type(value), metadata.name, patch, metadata.namespace, patch_type=STRATEGIC_MERGE_PATCH)
