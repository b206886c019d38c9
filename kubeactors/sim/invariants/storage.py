"""Invariants of the store, which is compared with a plain log of the events that it has committed.

Source: "KV API guarantees" in etcd's documentation (v3.5).
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import ClassVar, TypeAlias, cast

from kubeactors.actor.cell import Cell
from kubeactors.sim.invariants.invariant import Invariant, StoreInvariant
from kubeactors.sim.network import StoreRequest
from kubeactors.sim.world import Commit, World
from kubeactors.storage import (
    Compact,
    Compacted,
    CompactReply,
    DeleteOp,
    FutureRevision,
    KeyValue,
    Op,
    Progress,
    PutOp,
    Range,
    RangeOp,
    RangeReply,
    StoreEvent,
    StoreEvents,
    Txn,
    TxnReply,
    WatchCreate,
    WatchCreated,
)

FIRST_REVISION = 1


class RevisionsAreContiguous(Invariant):
    """The store's revision never decreases, and skips no number."""

    name: ClassVar[str] = "revisions-are-contiguous"

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._revision = 0

    def committed(self, commit: Commit) -> Iterator[str]:
        """A transaction has one revision, and may write several keys."""
        before, self._revision = self._revision, commit.revision
        if before and commit.revision not in (before, before + 1):
            yield f"revision {commit.revision} was committed after revision {before}"


class UidsAreUnique(Invariant):
    """No uid is ever used twice."""

    name: ClassVar[str] = "uids-are-unique"

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._seen: dict[str, str] = {}

    def committed(self, commit: Commit) -> Iterator[str]:
        """A created object has a uid that was never seen before."""
        if commit.old is None and commit.new is not None:
            uid = commit.new.metadata.uid
            if uid in self._seen:
                yield f"{commit.key} was created with the uid of {self._seen[uid]}"
            self._seen[uid] = commit.key


Known: TypeAlias = tuple[int, int, bool]
"""The store when a request reached it: its revision, the latest possible compaction, whether the request's compares held."""


