"""Actors whose state is what has happened to them: a journal and a snapshot in the store, replayed at every start.

Each event is a key of the store, `journal/ID/NUMBER`; the newest snapshot is `snapshot/ID`. An event is written only if
its number is free, so that of two actors with one id the second writer fails instead of mixing its events in.

Source: the shape is that of Akka's EventSourcedBehavior.
"""

from typing import ClassVar, Generic, TypeVar

import msgspec

from kubeactors.actor import Actor, Ref
from kubeactors.storage.messages import (
    Compare,
    DeleteOp,
    PutOp,
    Range,
    RangeOp,
    RangeReply,
    StoreMessage,
    Txn,
    TxnReply,
    prefix_end,
)

M = TypeVar("M")
E = TypeVar("E", bound=msgspec.Struct)
S = TypeVar("S")


class JournalConflict(Exception):
    """Somebody else has written to this actor's journal. Let the supervisor start it again: it reads what happened."""


class _Snapshot(msgspec.Struct, frozen=True):
    number: int
    state: msgspec.Raw


class EventSourced(Actor[M], Generic[M, E, S]):
    """An actor that comes back with all that it has persisted, after a restart and after a crash of the process.

    Subclasses name `event` (a Struct, or a tagged union of Structs) and `snapshot` (the type of the state), give the
    state they begin with to `__init__`, say in `apply` what an event does to it, and `await self.persist(event)` in
    their handlers. Messages are not handled before the replay is done.

    Args:
        store: a `Store` with a codec of bytes.
        id_: names the journal.
        state: before anything has happened.
    """

    event: ClassVar[object]
    snapshot: ClassVar[object]
    snapshot_every: ClassVar[int] = 100
    """A snapshot is written with every so many events; the events before it are deleted."""

    def __init__(self, store: Ref[StoreMessage], id_: str, state: S) -> None:
        self.state: S = state
        self.number: int = 0
        """Of the last event."""
        self._store = store
        self._journal = f"journal/{id_}/"
        self._snapshot = f"snapshot/{id_}"

    def apply(self, state: S, event: E) -> S:
        """The state after an event. Pure: it runs again at every replay."""
        raise NotImplementedError

    async def started(self) -> None:
        """Read the snapshot, and apply the events after it."""
        kept = await self._read(RangeOp(key=self._snapshot))
        for value in kept:
            snapshot = msgspec.json.decode(value, type=_Snapshot)
            self.number = snapshot.number
            self.state = msgspec.json.decode(snapshot.state, type=self.snapshot)  # pyright: ignore -- the subclass says which
        first = RangeOp(key=self._key(self.number + 1), range_end=prefix_end(self._journal))
        for value in await self._read(first):
            self.state = self.apply(self.state, self._decode(value))
            self.number += 1

    async def persist(self, *events: E) -> S:
        """Write events, all or none, then apply them. When this returns they are durable.

        Raises:
            JournalConflict: somebody else has written to the journal.
        """
        state, number = self.state, self.number
        writes: list[PutOp | DeleteOp] = []
        for event in events:
            number += 1
            state = self.apply(state, event)
            writes.append(PutOp(key=self._key(number), value=msgspec.json.encode(event)))
        if number // self.snapshot_every != self.number // self.snapshot_every:
            kept = _Snapshot(number, msgspec.Raw(msgspec.json.encode(state)))
            writes = [DeleteOp(key=self._journal, range_end=self._key(self.number + 1)), *writes]
            writes.append(PutOp(key=self._snapshot, value=msgspec.json.encode(kept)))
        free = Compare(key=self._key(self.number + 1), mod_revision=0)
        reply = await self._store.ask(Txn(compare=(free,), success=tuple(writes)))
        if not isinstance(reply, TxnReply) or not reply.succeeded:
            raise JournalConflict(f"{self._key(self.number + 1)} is written already")
        self.state, self.number = state, number
        return state

    def _key(self, number: int) -> str:
        return f"{self._journal}{number:016d}"

    def _decode(self, value: bytes) -> E:
        return msgspec.json.decode(value, type=self.event)  # type: ignore[no-any-return] # pyright: ignore -- the subclass says which

    async def _read(self, op: RangeOp) -> list[bytes]:
        reply = await self._store.ask(Range(op=op))
        assert isinstance(reply, RangeReply)  # the newest revision is never compacted
        return [kv.value for kv in reply.kvs if isinstance(kv.value, bytes)]
