"""`metadata.managedFields` as sets by owner, and back.

Source: apimachinery/pkg/util/managedfields/internal/{managedfields,capmanagers}.go (v1.36).
"""

from collections.abc import Iterable
from typing import TypeAlias

import msgspec

from kubeactors.apimachinery.managedfields.fieldset import FieldSet, from_fields, to_fields, union
from kubeactors.apimachinery.meta import ManagedFieldsEntry
from kubeactors.apimachinery.shared import Shared

APPLY, UPDATE = "Apply", "Update"
FIELDS_V1 = "FieldsV1"
MAX_UPDATERS = 10
ANCIENT = "ancient-changes"
"""Who owns what those wrote that are too many to be remembered."""


class Owner(msgspec.Struct, frozen=True, order=True):
    """Who owns fields: a manager, who applies or updates, the whole or a subresource.

    Whoever applies is the same in all versions of a kind; then `api_version` is empty.
    """

    manager: str
    operation: str
    api_version: str = ""
    subresource: str = ""


class Owned(msgspec.Struct, frozen=True):
    """What somebody owns, in terms of a version, since when."""

    fields: FieldSet
    api_version: str
    time: str | None = None


Managed: TypeAlias = dict[Owner, Owned]


_KEPT = 256
"""Sets are large, and those that are shared come one after the other."""
_read, _written = Shared(from_fields, _KEPT), Shared(to_fields, _KEPT)
"""Objects that were made alike share what is said of their fields; a set that stays as it is, stays the same object."""


def owner_of(entry: ManagedFieldsEntry) -> Owner:
    """Whose entry it is."""
    version = "" if entry.operation == APPLY else entry.api_version
    return Owner(entry.manager, entry.operation, version, entry.subresource)


def decode(entries: Iterable[ManagedFieldsEntry]) -> Managed:
    """Who owns what.

    Raises:
        ValueError: an entry is none.
    """
    made: Managed = {}
    for entry in entries:
        if entry.operation not in (APPLY, UPDATE) or entry.fields_type != FIELDS_V1 or not entry.api_version:
            raise ValueError(f"not an entry of managed fields: {entry.manager}")
        made[owner_of(entry)] = Owned(_read(entry.fields_v1 or {}), entry.api_version, entry.time)
    return made


def encode(managed: Managed) -> tuple[ManagedFieldsEntry, ...]:
    """The entries, in their order."""
    return in_order(
        ManagedFieldsEntry(
            manager=owner.manager,
            operation=owner.operation,
            api_version=owned.api_version,
            time=owned.time,
            fields_type=FIELDS_V1,
            fields_v1=_written(owned.fields),
            subresource=owner.subresource,
        )
        for owner, owned in managed.items()
        if owned.fields
    )


def in_order(entries: Iterable[ManagedFieldsEntry]) -> tuple[ManagedFieldsEntry, ...]:
    """Entries by operation, then by time."""
    return tuple(
        sorted(entries, key=lambda one: (one.operation, one.time or "", one.manager, one.api_version, one.subresource))
    )


def capped(managed: Managed) -> Managed:
    """The same, with the oldest updaters taken together if there are too many."""
    updaters = sorted(
        (owner for owner in managed if owner.operation == UPDATE), key=lambda one: (managed[one].time or "", one)
    )
    excess = len(updaters) - MAX_UPDATERS
    if excess <= 0:
        return managed
    made = dict(managed)
    for owner in updaters[: excess + 1]:
        owned = made.pop(owner)
        bucket = Owner(ANCIENT, UPDATE, owned.api_version)
        before = made[bucket].fields if bucket in made else {}
        made[bucket] = Owned(union(before, owned.fields), owned.api_version, owned.time)
    return made
