"""What holds of the store: it is compared with a plain log of what it has made durable.

Source: "KV API guarantees" in etcd's documentation (v3.5).
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
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
    """The store's revision never goes back, and none is left out."""

    name: ClassVar[str] = "revisions-are-contiguous"

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._revision = 0

    def committed(self, commit: Commit) -> Iterator[str]:
        """One transaction is one revision; it may write several keys."""
        before, self._revision = self._revision, commit.revision
        if before and commit.revision not in (before, before + 1):
            yield f"after revision {before} the store committed {commit.revision}"


class UidsAreUnique(Invariant):
    """No two objects ever have the same uid."""

    name: ClassVar[str] = "uids-are-unique"

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._seen: dict[str, str] = {}

    def committed(self, commit: Commit) -> Iterator[str]:
        """An object that is new has a new uid."""
        if commit.old is None and commit.new is not None:
            uid = commit.new.metadata.uid
            if uid in self._seen:
                yield f"{commit.key} was created with the uid of {self._seen[uid]}"
            self._seen[uid] = commit.key


Known: TypeAlias = tuple[int, int, bool]
"""When a request reached the store: its revision, up to where it may be compacted, whether the conditions held."""


class StoreIsLinearizable(StoreInvariant):
    """The store reads and writes as if it did one thing after the other, and tells who watches all of it, once, in order.

    What it says is compared with the states of each key in the order in which they were made durable.
    """

    name: ClassVar[str] = "store-is-linearizable"

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._revision = FIRST_REVISION
        self._compacted = 0
        """Up to where somebody asked for a compaction: it may have been done and not been answered."""
        self._states: dict[str, list[KeyValue]] = {}
        """By key: all states, deletions too."""
        self._events: list[StoreEvent] = []
        self._positions: dict[tuple[Cell, int], int] = {}
        """By watch: how many events it has been told, or need not be told."""
        self._ranges: dict[tuple[Cell, int], tuple[str, str]] = {}

    def stored(self, event: StoreEvent) -> Iterator[str]:
        """A state follows on the last one of its key."""
        kv = event.kv
        states = self._states.setdefault(kv.key, [])
        before = states[-1] if states and states[-1].version else None
        if event.previous != before:
            yield f"{kv.key} at {kv.mod_revision} is said to follow on {_told(event.previous)}, not on {_told(before)}"
        version, created = (1, kv.mod_revision) if before is None else (before.version + 1, before.create_revision)
        if not event.deleted and (kv.version, kv.create_revision) != (version, created):
            yield f"{kv.key} at {kv.mod_revision} has version {kv.version} since {kv.create_revision}, not {version} since {created}"
        states.append(kv)
        self._events.append(event)
        self._revision = kv.mod_revision

    def asked(self, request: StoreRequest) -> Known:
        """Whether the conditions of a transaction hold now."""
        compares = request.compare if isinstance(request, Txn) else ()
        newest = ((self._at(one.key, self._revision), one.mod_revision) for one in compares)
        holds = all((0 if kv is None else kv.mod_revision) == wanted for kv, wanted in newest)
        known = self._revision, self._compacted, holds
        if isinstance(request, Compact) and request.revision <= self._revision:
            self._compacted = max(self._compacted, request.revision)
        return known

    def answered(self, request: StoreRequest, remembered: object, answer: object) -> Iterator[str]:
        """Compare what it says with what there was."""
        revision, compacted, holds = cast("Known", remembered)
        match request, answer:
            case Txn(), TxnReply():
                yield from self._written(request, answer, revision, holds=holds)
            case Range(op=op), RangeReply():
                yield from self._shown(op, answer, revision)
            case Compact(), CompactReply():
                pass
            case Compact(), _ if compacted < request.revision <= revision:
                yield f"it does not compact to {request.revision}, and is at {revision}: {answer}"
            case Progress(), RangeReply(revision=said) if said != revision:
                yield f"it says that it is at {said}, and is at {revision}"
            case WatchCreate(), WatchCreated():
                self._begin(request, revision)
            case ((Range() | Txn()), Compacted()) if not _ranges_before(request, compacted):
                yield f"it says that something is compacted, which goes only to {compacted}: {request}"
            case Range(op=op), FutureRevision() if op.revision <= revision:
                yield f"it says that {op.revision} has not happened, and is at {revision}"
            case _:
                pass

    def _written(self, txn: Txn, answer: TxnReply, revision: int, *, holds: bool) -> Iterator[str]:
        if answer.succeeded is not holds:
            yield f"a transaction of {_keys(txn.success)} at {revision} has succeeded: {answer.succeeded}, not {holds}"
        ops = txn.success if answer.succeeded else txn.failure
        writes = any(self._writes(op, revision) for op in ops)
        if answer.revision != revision + writes:
            yield f"a transaction at {revision} of {_keys(ops)} has revision {answer.revision}"
        for op in ops:
            kv = self._at(op.key, answer.revision)
            if isinstance(op, PutOp) and (kv is None or kv.mod_revision != answer.revision):
                yield f"{op.key} was put at {answer.revision}, it is said, and is {_told(kv)}"
            if isinstance(op, DeleteOp) and kv is not None:
                yield f"{op.key} was deleted at {answer.revision}, it is said, and is {_told(kv)}"

    def _writes(self, op: Op, revision: int) -> bool:
        return isinstance(op, PutOp) or (isinstance(op, DeleteOp) and self._at(op.key, revision) is not None)

    def _shown(self, op: RangeOp, answer: RangeReply, revision: int) -> Iterator[str]:
        if answer.revision != revision:
            yield f"it reads at {answer.revision}, and is at {revision}"
        wanted = self._range(op.key, op.range_end, op.revision or revision)
        shown = wanted[: op.limit] if op.limit else wanted
        if not op.count_only and list(answer.kvs) != shown:
            yield f"of {op.key} at {op.revision or revision} it shows {_all(answer.kvs)}, not {_all(shown)}"
        if answer.count != len(wanted) or (answer.more is not (len(shown) < len(wanted)) and not op.count_only):
            yield f"of {op.key} it counts {answer.count}, more: {answer.more}, and there are {len(wanted)}"

    def _range(self, key: str, end: str, revision: int) -> list[KeyValue]:
        keys = sorted(one for one in self._states if key <= one < end) if end else [key]
        states = (self._at(one, revision) for one in keys)
        return [kv for kv in states if kv is not None]

    def _at(self, key: str, revision: int) -> KeyValue | None:
        states = self._states.get(key, ())
        index = bisect_right(states, revision, key=lambda one: one.mod_revision)
        return states[index - 1] if index and states[index - 1].version else None

    # Watches.

    def _begin(self, request: WatchCreate, revision: int) -> None:
        start = request.start_revision or revision + 1
        watch = (_cell(request.subscriber), request.watch)
        self._ranges[watch] = request.key, request.range_end or request.key + "\0"
        self._positions[watch] = bisect_right(self._events, start - 1, key=lambda one: one.kv.mod_revision)

    def told(self, subscriber: Cell, message: StoreEvents) -> Iterator[str]:
        """What is told goes on where the last message has ended; what an earlier watch of that number was told is over."""
        watch = (subscriber, message.watch)
        position = self._positions.get(watch)
        if position is None:
            return
        begin = self._events[position - 1].kv.mod_revision if position else 0
        if message.revision <= begin and message.events:
            return
        start, end = self._ranges[watch]
        upto = bisect_right(self._events, message.revision, key=lambda one: one.kv.mod_revision)
        wanted = [one for one in self._events[position:upto] if start <= one.kv.key < end]
        if list(message.events) != wanted:
            told, missing = _all([one.kv for one in message.events]), _all([one.kv for one in wanted])
            yield f"a watch is told {told} up to {message.revision}, not {missing}"
        self._positions[watch] = max(position, upto)


def _cell(subscriber: object) -> Cell:
    assert isinstance(subscriber, Cell)  # whoever watches the store in a simulation is an actor
    return subscriber


def _ranges_before(request: StoreRequest, compacted: int) -> bool:
    """Whether it reads what is compacted."""
    ops: Sequence[Op] = (request.op,) if isinstance(request, Range) else ()
    if isinstance(request, Txn):
        ops = (*request.success, *request.failure)
    return any(isinstance(one, RangeOp) and 0 < one.revision < compacted for one in ops)


def _keys(ops: Sequence[Op]) -> str:
    return ", ".join(one.key for one in ops) or "nothing"


def _told(kv: KeyValue | None) -> str:
    return "nothing" if kv is None else f"{kv.key} at {kv.mod_revision}"


def _all(kvs: Sequence[KeyValue]) -> str:
    return ", ".join(map(_told, kvs)) or "nothing"


INVARIANTS: tuple[type[Invariant], ...] = (RevisionsAreContiguous, UidsAreUnique, StoreIsLinearizable)
