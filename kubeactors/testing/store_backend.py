"""The contract suite for backends: the same requests get the same replies, before and after a restart.

A backend of your own is tested by a class that says how it is opened:

    class TestMine(StoreBackendContract):
        @pytest.fixture
        def open_backend(self, tmp_path: Path) -> Iterator[Callable[[], Backend]]:
            yield lambda: MyBackend(tmp_path / "data")
"""

from collections.abc import Callable, Iterator
from functools import partial

import pytest

from kubeactors.actor import Actor, Ref, SimSystem, handle
from kubeactors.storage import (
    Backend,
    Compact,
    Compacted,
    CompactReply,
    FutureRevision,
    KeyValue,
    LeaseGrant,
    LeaseKeepAlive,
    LeaseNotFound,
    LeaseRevoke,
    Progress,
    PutOp,
    Range,
    RangeOp,
    RangeReply,
    Store,
    StoreEvent,
    StoreEvents,
    StoreMessage,
    StoreWatchCancelled,
    Txn,
    TxnReply,
    Value,
    WatchCancel,
    WatchCreate,
    WatchCreated,
)
from kubeactors.testing.store_requests import EVERYTHING, contents, delete, put, put_if


class Note(str):
    """A value that contains its revision."""

    __slots__ = ("revision",)
    revision: int


def note(text: str, revision: int) -> Note:
    """A value of that revision."""
    made = Note(text)
    made.revision = revision
    return made


class NoteCodec:
    """Encodes the text alone, and restores the revision."""

    def encode(self, value: Value) -> bytes:
        assert isinstance(value, Note)
        return value.encode()

    def decode(self, data: bytes, mod_revision: int) -> Value:
        return note(data.decode(), mod_revision)

    def stamp(self, value: Value, mod_revision: int) -> Value:
        assert isinstance(value, str)
        return note(value, mod_revision)


class Recorder(Actor[StoreEvents | StoreWatchCancelled]):
    """A subscriber of watches."""

    def __init__(self, got: list[StoreEvents | StoreWatchCancelled]) -> None:
        self.got = got

    @handle
    def record(self, message: StoreEvents | StoreWatchCancelled) -> None:
        self.got.append(message)


class Stand:
    """A store on one backend in the simulator, and a subscriber."""

    def __init__(self, open_backend: Callable[[], Backend]) -> None:
        self.sim: SimSystem = SimSystem(seed=1)
        self.open_backend = open_backend
        self.store: Ref[StoreMessage] = self.spawn_store()
        self.got: list[StoreEvents | StoreWatchCancelled] = []
        self.subscriber: Ref[StoreEvents | StoreWatchCancelled] = self.sim.spawn(
            partial(Recorder, self.got), name="subscriber"
        )

    def spawn_store(self) -> Ref[StoreMessage]:
        backend = self.open_backend()
        return self.sim.spawn(lambda: Store(backend, NoteCodec()), name="store")

    def power_off_and_on(self) -> None:
        """Stop the store, and reopen the backend."""
        _ = self.sim.stop(self.store)
        self.store = self.spawn_store()

    def txn(self, txn: Txn) -> object:
        return self.sim.ask(self.store, txn)

    def range(self, op: RangeOp) -> object:
        return self.sim.ask(self.store, Range(op=op))

    def watch(self, start: int = 0, keys: tuple[str, str] = ("a", "z")) -> object:
        create = WatchCreate(subscriber=self.subscriber, watch=1, key=keys[0], range_end=keys[1], start_revision=start)
        reply = self.sim.ask(self.store, create)
        self.sim.run(0.01)
        return reply

    def history(self) -> list[object]:
        """The contents at all readable revisions."""
        newest = self.sim.ask(self.store, Progress()).revision
        return [self.range(RangeOp(key="a", range_end="z", revision=at)) for at in range(1, newest + 1)]


def some_writes(stand: Stand) -> None:
    """Revisions 2 to 7: writes, overwrites, deletions, a recreated key, several keys at one revision."""
    for txn in (
        put("b", "1"),
        put("a", "1"),
        put("b", "2"),
        delete("b"),
        Txn(success=(PutOp(key="d", value="1"), PutOp(key="c", value="1"))),
        put("b", "3"),
    ):
        stand.txn(txn)


