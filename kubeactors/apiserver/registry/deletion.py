"""The effect of a delete request: delete now, wait for finalizers or a grace period, or nothing.

Source: apiserver/pkg/registry/rest/delete.go, apiserver/pkg/registry/generic/registry/store.go (v1.36).
"""

from typing import TypeVar

import msgspec
from msgspec.structs import replace

from kubeactors.apimachinery.meta import DeleteOptions, ObjectMeta, TypedObject
from kubeactors.apimachinery.status import conflict
from kubeactors.apimachinery.time import format_time, parse_time
from kubeactors.apiserver.objects import with_metadata

T = TypeVar("T", bound=TypedObject)

ORPHAN, FOREGROUND = "orphan", "foregroundDeletion"
"""The finalizers of the garbage collector."""

SECOND = 1_000_000_000


class Deletion(msgspec.Struct, frozen=True, kw_only=True):
    """The steps of a deletion. `pending`: none, it is under way. `update`: write this first. `now`: then delete."""

    now: bool
    pending: bool = False
    update: TypedObject | None = None


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """The deletion rules of a kind.

    `grace` is in seconds, None for a kind without graceful deletion; `collected`: the garbage collector handles it;
    `orphans`: dependents are orphaned by default.
    """

    grace: int | None = None
    collected: bool = True
    orphans: bool = False


def plan_deletion(value: TypedObject, options: DeleteOptions, wall: int, rules: Rules) -> Deletion:
    """The effect of a delete request with valid options, at a time in nanoseconds since 1970.

    Raises:
        Conflict: a precondition does not hold.
    """
    check_preconditions(value, options)
    metadata = value.metadata
    graceful = _graceful(metadata, options, wall, rules.grace)
    if graceful is None:
        return Deletion(now=False, pending=True)
    changed, lingers = graceful
    if rules.collected:
        changed = with_finalizers(changed, options, orphans=rules.orphans)
    if changed.finalizers and not lingers:
        changed = _marked(changed, wall)
    if not lingers and not changed.finalizers:
        return Deletion(now=True)
    ends_now = not changed.finalizers and changed.deletion_grace_period_seconds == 0
    return Deletion(now=ends_now, update=with_metadata(value, changed))


def check_preconditions(value: TypedObject, options: DeleteOptions) -> None:
    """Check the preconditions of a delete request.

    Raises:
        Conflict: the object has another uid or resource version.
    """
    wanted = options.preconditions
    if wanted is None:
        return
    metadata = value.metadata
    group = value.api_version.rpartition("/")[0]
    if wanted.uid is not None and wanted.uid != metadata.uid:
        raise conflict(
            value.kind,
            group,
            metadata.name,
            f"the UID in the precondition ({wanted.uid}) does not match the UID in record ({metadata.uid}). "
            "The object might have been deleted and then recreated",
        )
    version = wanted.resource_version
    if version is not None and version != metadata.resource_version:
        raise conflict(
            value.kind,
            group,
            metadata.name,
            f"the ResourceVersion in the precondition ({version}) does not match the ResourceVersion in record "
            f"({metadata.resource_version}). The object might have been modified",
        )


def finished_by(new: TypedObject, old: TypedObject) -> bool:
    """Whether an update leaves no finalizers on an object marked for deletion without a grace period.

    >>> gone = ObjectMeta(deletion_timestamp="2026-01-01T00:00:00Z", finalizers=("a",))
    >>> finished_by(TypedObject(), TypedObject(metadata=gone))
    True
    """
    metadata = old.metadata
    return (
        metadata.deletion_timestamp is not None
        and not new.metadata.finalizers
        and not metadata.deletion_grace_period_seconds
    )


def _graceful(
    metadata: ObjectMeta, options: DeleteOptions, wall: int, grace: int | None
) -> tuple[ObjectMeta, bool] | None:
    """The metadata of a graceful deletion, and whether it is one; None if one under way continues unchanged."""
    if grace is None:
        return metadata, False
    if metadata.deletion_timestamp is not None:
        return _shortened(metadata, options, wall)
    generation = metadata.generation + 1 if metadata.generation else 0
    return replace(
        metadata,
        deletion_timestamp=format_time(wall + grace * SECOND),
        deletion_grace_period_seconds=grace,
        generation=generation,
    ), True


def _shortened(metadata: ObjectMeta, options: DeleteOptions, wall: int) -> tuple[ObjectMeta, bool] | None:
    """The metadata of a deletion under way, whose grace period can only become shorter."""
    left = metadata.deletion_grace_period_seconds
    if not left:
        return metadata, False
    wanted = options.grace_period_seconds
    if wanted is None:
        return None
    period = 1 if wanted < 0 else wanted
    if period >= left:
        return None
    assert metadata.deletion_timestamp is not None, "it is marked for deletion"
    ends = parse_time(metadata.deletion_timestamp) + (period - left) * SECOND
    if ends < wall:
        ends, period = wall, min(period, 1)
    return replace(metadata, deletion_timestamp=format_time(ends), deletion_grace_period_seconds=period), True


def _marked(metadata: ObjectMeta, wall: int) -> ObjectMeta:
    """The metadata of an object that waits for its finalizers, without a grace period."""
    now = format_time(wall)
    stamp = metadata.deletion_timestamp
    generation = metadata.generation
    if stamp is None and generation:
        generation += 1
    return replace(
        metadata,
        generation=generation,
        deletion_timestamp=now if stamp is None or parse_time(stamp) > wall else stamp,
        deletion_grace_period_seconds=0,
    )


def with_finalizers(metadata: ObjectMeta, options: DeleteOptions, *, orphans: bool) -> ObjectMeta:
    """The finalizers after a delete request: they tell the garbage collector what to do with dependents."""
    orphan, foreground = _policy(metadata.finalizers, options, orphans=orphans)
    kept = [one for one in metadata.finalizers if one not in (ORPHAN, FOREGROUND)]
    wanted = (*kept, *((ORPHAN,) if orphan else ()), *((FOREGROUND,) if foreground else ()))
    if sorted(wanted) == sorted(metadata.finalizers):
        return metadata
    return replace(metadata, finalizers=wanted)


def _policy(finalizers: tuple[str, ...], options: DeleteOptions, *, orphans: bool) -> tuple[bool, bool]:
    """Whether to orphan dependents, and whether to delete them first."""
    if options.orphan_dependents is not None:
        return options.orphan_dependents, False
    if options.propagation_policy is not None:
        return options.propagation_policy == "Orphan", options.propagation_policy == "Foreground"
    for one in finalizers:
        if one in (ORPHAN, FOREGROUND):
            return one == ORPHAN, one == FOREGROUND
    return orphans, False
