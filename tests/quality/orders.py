"""Order-dependent bugs: small systems of our own components, a mutant of each, and which strategy finds it.

A campaign tries many clusters, each in one order. Here one small system is tried in many orders, without faults, which
shows how effective each search strategy is.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from typing import cast
from unittest.mock import patch

import msgspec
from msgspec.structs import replace

from kubeactors.actor import Actor, Mailbox, Ref, SimSystem, handle
from kubeactors.actor.driver import RunQueue
from kubeactors.actor.schedules import Fifo, RandomDelays, ScheduledQueue
from kubeactors.api import SCHEME
from kubeactors.api.core.v1 import ConfigMap
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.apimachinery.requests import MODIFIED, ListOptions, WatchClosed, WatchEvents
from kubeactors.apiserver import ApiServer, ObjectCodec
from kubeactors.client import (
    Change,
    Client,
    Controller,
    InformerFactory,
    InProcessTransport,
    Notify,
    Overlay,
    SharedInformer,
    key_of,
)
from kubeactors.sim.search import Priorities
from kubeactors.storage import (
    Compact,
    Compacted,
    Compare,
    DeleteOp,
    FutureRevision,
    LeaseNotFound,
    MemoryBackend,
    PutOp,
    Range,
    RangeOp,
    RangeReply,
    Store,
    StoreEvents,
    StoreMessage,
    StoreWatchCancelled,
    Txn,
    TxnReply,
    WatchCreate,
)
from kubeactors.storage.mvcc import Mvcc
from kubeactors.storage.watch import Watcher, Watches
from tests.quality.mutants.client import writes_outlive_their_objects
from tests.sim.small import Go, UniformQueue

Build = Callable[[SimSystem], Callable[[], str]]
Patch = Callable[[], AbstractContextManager[object]]
SECONDS = 30.0
KEY = "number"


def _store(sim: SimSystem) -> Ref[StoreMessage]:
    return cast("Ref[StoreMessage]", sim.spawn(lambda: Store(MemoryBackend()), name="store"))


# A watcher that lags behind a compaction: a bug of depth 3. The watcher is so slow that its mailbox overflows, history is
# compacted after that, and no event is sent to it in between.

WRITES, ROOM = 80, 48
"""The number of writes, and the capacity of mailboxes: more than fill up by mere chance."""


class Writer(Actor[Go]):
    """Writes `WRITES` keys, one after the other."""

    def __init__(self, store: Ref[StoreMessage]) -> None:
        self.store = store

    @handle
    async def go(self, message: Go) -> None:
        for number in range(WRITES):
            await self.store.ask(Txn(success=(PutOp(key=f"{KEY}-{number:03}", value=number),)))


class Compactor(Actor[Go]):
    """Compacts all history, once."""

    def __init__(self, store: Ref[StoreMessage]) -> None:
        self.store = store

    @handle
    async def go(self, message: Go) -> None:
        reply = await self.store.ask(Range(op=RangeOp(key=KEY)))
        assert isinstance(reply, RangeReply)
        await self.store.ask(Compact(revision=reply.revision))


class Follower(Actor[Go | StoreEvents | StoreWatchCancelled]):
    """Watches from the beginning; knows the keys, or that it must relist."""

    def __init__(self, store: Ref[StoreMessage]) -> None:
        self.store = store
        self.known: dict[str, object] = {}
        self.must_look = False

    @handle
    async def go(self, message: Go) -> None:
        create = WatchCreate(subscriber=self.ctx.self, watch=1, key=KEY, range_end=f"{KEY}~", start_revision=1)
        self.must_look = isinstance(await self.store.ask(create), Compacted)

    @handle
    def told(self, message: StoreEvents) -> None:
        self.known |= {one.kv.key: one.kv.value for one in message.events}

    @handle
    def ended(self, message: StoreWatchCancelled) -> None:
        self.must_look = True


def followed(sim: SimSystem) -> Callable[[], str]:
    """A writer, a watcher, and a compactor."""
    store = _store(sim)
    follower = Follower(store)
    sim.spawn(lambda: follower, name="follower", mailbox=Mailbox(capacity=ROOM)).tell(Go())
    sim.run(1.0)
    for actor in (Writer, Compactor):
        sim.spawn(partial(actor, store), name=actor.__name__.lower()).tell(Go())

    def question() -> str:
        missing = WRITES - len(follower.known)
        return f"{missing} of {WRITES} are not known, and nobody says so" if missing and not follower.must_look else ""

    return question


def who_is_behind_is_not_told_that_history_has_gone() -> AbstractContextManager[object]:
    """A lagging watch continues at the compacted revision, and events before that are lost."""

    def _cancel_compacted(self: Watches, watcher: Watcher, compact_revision: int) -> bool:
        watcher.next_revision = compact_revision
        return self._catch_up(watcher)

    return patch.object(Watches, "_cancel_compacted", _cancel_compacted)


# An object whose deletion a controller observes before it reads the reply to its own last write.

LABEL = "seen"


class Labeller(Controller):
    """Labels each object, once."""

    def __init__(self, client: Client, objects: SharedInformer[ConfigMap]) -> None:
        super().__init__()
        self.client = client
        self.objects = objects.lister
        self.written: Overlay[ConfigMap] = Overlay(objects.lister)
        self.observe(objects, self.changed)

    def changed(self, change: Change[ConfigMap]) -> None:
        self.written.seen(change)
        if change.new is not None:
            self.enqueue(change.key)

    async def reconcile(self, key: str) -> None:
        found = self.written.newest(key, self.objects.by_key(key))
        if found is not None and LABEL not in found.metadata.labels:
            metadata = replace(found.metadata, labels={LABEL: "yes"})
            self.written.wrote(key, await self.client.update(replace(found, metadata=metadata)))


class Process(Actor[Notify]):
    """A labeller with its informer."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def started(self) -> None:
        objects = InformerFactory(self.ctx, self.client).of(ConfigMap)
        self.labeller = Labeller(self.client, objects)
        self.ctx.spawn(lambda: self.labeller, name="labeller")

    @handle
    def notified(self, message: Notify) -> None:
        """It gets no messages."""


