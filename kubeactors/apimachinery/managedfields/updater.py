"""The effect of a write on ownership: an update takes over what it changes, an apply detects conflicts.

Source: structured-merge-diff/merge/update.go, apimachinery/pkg/util/managedfields/internal (v1.36).
"""

from typing import cast

import msgspec

from kubeactors.apimachinery.managedfields.compare import Comparison, Map, compare
from kubeactors.apimachinery.managedfields.elements import shown
from kubeactors.apimachinery.managedfields.entries import Managed, Owned, Owner, capped
from kubeactors.apimachinery.managedfields.fieldset import (
    FieldSet,
    Path,
    difference,
    intersection,
    named,
    of_paths,
    paths,
    union,
    with_named,
    without,
)
from kubeactors.apimachinery.managedfields.merge import merge
from kubeactors.apimachinery.managedfields.remove import remove
from kubeactors.apimachinery.managedfields.schema import Node
from kubeactors.apimachinery.managedfields.walks import fields_of

_META = ("name", "namespace", "creationTimestamp", "selfLink", "uid", "clusterName", "generation", "managedFields")
_NOBODYS = of_paths(
    *(named(one) for one in ("apiVersion", "kind", "metadata")),
    *(named("metadata", one) for one in (*_META, "resourceVersion")),
)
"""Fields without owners."""


class Conflict(msgspec.Struct, frozen=True, order=True):
    """A field that belongs to another owner."""

    owner: Owner
    path: Path

    @property
    def field(self) -> str:
        """The path in messages."""
        return "".join(map(shown, self.path))


class ConflictsError(Exception):
    """The configuration changes fields of other owners."""

    def __init__(self, conflicts: tuple[Conflict, ...]) -> None:
        super().__init__(f"{len(conflicts)} conflicts")
        self.conflicts = conflicts


class Write(msgspec.Struct, frozen=True, kw_only=True):
    """A write: its owner, the kind's schema and version, the time, and the fields that it cannot change.

    Without a time, entries keep theirs; new ones have none.
    """

    node: Node
    owner: Owner
    api_version: str
    time: str | None
    ignored: FieldSet = msgspec.field(default_factory=dict[str, FieldSet])


def update(live: Map, new: Map, managed: Managed, write: Write) -> Managed:
    """The owners after an update: the writer takes over the fields that it changes."""
    found = compare(live, new, write.node).excluding(write.ignored)
    managed = _yielded(managed, found, None)
    before = managed.get(write.owner)
    changed = difference(union(found.modified, found.added), _NOBODYS)
    if not changed:
        return managed
    fields = union(before.fields if before else {}, changed)
    time = write.time or (before.time if before else None)
    managed[write.owner] = Owned(fields, write.api_version, time)
    return capped(managed)


def apply(live: Map, config: Map, managed: Managed, write: Write, *, force: bool) -> tuple[Map | None, Managed]:
    """The value with the configuration applied, and the owners then. None: the value is unchanged.

    Fields that the owner applied before and omits now are removed, unless others own them, too.

    Raises:
        ConflictsError: other owners have fields that the configuration changes, and `force` is not set.
    """
    node, owner = write.node, write.owner
    last = managed.get(owner)
    fields = without(fields_of(config, node), write.ignored)
    managed = {**managed, owner: Owned(fields, write.api_version, last.time if last else None)}
    merged = cast("Map", merge(live, config, node))
    if last is not None and last.fields:
        merged = _pruned(merged, managed, last.fields, node)
    found = compare(live, merged, node).excluding(write.ignored)
    conflicts = _conflicts(managed, found, owner)
    if conflicts and not force:
        raise ConflictsError(conflicts)
    managed = _yielded(managed, found, owner)
    changes = merged != live
    mine = difference(managed[owner].fields, _NOBODYS) if owner in managed else {}
    managed.pop(owner, None)
    if mine:
        managed[owner] = Owned(mine, write.api_version, write.time if changes else last.time if last else None)
    return (merged if changes else None), managed


def _conflicts(managed: Managed, found: Comparison, owner: Owner) -> tuple[Conflict, ...]:
    changed = union(found.modified, found.added)
    return tuple(
        Conflict(other, path)
        for other, owned in sorted(managed.items(), key=lambda one: one[0])
        if other != owner
        for path in paths(intersection(owned.fields, changed))
    )


def _yielded(managed: Managed, found: Comparison, owner: Owner | None) -> Managed:
    """The owners after the others have lost the fields that were changed or removed."""
    lost = union(union(found.modified, found.added), found.removed)
    made: Managed = {}
    for other, owned in managed.items():
        left = owned.fields if other == owner else difference(owned.fields, lost)
        if left:
            made[other] = msgspec.structs.replace(owned, fields=left) if left is not owned.fields else owned
    return made


def _pruned(merged: Map, managed: Managed, last: FieldSet, node: Node) -> Map:
    """The value without fields that were applied before and have no owner any more."""
    named_last = with_named(last, node)
    pruned = _without(merged, named_last, node)
    everything = with_named(fields_of(merged, node), node)
    owned: FieldSet = {}
    for one in managed.values():
        owned = union(owned, one.fields)
    kept = union(with_named(fields_of(pruned, node), node), with_named(owned, node))
    pruned = _without(merged, difference(everything, kept), node)
    left = with_named(fields_of(pruned, node), node)
    return _without(merged, intersection(difference(everything, left), named_last), node)


def _without(value: Map, gone: FieldSet, node: Node) -> Map:
    return cast("Map", remove(value, gone, node) or {})
