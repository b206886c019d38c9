"""The store actor: what waits for the disk, what does not, and what a failing disk causes."""

import threading  # noqa: TID251 -- holds a commit in its thread
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import anyio
import pytest

from kubeactors.actor import Actor, ActorSystem, AskError, Mailbox, Ref, SimSystem, handle
from kubeactors.message import Message
from kubeactors.storage import (
    Backend,
    Codec,
    DuplicateKey,
    LeaseGrant,
    Progress,
    PutOp,
    Range,
    RangeOp,
    RangeReply,
    Store,
    StoreEvents,
    StoreMessage,
    StoreUnavailable,
    StoreWatchCancelled,
    Txn,
    TxnReply,
    WatchCreate,
    WatchCreated,
)
from kubeactors.storage.backends.memory import MemoryBackend
from kubeactors.storage.backends.sqlite import SqliteBackend
from kubeactors.storage.changes import Changes
from kubeactors.storage.mvcc import Mvcc
from kubeactors.testing.store_requests import EVERYTHING, contents, put, put_if


class SlowDisk:
    """A disk on which each commit waits for the test; groups are recorded as they are staged."""

    blocking = True
    max_value_bytes = 0

    def __init__(self, disk: Backend) -> None:
        self.disk = disk
        self.groups: list[list[str]] = []
        self.allowed = threading.Semaphore(0)
        self.broken = False

    def load(self, codec: Codec) -> Mvcc:
        return self.disk.load(codec)

    def stage(self, changes: Changes, codec: Codec) -> Callable[[], None]:
        self.groups.append([event.kv.key for event in changes.events])
        return partial(self.commit, self.disk.stage(changes, codec))

    def commit(self, commit: Callable[[], None]) -> None:
        assert self.allowed.acquire(timeout=10)
        if self.broken:
            raise StoreUnavailable("planted: disk full")
        commit()


class Recorder(Actor[StoreEvents | StoreWatchCancelled]):
    def __init__(self, got: list[StoreEvents | StoreWatchCancelled]) -> None:
        self.got = got

    @handle
    def record(self, message: StoreEvents | StoreWatchCancelled) -> None:
        self.got.append(message)


def told(got: list[StoreEvents | StoreWatchCancelled]) -> list[tuple[int, list[str]]]:
    """Revision and keys of each message."""
    return [(m.revision, [event.kv.key for event in m.events]) for m in got if isinstance(m, StoreEvents)]


class Acknowledged:
    """Writes in the background, and records what is acknowledged."""

    def __init__(self, store: Ref[StoreMessage]) -> None:
        self.store = store
        self.revisions: list[int] = []

    async def __call__(self, *txns: Txn) -> None:
        for txn in txns:
            reply = await self.store.ask(txn)
            assert isinstance(reply, TxnReply)
            self.revisions.append(reply.revision)


async def until(condition: Callable[[], bool]) -> None:
    with anyio.fail_after(10):
        while not condition():
            await anyio.lowlevel.checkpoint()


