"""Keys with revisions: etcd's data model, as a plain single-writer data structure.

The newest version of every key is in one dict; a write moves the previous version to the key's past. Reading the newest
versions never touches history. The `History` of events is for watches that start in the past and for compaction, whose
cost depends on what it forgets, never on the size of the store.

Source: etcd server/storage/mvcc/kvstore.go, kvstore_txn.go, kvstore_compaction.go, key_index.go (v3.5).
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Self

from kubeactors.storage.changes import Changes
from kubeactors.storage.errors import DuplicateKey
from kubeactors.storage.history import History
from kubeactors.storage.keys import SortedKeys
from kubeactors.storage.leases import Lease, Leases
from kubeactors.storage.messages import (
    Compacted,
    CompactReply,
    DeleteOp,
    DeleteReply,
    FutureRevision,
    KeyValue,
    LeaseNotFound,
    Op,
    OpReply,
    PutOp,
    PutReply,
    RangeOp,
    RangeReply,
    StoreEvent,
    Txn,
    TxnReply,
    Value,
)
from kubeactors.storage.snapshot import Snapshot

_mod_revision = attrgetter("mod_revision")

FIRST_REVISION = 1
"""The revision of an empty store, as in etcd, so that 0 can mean "the newest"."""


def check_duplicates(ops: tuple[Op, ...]) -> None:
    """Reject transactions that write a key twice: within one revision there is no order.

    >>> check_duplicates((PutOp(key="a", value=b""), DeleteOp(key="b"), DeleteOp(key="b", range_end="c")))

    Raises:
        DuplicateKey: a key is put twice, or put and deleted.
    """
    puts = [op.key for op in ops if type(op) is PutOp]
    if len(dict.fromkeys(puts)) < len(puts):
        twice = next(key for key in puts if puts.count(key) > 1)
        raise DuplicateKey(f"{twice!r} is put twice in one transaction; put it once")
    for op in ops:
        if type(op) is DeleteOp:
            for key in puts:
                if op.key <= key < (op.range_end or op.key + "\0"):
                    raise DuplicateKey(f"{key!r} is put and deleted in one transaction; do one of them")


class Mvcc:
    """All keys at all revisions since the compaction. `stamp` puts the revision into a value as it is written.

    A method that raises has changed nothing.
    """

    def __init__(self, stamp: Callable[[Value, int], Value]) -> None:
        self.revision: int = FIRST_REVISION
        self.compact_revision: int = 0
        self.history: History = History()
        """Events from `compact_revision` on, and older ones that `trim` has not forgotten yet."""
        self.leases: Leases = Leases()
        self._stamp = stamp
        self._current: dict[str, KeyValue] = {}
        self._past: dict[str, list[KeyValue]] = {}  # oldest first; a tombstone is a KeyValue of version 0
        self._live = SortedKeys()  # the keys of _current
        self._dead = SortedKeys()  # deleted keys with a past
        self._changes = Changes()
        self.changed: bool = False
        """Whether there are changes to take."""

    def snapshot(self) -> Snapshot:
        """A snapshot of the present state. It costs a few pointers per key."""
        return Snapshot(
            revision=self.revision, current=self._current.copy(), keys=self._live.copy(), leases=self.leases.copy()
        )

    @classmethod
    def of(cls, snapshot: Snapshot, stamp: Callable[[Value, int], Value]) -> Self:
        """A store that continues from a snapshot; earlier revisions are compacted."""
        mvcc = cls(stamp)
        mvcc.revision = mvcc.compact_revision = snapshot.revision
        mvcc.leases = snapshot.leases.copy()
        mvcc._current = snapshot.current.copy()
        mvcc._live = snapshot.keys.copy()
        return mvcc

    def take_changes(self) -> Changes:
        """The changes since the last call, for the backend and the watchers."""
        changes, self._changes = self._changes, Changes()
        self.changed = False
        return changes

    def _change(self) -> Changes:
        """Where to record a change."""
        self.changed = True
        return self._changes

    # Writing.

    def txn(self, txn: Txn) -> TxnReply | Compacted | FutureRevision | LeaseNotFound:
        """Compare, then do one of the two branches at one new revision. Rejected as a whole if one of its ops is.

        Raises:
            DuplicateKey: the branch writes one key twice.
        """
        current = self._current
        ops = txn.success
        succeeded = True
        for compare in txn.compare:
            kv = current.get(compare.key)
            if (0 if kv is None else kv.mod_revision) != compare.mod_revision:
                ops = txn.failure
                succeeded = False
                break
        refusal = self._refusal(ops)
        if refusal is not None:
            return refusal
        revision = self.revision + 1
        if len(ops) == 1 and type(ops[0]) is PutOp:
            replies: tuple[OpReply, ...] = (self._put(ops[0], self._stamp(ops[0].value, revision), revision),)
        else:
            replies = self._apply(ops, revision)
        return TxnReply(revision=self.revision, succeeded=succeeded, replies=replies)

    def _refusal(self, ops: Iterable[Op]) -> Compacted | FutureRevision | LeaseNotFound | None:
        for op in ops:
            if type(op) is PutOp:
                if op.lease and op.lease not in self.leases:
                    return LeaseNotFound(op.lease)
            elif type(op) is RangeOp and op.revision:
                refusal = self.refusal(op.revision, self.revision)
                if refusal is not None:
                    return refusal
        return None

    def _apply(self, ops: tuple[Op, ...], revision: int) -> tuple[OpReply, ...]:
        """Do several ops. All values are stamped before the first one is written, so that an error changes nothing."""
        check_duplicates(ops)
        stamped = iter([self._stamp(op.value, revision) for op in ops if type(op) is PutOp])
        replies: list[OpReply] = []
        for op in ops:
            if type(op) is PutOp:
                replies.append(self._put(op, next(stamped), revision))
            elif type(op) is DeleteOp:
                replies.append(DeleteReply(deleted=self._delete(self._keys(op.key, op.range_end), revision)))
            else:
                assert type(op) is RangeOp, "there are three ops"
                replies.append(self._range(op, self.revision))
        return tuple(replies)

    def _put(self, op: PutOp, value: Value, revision: int) -> PutReply:
        key = op.key
        previous = self._current.get(key)
        if previous is None:
            kv = KeyValue(key, value, revision, revision, 1, op.lease)
        else:
            key = previous.key  # one string object for all its versions
            kv = KeyValue(key, value, previous.create_revision, revision, previous.version + 1, op.lease)
        self._record(StoreEvent(deleted=False, kv=kv, previous=previous))
        return PutReply(kv=kv, previous=previous)

    def _delete(self, keys: Iterable[str], revision: int) -> tuple[KeyValue, ...]:
        """Delete existing keys. Returns their last versions."""
        deleted = [self._current[key] for key in keys]
        for previous in deleted:
            tombstone = KeyValue(previous.key, None, 0, revision, 0)
            self._record(StoreEvent(deleted=True, kv=tombstone, previous=previous))
        return tuple(deleted)

    def _record(self, event: StoreEvent) -> None:
        """Apply an event: the only place where keys change."""
        kv = event.kv
        key = kv.key
        previous = event.previous
        if previous is not None:
            past = self._past.get(key)
            if past is None:
                self._past[key] = [previous]
            else:
                past.append(previous)
            if previous.lease:
                self.leases.detach(previous.lease, key)
        if event.deleted:
            self._add_tombstone(kv, was_live=previous is not None)
        else:
            if previous is None:
                if key in self._past:
                    self._dead.remove(key)
                self._live.add(key)
            self._current[key] = kv
            if kv.lease:
                self.leases.attach(kv.lease, key)
        self.revision = kv.mod_revision
        self.history.append(event)
        self._changes.events.append(event)
        self.changed = True

    def _add_tombstone(self, tombstone: KeyValue, *, was_live: bool) -> None:
        key = tombstone.key
        if was_live:
            del self._current[key]
            self._live.remove(key)
        self._past.setdefault(key, []).append(tombstone)
        self._dead.add(key)

    # Reading.

    def range(self, op: RangeOp, newest: int) -> RangeReply | Compacted | FutureRevision:
        """Read keys. `newest` is the newest revision that may be read: later ones are not durable yet."""
        return self.refusal(op.revision, newest) or self._range(op, newest)

    def refusal(self, revision: int, newest: int) -> Compacted | FutureRevision | None:
        """The reply if that revision cannot be read; None if it can, as 0 always can."""
        if revision > newest:
            return FutureRevision(newest)
        if 0 < revision < self.compact_revision:
            return Compacted(self.compact_revision)
        return None

    def _range(self, op: RangeOp, newest: int) -> RangeReply:
        revision = op.revision if op.revision > 0 else newest
        if not op.range_end:
            kv = self._at(op.key, revision)
            kvs, count = ([kv], 1) if kv is not None else ([], 0)
        elif revision >= self.revision:
            kvs, count = self._range_newest(op)
        else:
            kvs = self._range_past(op.key, op.range_end, revision)
            count = len(kvs)
        if op.limit:
            kvs = kvs[: op.limit]
        return RangeReply(
            revision=newest,
            kvs=() if op.count_only else tuple(kvs),
            more=0 < op.limit < count and not op.count_only,
            count=count,
        )

    def _range_newest(self, op: RangeOp) -> tuple[list[KeyValue], int]:
        if op.count_only:
            return [], self._live.count(op.key, op.range_end)
        keys = self._live.between(op.key, op.range_end, op.limit)
        full = op.limit and len(keys) == op.limit
        count = self._live.count(op.key, op.range_end) if full else len(keys)
        current = self._current
        return [current[key] for key in keys], count

    def _range_past(self, key: str, range_end: str, revision: int) -> list[KeyValue]:
        """The keys of a range at a past revision. The cost depends on the keys in the range, not on later writes."""
        keys = self._live.between(key, range_end)
        dead = self._dead.between(key, range_end)
        if dead:
            keys += dead
            keys.sort()  # two sorted runs: linear
        states = (self._at(key, revision) for key in keys)
        return [kv for kv in states if kv is not None]

    def _at(self, key: str, revision: int) -> KeyValue | None:
        """One key at a revision."""
        kv = self._current.get(key)
        if kv is not None and kv.mod_revision <= revision:
            return kv
        past = self._past.get(key)
        if past is None:
            return None
        index = bisect_right(past, revision, key=_mod_revision)
        return past[index - 1] if index and past[index - 1].version else None

    def _keys(self, key: str, range_end: str) -> list[str]:
        """The keys that exist now."""
        if range_end:
            return self._live.between(key, range_end)
        return [key] if key in self._current else []

    # Compaction.

    def compact(self, revision: int, newest: int) -> CompactReply | Compacted | FutureRevision:
        """Compact at `revision`: older ones cannot be read from now on. `trim` then frees the memory, piece by piece."""
        if revision <= self.compact_revision:
            return Compacted(self.compact_revision)
        if revision > newest:
            return FutureRevision(newest)
        self.compact_revision = revision
        self._change().compact_revision = revision
        return CompactReply(revision=newest, compact_revision=revision)

    def trim(self, limit: int) -> bool:
        """Forget up to `limit` compacted events, and versions that nobody can read any more. False: nothing is left.

        The events of the compact revision itself are kept, so that a watch may start there (etcd lost deletions here:
        https://github.com/etcd-io/etcd/issues/19179).
        """
        forgotten = self.history.forget_before(self.compact_revision, limit)
        if not forgotten:
            return False
        last = forgotten[-1].kv.mod_revision
        for key in dict.fromkeys(event.kv.key for event in forgotten):
            self._trim_key(key, last)
        return True

    def _trim_key(self, key: str, last: int) -> None:
        """Drop versions not newer than `last`, except the newest of them, unless that is a tombstone."""
        past = self._past.get(key)
        if past is None:
            return  # written once
        current = self._current.get(key)
        index = bisect_right(past, last, key=_mod_revision)
        in_past = current is None or current.mod_revision > last  # the newest one at `last`
        if in_past and index and past[index - 1].version:
            index -= 1
        if index:
            self._change().forgotten += past[:index]
        del past[:index]
        if not past:
            del self._past[key]
            if current is None:
                self._dead.remove(key)

    def replay(self, kvs: Iterable[KeyValue], compact_revision: int) -> None:
        """Fill an empty store (with its leases restored) from a backend: versions and tombstones, in order of writing.

        Some of them may be compacted; `trim` forgets them again. The newest write is always included, even if it is
        compacted, so that the revision does not go back.
        """
        assert not self._current, "replay is for an empty store"
        self.compact_revision = compact_revision
        for kv in kvs:
            self._record(StoreEvent(deleted=not kv.version, kv=kv, previous=self._current.get(kv.key)))
        self.take_changes()

    # Leases.

    def grant(self, ttl_seconds: int) -> Lease:
        """Grant a lease."""
        lease = self.leases.grant(ttl_seconds)
        self._change().granted.append(lease)
        return lease

    def revoke(self, lease: int) -> bool:
        """End a lease and delete its keys, at one revision. False if there is none."""
        if lease not in self.leases:
            return False
        self._delete(self.leases.end(lease), self.revision + 1)
        self._change().ended.append(lease)
        return True