class StoreIsLinearizable(StoreInvariant):
    """Reads and transactions take effect one at a time, and watches deliver every event once and in order.

    Answers are compared with the states of each key in the order in which they were committed.
    """

    name: ClassVar[str] = "store-is-linearizable"

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._revision = FIRST_REVISION
        self._compacted = 0
        """The latest revision of a requested compaction, which may be done though its answer was lost."""
        self._states: dict[str, list[KeyValue]] = {}
        """All states of each key, deletions included."""
        self._events: list[StoreEvent] = []
        self._positions: dict[tuple[Cell, int], int] = {}
        """How many of `_events` each watch has passed: delivered, or older than its start."""
        self._ranges: dict[tuple[Cell, int], tuple[str, str]] = {}

    def stored(self, event: StoreEvent) -> Iterator[str]:
        """An event's previous value and versions follow from the last state of its key."""
        kv = event.kv
        states = self._states.setdefault(kv.key, [])
        before = states[-1] if states and states[-1].version else None
        if event.previous != before:
            yield f"event of {kv.key} at {kv.mod_revision}: its previous value is {_said(event.previous)}, not {_said(before)}"
        version, created = (1, kv.mod_revision) if before is None else (before.version + 1, before.create_revision)
        if not event.deleted and (kv.version, kv.create_revision) != (version, created):
            yield (
                f"event of {kv.key} at {kv.mod_revision}: version {kv.version}, create revision {kv.create_revision}; "
                f"expected {version} and {created}"
            )
        states.append(kv)
        self._events.append(event)
        self._revision = kv.mod_revision

    def asked(self, request: StoreRequest) -> Known:
        """Note the store's revision, and whether a transaction's compares hold now."""
        compares = request.compare if isinstance(request, Txn) else ()
        newest = ((self._at(one.key, self._revision), one.mod_revision) for one in compares)
        holds = all((0 if kv is None else kv.mod_revision) == wanted for kv, wanted in newest)
        known = self._revision, self._compacted, holds
        if isinstance(request, Compact) and request.revision <= self._revision:
            self._compacted = max(self._compacted, request.revision)
        return known

    def answered(self, request: StoreRequest, remembered: object, answer: object) -> Iterator[str]:
        """Compare the answer with the state when the request arrived."""
        revision, compacted, holds = cast("Known", remembered)
        match request, answer:
            case Txn(), TxnReply():
                yield from self._written(request, answer, revision, holds=holds)
            case Range(op=op), RangeReply():
                yield from self._shown(op, answer, revision)
            case Compact(), CompactReply():
                pass
            case Compact(), _ if compacted < request.revision <= revision:
                yield f"compaction to {request.revision} was rejected at revision {revision}: {answer}"
            case Progress(), RangeReply(revision=said) if said != revision:
                yield f"progress reports revision {said}, but the store is at {revision}"
            case WatchCreate(), WatchCreated():
                self._begin(request, revision)
            case ((Range() | Txn()), Compacted()) if not _ranges_before(request, compacted):
                yield f"rejected as compacted, though only revisions before {compacted} are: {request}"
            case Range(op=op), FutureRevision() if op.revision <= revision:
                yield f"read at {op.revision} was rejected as in the future, but the store is at {revision}"
            case _:
                pass

    def _written(self, txn: Txn, answer: TxnReply, revision: int, *, holds: bool) -> Iterator[str]:
        if answer.succeeded is not holds:
            yield (
                f"transaction on {_keys(txn.success)} at {revision}: its compares {'held' if holds else 'did not hold'}, "
                f"but succeeded is {answer.succeeded}"
            )
        ops = txn.success if answer.succeeded else txn.failure
        writes = any(self._writes(op, revision) for op in ops)
        if answer.revision != revision + writes:
            yield f"transaction on {_keys(ops)} at {revision}: its revision is {answer.revision}, not {revision + writes}"
        for op in ops:
            kv = self._at(op.key, answer.revision)
            if isinstance(op, PutOp) and (kv is None or kv.mod_revision != answer.revision):
                yield f"put of {op.key} was acknowledged at {answer.revision}, but the store has {_said(kv)}"
            if isinstance(op, DeleteOp) and kv is not None:
                yield f"deletion of {op.key} was acknowledged at {answer.revision}, but the store has {_said(kv)}"

    def _writes(self, op: Op, revision: int) -> bool:
        return isinstance(op, PutOp) or (isinstance(op, DeleteOp) and self._at(op.key, revision) is not None)

    def _shown(self, op: RangeOp, answer: RangeReply, revision: int) -> Iterator[str]:
        if answer.revision != revision:
            yield f"range over {op.key} reports revision {answer.revision}, but the store is at {revision}"
        wanted = self._range(op.key, op.range_end, op.revision or revision)
        shown = wanted[: op.limit] if op.limit else wanted
        if not op.count_only and list(answer.kvs) != shown:
            yield f"range over {op.key} at {op.revision or revision} returned {_all(answer.kvs)}, not {_all(shown)}"
        if answer.count != len(wanted) or (answer.more is not (len(shown) < len(wanted)) and not op.count_only):
            yield f"range over {op.key} reports count {answer.count} (more: {answer.more}), but there are {len(wanted)} keys"

    def _range(self, key: str, end: str, revision: int) -> list[KeyValue]:
        keys = sorted(one for one in self._states if key <= one < end) if end else [key]
        states = (self._at(one, revision) for one in keys)
        return [kv for kv in states if kv is not None]

    def _at(self, key: str, revision: int) -> KeyValue | None:
        states = self._states.get(key, ())
        if states and states[-1].mod_revision <= revision:  # the usual case
            return states[-1] if states[-1].version else None
        index = bisect_right(states, revision, key=lambda one: one.mod_revision)
        return states[index - 1] if index and states[index - 1].version else None

    # Watches.

    def _begin(self, request: WatchCreate, revision: int) -> None:
        start = request.start_revision or revision + 1
        watch = (_cell(request.subscriber), request.watch)
        self._ranges[watch] = request.key, request.range_end or request.key + "\0"
        self._positions[watch] = bisect_right(self._events, start - 1, key=lambda one: one.kv.mod_revision)

    def told(self, subscriber: Cell, message: StoreEvents) -> Iterator[str]:
        """Events continue where the last message ended; messages of an earlier watch with that number are ignored."""
        watch = (subscriber, message.watch)
        position = self._positions.get(watch)
        if position is None:
            return
        begin = self._events[position - 1].kv.mod_revision if position else 0
        if message.revision <= begin and message.events:
            return
        start, end = self._ranges[watch]
        passed = list(takewhile(lambda one: one.kv.mod_revision <= message.revision, self._events[position:]))
        upto, wanted = position + len(passed), [one for one in passed if start <= one.kv.key < end]
        if list(message.events) != wanted:
            sent, expected = _all([one.kv for one in message.events]), _all([one.kv for one in wanted])
            yield f"watch of {start} up to revision {message.revision} received {sent}, not {expected}"
        self._positions[watch] = upto


def _cell(subscriber: object) -> Cell:
    assert isinstance(subscriber, Cell)  # only actors watch the store in a simulation
    return subscriber


def _ranges_before(request: StoreRequest, compacted: int) -> bool:
    """Whether it reads at a compacted revision."""
    ops: Sequence[Op] = (request.op,) if isinstance(request, Range) else ()
    if isinstance(request, Txn):
        ops = (*request.success, *request.failure)
    return any(isinstance(one, RangeOp) and 0 < one.revision < compacted for one in ops)


def _keys(ops: Sequence[Op]) -> str:
    return ", ".join(one.key for one in ops) or "nothing"


def _said(kv: KeyValue | None) -> str:
    return "nothing" if kv is None else f"{kv.key} at {kv.mod_revision}"


def _all(kvs: Sequence[KeyValue]) -> str:
    return ", ".join(map(_said, kvs)) or "nothing"


INVARIANTS: tuple[type[Invariant], ...] = (RevisionsAreContiguous, UidsAreUnique, StoreIsLinearizable)