class StoreBackendContract:
    """The contract. Subclass it as `Test...`, with a fixture `open_backend`.

    What that fixture gives is called whenever the store starts: each time it opens the data that are there, as after a
    power failure; the backend of the time before is not used again.
    """

    @pytest.fixture
    def stand(self, open_backend: Callable[[], Backend]) -> Iterator[Stand]:
        """A store on the backend."""
        stand = Stand(open_backend)
        yield stand
        stand.sim.shutdown()

    def test_an_acknowledged_write_is_there_after_a_restart(self, stand: Stand) -> None:
        reply = stand.txn(put_if("a", 0, "1"))
        assert isinstance(reply, TxnReply)
        assert (reply.revision, reply.succeeded) == (2, True)
        stand.power_off_and_on()
        reply = stand.range(RangeOp(key="a"))
        assert reply == RangeReply(revision=2, kvs=(KeyValue("a", "1", 2, 2, 1),), more=False, count=1)
        assert isinstance(reply, RangeReply)
        value = reply.kvs[0].value
        assert isinstance(value, Note)
        assert value.revision == 2

    def test_every_revision_reads_the_same_after_a_restart(self, stand: Stand) -> None:
        some_writes(stand)
        before = stand.history()
        stand.power_off_and_on()
        assert stand.history() == before
        assert contents(before[-1]) == [("a", "1", 3), ("b", "3", 7), ("c", "1", 6), ("d", "1", 6)]

    def test_writes_continue_at_the_next_revision_after_a_restart(self, stand: Stand) -> None:
        some_writes(stand)
        stand.power_off_and_on()
        stale = stand.txn(put_if("b", 4, "stale"))
        good = stand.txn(put_if("b", 7, "good"))
        assert stale == TxnReply(revision=7, succeeded=False, replies=())
        assert isinstance(good, TxnReply)
        assert (good.revision, good.succeeded) == (8, True)

    def test_a_watch_from_before_a_restart_gets_every_event_with_its_previous_version(self, stand: Stand) -> None:
        some_writes(stand)
        stand.power_off_and_on()
        assert stand.watch(start=4) == WatchCreated(revision=7)
        b2, b3 = KeyValue("b", "2", 2, 4, 2), KeyValue("b", "3", 7, 7, 1)
        assert stand.got == [
            StoreEvents(
                watch=1,
                revision=7,
                events=(
                    StoreEvent(deleted=False, kv=b2, previous=KeyValue("b", "1", 2, 2, 1)),
                    StoreEvent(deleted=True, kv=KeyValue("b", None, 0, 5, 0), previous=b2),
                    StoreEvent(deleted=False, kv=KeyValue("d", "1", 6, 6, 1), previous=None),
                    StoreEvent(deleted=False, kv=KeyValue("c", "1", 6, 6, 1), previous=None),
                    StoreEvent(deleted=False, kv=b3, previous=None),
                ),
            )
        ]

    def test_compaction_survives_a_restart(self, stand: Stand) -> None:
        some_writes(stand)
        assert stand.sim.ask(stand.store, Compact(revision=5)) == CompactReply(revision=7, compact_revision=5)
        stand.sim.run(1)
        before = stand.history()
        assert before[:4] == [Compacted(5)] * 4
        assert contents(before[4]) == [("a", "1", 3)]
        for _ in range(2):
            stand.power_off_and_on()
            stand.sim.run(1)
            assert stand.history() == before
        assert stand.sim.ask(stand.store, Compact(revision=5)) == Compacted(5)
        assert stand.sim.ask(stand.store, Compact(revision=8)) == FutureRevision(7)
        assert stand.watch(start=4) == Compacted(5)
        assert stand.watch(start=5) == WatchCreated(revision=7)
        (message,) = stand.got
        assert isinstance(message, StoreEvents)
        assert [(event.kv.key, event.deleted) for event in message.events][:2] == [("b", True), ("d", False)]

    def test_an_interrupted_compaction_is_finished_after_a_restart(self, stand: Stand) -> None:
        some_writes(stand)
        stand.sim.ask(stand.store, Compact(revision=7))  # and no time passes in which it could forget anything
        stand.power_off_and_on()
        stand.sim.run(1)
        before = stand.history()
        assert before[:6] == [Compacted(7)] * 6
        stand.power_off_and_on()
        assert stand.history() == before

    def test_the_revision_does_not_go_back_when_the_newest_write_was_compacted(self, stand: Stand) -> None:
        stand.txn(put("a", "1"))
        stand.txn(delete("a"))
        stand.sim.ask(stand.store, Compact(revision=3))
        stand.sim.run(1)
        stand.power_off_and_on()
        assert stand.range(EVERYTHING) == RangeReply(revision=3, kvs=(), more=False, count=0)

    def test_leases_survive_a_restart_with_their_full_time(self, stand: Stand) -> None:
        lease = stand.sim.ask(stand.store, LeaseGrant(ttl_seconds=10))
        stand.txn(put("a", "1", lease))
        stand.sim.run(9)
        stand.power_off_and_on()
        stand.sim.run(9)
        assert contents(stand.range(EVERYTHING)) == [("a", "1", 2)]
        stand.sim.run(2)
        assert stand.range(EVERYTHING) == RangeReply(revision=3, kvs=(), more=False, count=0)
        assert not stand.sim.ask(stand.store, LeaseKeepAlive(lease=lease))
        assert stand.txn(put("a", "1", lease)) == LeaseNotFound(lease)

    def test_a_lease_that_is_renewed_keeps_its_keys(self, stand: Stand) -> None:
        lease = stand.sim.ask(stand.store, LeaseGrant(ttl_seconds=10))
        stand.txn(put("a", "1", lease))
        for _ in range(3):
            stand.sim.run(9)
            assert stand.sim.ask(stand.store, LeaseKeepAlive(lease=lease))
        assert contents(stand.range(EVERYTHING)) == [("a", "1", 2)]
        stand.sim.run(11)
        assert contents(stand.range(EVERYTHING)) == []

    def test_an_ended_lease_stays_ended_and_its_id_is_not_reused(self, stand: Stand) -> None:
        lease = stand.sim.ask(stand.store, LeaseGrant(ttl_seconds=10))
        assert stand.sim.ask(stand.store, LeaseRevoke(lease=lease))
        assert not stand.sim.ask(stand.store, LeaseRevoke(lease=lease))
        stand.power_off_and_on()
        assert not stand.sim.ask(stand.store, LeaseKeepAlive(lease=lease))
        assert stand.sim.ask(stand.store, LeaseGrant(ttl_seconds=10)) > lease

    def test_a_store_that_crashes_tells_its_watchers_and_loses_nothing(self, stand: Stand) -> None:
        some_writes(stand)
        stand.watch()
        stand.sim.crash(stand.store, RuntimeError("planted"))
        stand.txn(put("a", "2"))
        assert stand.got == [StoreWatchCancelled(watch=1)]
        stand.got.clear()
        stand.watch(start=8)
        (message,) = stand.got
        assert isinstance(message, StoreEvents)
        assert [(event.kv.key, event.kv.value) for event in message.events] == [("a", "2")]

    def test_a_cancelled_watch_and_a_stopped_subscriber_get_no_more_events(self, stand: Stand) -> None:
        stand.watch()
        stand.store.tell(WatchCancel(subscriber=stand.subscriber, watch=1))
        stand.txn(put("a", "1"))
        stand.watch()
        _ = stand.sim.stop(stand.subscriber)
        stand.txn(put("a", "1"))
        stand.sim.run(60)
        assert stand.got == []

    def test_watchers_get_progress_notifications(self, stand: Stand) -> None:
        stand.watch(keys=("a", "b"))
        stand.txn(put("x", "1"))
        stand.sim.run(60)
        assert stand.got == [StoreEvents(watch=1, revision=2, events=())]

    def test_thousands_of_keys_in_one_transaction_keep_their_order(self, stand: Stand) -> None:
        keys = [f"{number * 7919 % 2500:06}" for number in range(2500)]
        stand.txn(Txn(success=tuple(PutOp(key=key, value="x") for key in keys)))
        stand.txn(delete("0", "1"))
        stand.sim.ask(stand.store, Compact(revision=2))
        stand.power_off_and_on()
        assert stand.watch(start=2, keys=("0", "1")) == WatchCreated(revision=3)
        first, second = stand.got
        assert isinstance(first, StoreEvents)
        assert [event.kv.key for event in first.events] == keys
        assert isinstance(second, StoreEvents)
        assert [event.kv.key for event in second.events] == sorted(keys)
        assert all(event.previous is not None and event.previous.value == "x" for event in second.events)
