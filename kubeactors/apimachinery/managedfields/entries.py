"""`metadata.managedFields` to sets by owner, and back.

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
"""The manager of fields whose managers were merged because there were too many."""


class Owner(msgspec.Struct, frozen=True, order=True):
    """An owner of fields: a manager, its operation, and the subresource, if any.

    An owner by apply is the same in all versions of a kind; its `api_version` is empty.
    """

    manager: str
    operation: str
    api_version: str = ""
    subresource: str = ""


class Owned(msgspec.Struct, frozen=True):
    """The fields of an owner, in terms of a version, and since when."""

    fields: FieldSet
    api_version: str
    time: str | None = None


Managed: TypeAlias = dict[Owner, Owned]


_KEPT = 256
"""Sets are large; those that are shared come in sequence."""
_read, _written = Shared(from_fields, _KEPT), Shared(to_fields, _KEPT)
"""Similar objects share their field sets; an unchanged set stays the same object."""


def owner_of(entry: ManagedFieldsEntry) -> Owner:
    """The owner of an entry."""
    version = "" if entry.operation == APPLY else entry.api_version
    return Owner(entry.manager, entry.operation, version, entry.subresource)


def decode(entries: Iterable[ManagedFieldsEntry]) -> Managed:
    """The owners and their fields.

    Raises:
        ValueError: an entry is malformed.
    """
    made: Managed = {}
    for entry in entries:
        if entry.operation not in (APPLY, UPDATE) or entry.fields_type != FIELDS_V1 or not entry.api_version:
            raise ValueError(f"not an entry of managed fields: {entry.manager}")
        made[owner_of(entry)] = Owned(_read(entry.fields_v1 or {}), entry.api_version, entry.time)
    return made


def encode(managed: Managed) -> tuple[ManagedFieldsEntry, ...]:
    """The entries, in order."""
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
    """Entries sorted by operation, then by time."""
    return tuple(
        sorted(entries, key=lambda one: (one.operation, one.time or "", one.manager, one.api_version, one.subresource))
    )


def capped(managed: Managed) -> Managed:
    """The same, with the oldest update entries merged if there are too many."""
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
