"""Expectations: what a controller has created and deleted that its cache does not show yet.

A controller that has just created three pods must not count the pods of its cache and create three more. It expects each
pod that it creates, by key, and each that it deletes, by uid, and does nothing until all have been observed.

If that takes more than five minutes, or if the outcome of a write is unknown, the standing is DOUBTED. Kubernetes trusts
the cache again then, and creates too many pods when a watch lags (kubernetes/kubernetes#129795). Here the controller must
do a live read instead, and report what it found with `confirm`; the rest stays expected.

Source: pkg/controller/controller_utils.go (v1.36), with the above difference.
"""

from collections.abc import Iterable
from enum import Enum

from kubeactors.client.workqueue import SECOND

TIMEOUT_SECONDS = 300.0
AWAIT_SECONDS = 5.0
"""How often a controller checks whether its cache shows what it has done, without an event for it."""


class Standing(Enum):
    """Whether the cache shows all that the controller has done."""

    MET = "met"
    """It does: act on the cache."""
    AWAITED = "awaited"
    """Not yet: do nothing; the awaited event wakes the controller."""
    DOUBTED = "doubted"
    """It does not in time, or the outcome of a write is unknown: do a live read before acting."""


UNKNOWN = 1 << 62
"""The revision of a write that is not acknowledged: greater than that of any cache."""


class _Record:
    __slots__ = ("creations", "deadline", "deletions", "doubted")

    def __init__(self) -> None:
        self.creations: dict[str, int] = {}
        """Object keys, and the revisions at which they were created."""
        self.deletions: dict[str, int] = {}
        self.deadline = 0
        self.doubted = False


class Expectations:
    """The expected creations (by object key) and deletions (by uid) of each controller key."""

    def __init__(self, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._timeout = int(timeout_seconds * SECOND)
        self._records: dict[str, _Record] = {}

    def expect_creation(self, key: str, object_key: str, now: int) -> None:
        """An object with this key is about to be created."""
        record = self._record(key, now)
        record.creations[object_key] = UNKNOWN

    def expect_deletion(self, key: str, uid: str, now: int) -> None:
        """The object with this uid is about to be deleted."""
        record = self._record(key, now)
        record.deletions[uid] = UNKNOWN

    def creation_observed(self, key: str, object_key: str) -> None:
        """The cache shows the object, or its creation failed."""
        record = self._records.get(key)
        if record is not None:
            record.creations.pop(object_key, None)

    def deletion_observed(self, key: str, uid: str) -> None:
        """The cache shows the deletion, or it failed."""
        record = self._records.get(key)
        if record is not None:
            record.deletions.pop(uid, None)

    def creation_acknowledged(self, key: str, object_key: str, revision: int) -> None:
        """The object was created at this revision: if a cache of that revision lacks it, it has been deleted again."""
        record = self._records.get(key)
        if record is not None and object_key in record.creations:
            record.creations[object_key] = revision

    def deletion_acknowledged(self, key: str, uid: str, revision: int) -> None:
        """The deletion was written at this revision."""
        record = self._records.get(key)
        if record is not None and uid in record.deletions:
            record.deletions[uid] = revision

    def doubt(self, key: str, now: int) -> None:
        """The outcome of a write is unknown."""
        self._record(key, now).doubted = True

    def standing(self, key: str, now: int, seen: int = 0) -> Standing:
        """Whether the controller may act on its cache, which is at the revision `seen`.

        Kubernetes relies on events alone, and waits for five minutes if a broken watch has skipped one.
        """
        record = self._records.get(key)
        if record is None:
            return Standing.MET
        record.creations = {one: revision for one, revision in record.creations.items() if revision > seen}
        record.deletions = {one: revision for one, revision in record.deletions.items() if revision > seen}
        if record.doubted:
            return Standing.DOUBTED
        if not record.creations and not record.deletions:
            del self._records[key]
            return Standing.MET
        return Standing.DOUBTED if now >= record.deadline else Standing.AWAITED

    def confirm(
        self, key: str, existing: Iterable[str], alive: Iterable[str], now: int, *, is_behind: bool = False
    ) -> None:
        """Report a live read: these object keys exist, and these uids are not being deleted.

        What has not happened is no longer expected; what has happened still is. A cache that `is_behind` the live read
        stays doubted: acting on it would repeat the mistake.
        """
        record = self._record(key, now)
        present, living = dict.fromkeys(existing), dict.fromkeys(alive)
        record.creations = {one: revision for one, revision in record.creations.items() if one in present}
        record.deletions = {one: revision for one, revision in record.deletions.items() if one not in living}
        record.doubted = is_behind

    def is_open(self, key: str) -> bool:
        """Whether an expected event is missing. It may never come, if a broken watch has skipped it.

        Check again after a while, even if the cache is up to date by now: it was not before.
        """
        record = self._records.get(key)
        return record is not None and bool(record.creations or record.deletions)

    def awaited_creations(self, key: str) -> int:
        """How many objects were created, or are being, that the cache does not show yet."""
        record = self._records.get(key)
        return len(record.creations) if record is not None else 0

    def awaited_deletions(self, key: str) -> tuple[str, ...]:
        """The uids of objects that were asked to go, or are being, and that the cache may show as if they stayed."""
        record = self._records.get(key)
        return tuple(record.deletions) if record is not None else ()

    def forget(self, key: str) -> None:
        """Drop all expectations of a key: its object has been deleted."""
        self._records.pop(key, None)

    def _record(self, key: str, now: int) -> _Record:
        record = self._records.get(key)
        if record is None:
            record = self._records[key] = _Record()
        record.deadline = now + self._timeout
        return record