class Impatient(Actor[Go | WatchEvents | WatchClosed], reentrant=True):
    """Creates an object, and deletes it as soon as it is labelled."""

    def __init__(self, client: Client) -> None:
        self.client = client

    @handle
    async def go(self, message: Go) -> None:
        await self.client.watch(ConfigMap, self.ctx.self, 1, ListOptions())
        await self.client.create(ConfigMap(metadata=ObjectMeta(name="a", namespace="default")))

    @handle
    async def told(self, message: WatchEvents) -> None:
        for one in message.events:
            if one.type == MODIFIED:
                await self.client.delete(ConfigMap, "a", "default")

    @handle
    def closed(self, message: WatchClosed) -> None:
        """It never happens."""


def labelled(sim: SimSystem) -> Callable[[], str]:
    """An API server, a controller that writes, and a user who deletes the written object."""
    store = sim.spawn(partial(Store, MemoryBackend(), ObjectCodec(SCHEME)), name="store")
    server = sim.spawn(lambda: ApiServer(SCHEME, store), name="apiserver")
    client = Client(InProcessTransport(server))
    process = Process(client)
    sim.spawn(lambda: process, name="process")
    user = sim.spawn(partial(Impatient, client), name="user")
    sim.run(1.0)
    user.tell(Go())

    def question() -> str:
        known = process.labeller.written._written
        return f"{', '.join(map(key_of, known.values()))} is known, and gone" if known else ""

    return question


# A key that is deleted and recreated between a read and a write.


class Careful(Actor[Go]):
    """Reads a key, and overwrites exactly that version."""

    def __init__(self, store: Ref[StoreMessage]) -> None:
        self.store = store
        self.seen: object = None

    @handle
    async def go(self, message: Go) -> None:
        found = await self.store.ask(Range(op=RangeOp(key=KEY)))
        assert isinstance(found, RangeReply)
        if found.kvs:
            self.seen = found.kvs[0].value
            compare = Compare(key=KEY, mod_revision=found.kvs[0].mod_revision)
            await self.store.ask(Txn(compare=(compare,), success=(PutOp(key=KEY, value="mine"),)))