@pytest.fixture(params=["memory", "sqlite"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SlowDisk]:
    if request.param == "memory":
        yield SlowDisk(MemoryBackend())
    else:
        with SqliteBackend(tmp_path / "store.db") as backend:
            yield SlowDisk(backend)


async def test_nobody_sees_a_write_before_it_is_durable(disk: SlowDisk) -> None:
    got: list[StoreEvents | StoreWatchCancelled] = []
    async with ActorSystem() as system, anyio.create_task_group() as tasks:
        store = await system.spawn(lambda: Store(disk), name="store")
        subscriber = await system.spawn(lambda: Recorder(got), name="subscriber")
        await store.ask(WatchCreate(subscriber=subscriber, watch=1, key="a", range_end="z"))
        write = Acknowledged(store)
        tasks.start_soon(write, put("a", b"1"))
        await until(lambda: disk.groups == [["a"]])
        assert contents(await store.ask(Range(op=EVERYTHING))) == []
        assert contents(await store.ask(Range(op=RangeOp(key="a")))) == []
        assert (await store.ask(Progress())).revision == 1
        assert (write.revisions, got) == ([], [])
        disk.allowed.release()
        await until(lambda: write.revisions == [2] and bool(got))
        assert told(got) == [(2, ["a"])]
        assert contents(await store.ask(Range(op=EVERYTHING))) == [("a", b"1", 2)]


async def test_a_rejection_that_shows_an_undurable_write_waits_for_it(disk: SlowDisk) -> None:
    async with ActorSystem() as system, anyio.create_task_group() as tasks:
        store = await system.spawn(lambda: Store(disk), name="store")
        write, compare = Acknowledged(store), Acknowledged(store)
        tasks.start_soon(write, put("a", b"1"))
        await until(lambda: disk.groups == [["a"]])
        tasks.start_soon(compare, put_if("a", 0, b"2", failure=(RangeOp(key="a"),)))
        await store.ask(Progress())
        assert compare.revisions == []
        disk.allowed.release()
        await until(lambda: compare.revisions == [2] and write.revisions == [2])
    assert disk.groups == [["a"]]


async def test_writes_gather_while_a_commit_is_in_flight(disk: SlowDisk) -> None:
    got: list[StoreEvents | StoreWatchCancelled] = []
    async with ActorSystem() as system, anyio.create_task_group() as tasks:
        store = await system.spawn(lambda: Store(disk), name="store")
        subscriber = await system.spawn(lambda: Recorder(got), name="subscriber")
        await store.ask(WatchCreate(subscriber=subscriber, watch=1, key="a", range_end="z"))
        first = Acknowledged(store)
        tasks.start_soon(first, put("a", b"1"))
        await until(lambda: disk.groups == [["a"]])
        others = Acknowledged(store)
        for key in "bcd":
            tasks.start_soon(others, put(key, b"1"))
        await until(lambda: len(store_of(store)._gathering) == 3)
        disk.allowed.release()
        await until(lambda: len(disk.groups) == 2 and first.revisions == [2])
        assert others.revisions == []
        disk.allowed.release()
        await until(lambda: sorted(others.revisions) == [3, 4, 5] and len(got) == 2)
    assert sorted(disk.groups[1]) == ["b", "c", "d"]
    assert told(got) == [(2, ["a"]), (5, disk.groups[1])]


def store_of(ref: Ref[StoreMessage]) -> Store:
    """The actor behind a ref."""
    actor = getattr(ref, "actor")  # noqa: B009 -- a ref's type does not show it
    assert isinstance(actor, Store)
    return actor


@pytest.mark.parametrize("disk", ["sqlite"], indirect=True)
async def test_a_write_lost_by_a_disk_failure_was_never_visible(disk: SlowDisk) -> None:
    async with ActorSystem() as system:
        store = await system.spawn(lambda: Store(disk), name="store")
        disk.allowed.release()
        await store.ask(put("a", b"1"))
        disk.broken = True
        disk.allowed.release()
        with pytest.raises(AskError):
            await store.ask(put("a", b"2"))
        disk.broken = False
        assert contents(await store.ask(Range(op=EVERYTHING))) == [("a", b"1", 2)]
        disk.allowed.release()
        reply = await store.ask(put_if("a", 2, b"3"))
        assert isinstance(reply, TxnReply)
        assert (reply.revision, reply.succeeded) == (3, True)


async def test_hundreds_of_writers_on_sqlite_each_see_their_own_writes(tmp_path: Path) -> None:
    async def count(store: Ref[StoreMessage], key: str) -> None:
        revision = 0
        for number in range(5):
            reply = await store.ask(put_if(key, revision, number))
            assert isinstance(reply, TxnReply)
            assert reply.succeeded
            revision = reply.revision
            found = await store.ask(Range(op=RangeOp(key=key)))
            assert contents(found) == [(key, number, revision)]

    with SqliteBackend(tmp_path / "store.db") as backend:
        async with ActorSystem() as system, anyio.create_task_group() as tasks:
            store = await system.spawn(lambda: Store(backend, NumberCodec()), name="store")
            for writer in range(300):
                tasks.start_soon(count, store, f"key-{writer}")
        assert backend.load(NumberCodec()).revision == 1501


class NumberCodec:
    def encode(self, value: object) -> bytes:
        return b"%d" % value if isinstance(value, int) else b""

    def decode(self, data: bytes, mod_revision: int) -> object:
        return int(data) if mod_revision else 0

    def stamp(self, value: object, mod_revision: int) -> object:
        return value if mod_revision else 0


class Nap(Message, frozen=True):
    pass


class Sleepy(Recorder):
    """Rejects messages for a while."""

    @handle
    async def nap(self, message: Nap) -> None:
        del message
        await self.ctx.sleep(5)


def test_a_subscriber_that_is_behind_gets_all_events_when_it_has_room() -> None:
    sim = SimSystem(seed=3)
    got: list[StoreEvents | StoreWatchCancelled] = []
    store = sim.spawn(lambda: Store(MemoryBackend()), name="store")
    subscriber = sim.spawn(lambda: Sleepy(got), name="subscriber", mailbox=Mailbox(capacity=2))
    assert sim.ask(store, WatchCreate(subscriber=subscriber, watch=1, key="a", range_end="z")) == WatchCreated(
        revision=1
    )
    sim_ref(subscriber).tell(Nap())
    sim.settle()
    for key in "abcdef":
        sim.ask(store, put(key, b""))
    sim.run(4)
    assert got == []
    sim.run(4)
    assert told(got) == [(2, ["a"]), (3, ["b"]), (7, ["c", "d", "e", "f"])]


def sim_ref(ref: Ref[StoreEvents | StoreWatchCancelled]) -> Ref[Nap]:
    """The same ref, typed for another message of its actor."""
    return ref  # type: ignore[return-value]  # pyright: ignore[reportReturnType]


def test_an_invalid_transaction_fails_its_caller_and_changes_nothing() -> None:
    sim = SimSystem(seed=1)
    disk = MemoryBackend()
    store = sim.spawn(lambda: Store(disk), name="store")
    sim.ask(store, put("a", b"1"))
    with pytest.raises(AskError) as caught:
        sim.ask(store, Txn(success=(PutOp(key="b", value=b""), PutOp(key="b", value=b""))))
    assert isinstance(caught.value.__cause__, DuplicateKey)
    assert contents(sim.ask(store, Range(op=EVERYTHING))) == [("a", b"1", 2)]


def test_a_progress_request_notifies_the_callers_own_watches_at_once() -> None:
    class Asker(Recorder):
        @handle
        async def ask(self, message: Nap) -> None:
            del message
            reply = await store.ask(Progress())
            assert isinstance(reply, RangeReply)
            assert told(got) == [(2, [])] or not got

    sim = SimSystem(seed=1)
    got: list[StoreEvents | StoreWatchCancelled] = []
    store = sim.spawn(lambda: Store(MemoryBackend()), name="store")
    asker = sim.spawn(lambda: Asker(got), name="asker")
    sim.ask(store, WatchCreate(subscriber=asker, watch=1, key="a", range_end="b"))
    sim.ask(store, put("x", b""))
    sim_ref(asker).tell(Nap())
    sim.settle()
    assert told(got) == [(2, [])]


def test_the_watches_of_a_stopped_subscriber_are_removed() -> None:
    sim = SimSystem(seed=1)
    store = sim.spawn(lambda: Store(MemoryBackend()), name="store")
    subscriber = sim.spawn(lambda: Recorder([]), name="subscriber")
    for watch in (1, 2):
        sim.ask(store, WatchCreate(subscriber=subscriber, watch=watch, key="a"))
    _ = sim.stop(subscriber)
    sim.settle()
    assert len(store_of(store)._watches) == 0


def test_an_idle_store_has_no_timers() -> None:
    sim = SimSystem(seed=1)
    got: list[StoreEvents | StoreWatchCancelled] = []
    store = sim.spawn(lambda: Store(MemoryBackend()), name="store")
    subscriber = sim.spawn(lambda: Recorder(got), name="subscriber")
    sim.ask(store, WatchCreate(subscriber=subscriber, watch=1, key="a", range_end="z"))
    sim.ask(store, put("a", b""))
    sim.run(60)
    assert not sim.step()


def test_the_same_seed_gives_the_same_run() -> None:
    def run() -> tuple[list[object], list[StoreEvents | StoreWatchCancelled]]:
        sim = SimSystem(seed=5)
        got: list[StoreEvents | StoreWatchCancelled] = []
        store = sim.spawn(lambda: Store(MemoryBackend()), name="store")
        subscriber = sim.spawn(lambda: Recorder(got), name="subscriber", mailbox=Mailbox(capacity=3))
        sim.ask(store, WatchCreate(subscriber=subscriber, watch=1, key="a", range_end="z"))
        lease = sim.ask(store, LeaseGrant(ttl_seconds=2))
        for number in range(30):
            store.tell(put(f"k{number % 7}", b"%d" % number, lease))
        sim.run(10)
        return [sim.ask(store, Range(op=EVERYTHING)), sim.now], got

    assert run() == run()
