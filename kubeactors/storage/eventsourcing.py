"""Event sourcing: actors with a journal of events and a snapshot in the store, replayed at every start.

Each event is a key of the store, `journal/ID/NUMBER`; the newest snapshot is `snapshot/ID`. An event is written on two
preconditions: its number is free, and the snapshot is the one that the writer knows. So of two actors with one id the
second writer fails instead of mixing in its events. Both are needed: most events do not write a snapshot, and the numbers
of the events before a snapshot are free again.

Source: the shape is that of Akka's EventSourcedBehavior.
"""

import re
from typing import ClassVar, Generic, TypeVar

import msgspec

from kubeactors.actor import Actor, Ref
from kubeactors.storage.messages import (
    Compare,
    DeleteOp,
    KeyValue,
    PutOp,
    RangeOp,
    RangeReply,
    StoreMessage,
    Txn,
    TxnReply,
    ValueTooLarge,
)

M = TypeVar("M")
E = TypeVar("E", bound=msgspec.Struct)
S = TypeVar("S")

_EVENT = re.compile(r"/\d{16}(/|$)")
"""Matches the end of an event's key."""


class JournalConflict(Exception):
    """Another writer has written to this actor's journal. Let the supervisor restart the actor: it replays the journal."""


class EventTooLarge(Exception):
    """An event, or the snapshot, is too large for the store. Write smaller events; keep less in the state."""


class _Snapshot(msgspec.Struct, frozen=True):
    number: int
    state: msgspec.Raw


class EventSourced(Actor[M], Generic[M, E, S]):
    """An actor that recovers all that it has persisted, after a restart and after a crash of the process.

    Subclasses set `event` (a Struct, or a tagged union of Structs) and `snapshot` (the type of the state), pass the
    initial state to `__init__`, implement `apply`, and `await self.persist(event)` in their handlers. Messages are not
    handled before the replay is done.

    Args:
        store: a `Store` with a codec of bytes.
        id_: names the journal.
        state: the initial state.

    Raises:
        ValueError: a part of the id, after a slash, is 16 digits: it would be in another actor's journal.
    """

    event: ClassVar[object]
    snapshot: ClassVar[object]
    snapshot_every: ClassVar[int] = 100
    """A snapshot is written with every so many events; the events before it are deleted."""

    def __init__(self, store: Ref[StoreMessage], id_: str, state: S) -> None:
        if _EVENT.search(id_):
            raise ValueError(
                f"{id_!r} looks like the key of an event, not like the id of a journal; use no 16 digits after a slash"
            )
        self.state: S = state
        self.number: int = 0
        """The number of the last event."""
        self._store = store
        self._journal = f"journal/{id_}/"
        self._snapshot = f"snapshot/{id_}"
        self._snapshot_revision = 0
        """The revision of the snapshot that this actor knows; 0: there is none."""

    def apply(self, state: S, event: E) -> S:
        """The state after an event. Pure: it runs again at every replay."""
        raise NotImplementedError

    async def started(self) -> None:
        """Restore the snapshot, and apply the events after it."""
        snapshots, events = await self._read()
        for kv in snapshots:
            snapshot = msgspec.json.decode(_data(kv), type=_Snapshot)
            self.number, self._snapshot_revision = snapshot.number, kv.mod_revision
            self.state = msgspec.json.decode(snapshot.state, type=self.snapshot)  # pyright: ignore -- the subclass says which
        after = self._key(self.number + 1)  # earlier ones are in the snapshot
        for kv in events:
            if kv.key >= after:
                self.state = self.apply(self.state, self._decode(_data(kv)))
                self.number += 1

    async def persist(self, *events: E) -> S:
        """Write events, all or none. Returns the state after them; they are durable then.

        Raises:
            JournalConflict: another writer has written to the journal.
            EventTooLarge: an event, or the snapshot, is too large for the store.
        """
        state, number = self.state, self.number
        writes: list[PutOp | DeleteOp] = []
        for event in events:
            number += 1
            state = self.apply(state, event)
            writes.append(PutOp(key=self._key(number), value=msgspec.json.encode(event)))
        due = number // self.snapshot_every != self.number // self.snapshot_every
        if due:
            writes += self._snapshot_of(state, number)
        revision = await self._write(writes)
        self.state, self.number = state, number
        if due:
            self._snapshot_revision = revision
        return state

    def _snapshot_of(self, state: S, number: int) -> tuple[DeleteOp, PutOp]:
        """Write a snapshot, and delete the events before those that are written with it."""
        kept = _Snapshot(number, msgspec.Raw(msgspec.json.encode(state)))
        return (
            DeleteOp(key=self._key(0), range_end=self._key(self.number + 1)),
            PutOp(key=self._snapshot, value=msgspec.json.encode(kept)),
        )

    async def _write(self, writes: list[PutOp | DeleteOp]) -> int:
        """Write, unless another writer has. Returns the revision."""
        unwritten = (
            Compare(key=self._key(self.number + 1), mod_revision=0),
            Compare(key=self._snapshot, mod_revision=self._snapshot_revision),
        )
        reply = await self._store.ask(Txn(compare=unwritten, success=tuple(writes)))
        if isinstance(reply, ValueTooLarge):
            raise EventTooLarge(f"{reply.key} has {reply.size} bytes; the store takes up to {reply.limit}")
        if not isinstance(reply, TxnReply) or not reply.succeeded:
            raise JournalConflict(
                f"{self._journal}: written by another writer after event {self.number}; restart the actor"
            )
        return reply.revision

    async def _read(self) -> tuple[tuple[KeyValue, ...], tuple[KeyValue, ...]]:
        """The snapshot, if there is one, and the events, at one revision."""
        events = RangeOp(key=self._key(0), range_end=f"{self._journal}:")  # ":" comes after the digits
        reply = await self._store.ask(Txn(success=(RangeOp(key=self._snapshot), events)))
        assert isinstance(reply, TxnReply)  # the newest revision is never compacted
        snapshot, journal = [one.kvs for one in reply.replies if isinstance(one, RangeReply)]
        return snapshot, journal

    def _key(self, number: int) -> str:
        return f"{self._journal}{number:016d}"

    def _decode(self, value: bytes) -> E:
        return msgspec.json.decode(value, type=self.event)  # type: ignore[no-any-return] # pyright: ignore -- the subclass says which


def _data(kv: KeyValue) -> bytes:
    assert isinstance(kv.value, bytes), "the store's codec is BytesCodec"
    return kv.value