class Remaker(Actor[Go]):
    """Creates a key, deletes it, and creates it again."""

    def __init__(self, store: Ref[StoreMessage]) -> None:
        self.store = store

    @handle
    async def go(self, message: Go) -> None:
        for op in (PutOp(key=KEY, value="first"), DeleteOp(key=KEY), PutOp(key=KEY, value="second")):
            await self.store.ask(Txn(success=(op,)))


def remade(sim: SimSystem) -> Callable[[], str]:
    """A writer that overwrites what it has read, and one that deletes and recreates the key."""
    store = _store(sim)
    careful = Careful(store)
    sim.spawn(lambda: careful, name="careful").tell(Go())
    sim.spawn(partial(Remaker, store), name="remaker").tell(Go())

    def question() -> str:
        there = sim.play(_read(store))
        return f"the second is written over, and {careful.seen} was seen" if (careful.seen, there) == MISTAKE else ""

    return question


MISTAKE = ("first", "mine")


async def _read(store: Ref[StoreMessage]) -> object:
    found = await store.ask(Range(op=RangeOp(key=KEY)))
    assert isinstance(found, RangeReply)
    return found.kvs[0].value if found.kvs else None


def what_is_made_again_looks_the_same() -> AbstractContextManager[object]:
    """The comparison checks existence, not the revision."""
    genuine = Mvcc.txn

    def txn(self: Mvcc, txn: Txn) -> TxnReply | Compacted | FutureRevision | LeaseNotFound:
        now = {one.key: self._current.get(one.key) for one in txn.compare}
        compare = tuple(
            one if (kv := now[one.key]) is None or not one.mod_revision else replace(one, mod_revision=kv.mod_revision)
            for one in txn.compare
        )
        return genuine(self, replace(txn, compare=compare))

    return patch.object(Mvcc, "txn", txn)


# The strategies that find them.


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """A small system, a bug in it, and the strategy that finds it soonest."""

    citation: str
    build: Build
    mutant: Patch
    steps: int
    """The approximate number of steps of a run."""
    best: str

    @property
    def name(self) -> str:
        """Of the bug."""
        return self.mutant.__name__

    def violation(self, queue: RunQueue) -> str:
        """The problem in one order; empty if there is none."""
        sim = SimSystem(0, queue=queue)
        question = self.build(sim)
        sim.run(SECONDS)
        return question()

    def met(self, strategy: str, seeds: int) -> list[int]:
        """The seeds with which a strategy finds the bug."""
        return [seed for seed in range(seeds) if self.violation(self._queue(strategy, seed))]

    def _queue(self, strategy: str, seed: int) -> RunQueue:
        match strategy:
            case "priorities":
                return ScheduledQueue(Priorities(str(seed), depth=DEPTH, steps=self.steps))
            case "delays":
                return ScheduledQueue(RandomDelays(str(seed)))
            case "uniform":
                return UniformQueue(seed)
            case _:
                return ScheduledQueue(Fifo())


DEPTH = 3
SEEDS = {"fifo": 1, "uniform": 200, "delays": 200, "priorities": 200}
"""The number of orders to try by strategy; there is one first-in-first-out order."""
EVERY_ORDER = "every order"
"""Exhaustive search, which also proves that the correct component fails in no order."""

ORDERS = (
    Order(
        citation="the family of etcd-io/etcd 15271, 20221",
        build=followed,
        mutant=who_is_behind_is_not_told_that_history_has_gone,
        steps=400,
        best="priorities",
    ),
    Order(citation="124224", build=labelled, mutant=writes_outlive_their_objects, steps=200, best="delays"),
    Order(
        citation="the family of 65200, 92743",
        build=remade,
        mutant=what_is_made_again_looks_the_same,
        steps=20,
        best=EVERY_ORDER,
    ),
)
