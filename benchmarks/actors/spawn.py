"""How fast do actors start, and how much memory does an idle one take?"""

import asyncio
import gc
import tracemalloc

import anyio

from benchmarks.actors import xoscar_peer
from benchmarks.actors.question import Add, Counter, GetTotal, Question, Stopwatch
from kubeactors.actor import Actor, ActorSystem, Ref, handle
from kubeactors.message import Request

try:
    import pykka
except ImportError:
    pykka = None


class Fill(Request[int], frozen=True):
    """Spawn so many children."""

    count: int


class Parent(Actor[Fill]):
    """Has many children."""

    def __init__(self) -> None:
        self.children: list[Ref[Add | GetTotal]] = []

    @handle
    def fill(self, message: Fill) -> int:
        """Spawn them."""
        spawn = self.ctx.spawn
        self.children = [spawn(Counter) for _ in range(message.count)]
        return len(self.children)


class Started(Request[int], frozen=True):
    """Answered after all that were spawned before have started."""


async def from_an_actor(count: int) -> float:
    """An actor spawns children, and the last of them answers."""
    async with ActorSystem() as system:
        parent = await system.spawn(Parent)
        with Stopwatch() as watch:
            await parent.ask(Fill(count))
            await anyio.lowlevel.checkpoint()
            while system.kernel.has_work:
                await anyio.lowlevel.checkpoint()
        return watch.seconds


async def from_a_task(count: int) -> float:
    """A task spawns actors and waits for each."""
    async with ActorSystem() as system:
        with Stopwatch() as watch:
            for _ in range(count):
                await system.spawn(Counter)
        return watch.seconds


async def tasks(count: int) -> float:
    """A task and its queue for each."""

    async def consume(own: "asyncio.Queue[Add]") -> None:
        while True:
            await own.get()

    with Stopwatch() as watch:
        group = [asyncio.create_task(consume(asyncio.Queue(1000))) for _ in range(count)]
        await asyncio.sleep(0)
    for task in group:
        task.cancel()
    await asyncio.gather(*group, return_exceptions=True)
    return watch.seconds


async def threads(count: int) -> float:
    """A thread for each."""

    class PykkaCounter(pykka.ThreadingActor):
        def on_receive(self, message: object) -> None:
            """Does nothing."""

    with Stopwatch() as watch:
        refs = [PykkaCounter.start() for _ in range(count)]
    for ref in refs:
        ref.stop()
    return watch.seconds


async def bytes_of_an_actor(count: int) -> float:
    """The memory of idle children of one parent by `tracemalloc`; each has its own state."""
    async with ActorSystem() as system:
        parent = await system.spawn(Parent)
        await parent.ask(Fill(1))
        gc.collect()
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        await parent.ask(Fill(count))
        while system.kernel.has_work:
            await anyio.lowlevel.checkpoint()
        gc.collect()
        used = tracemalloc.get_traced_memory()[0] - before
        tracemalloc.stop()
    return count / (used / count)  # the runner divides the count by this


async def bytes_of_a_task(count: int) -> float:
    """The same for a task with a queue."""

    async def consume(own: "asyncio.Queue[Add]") -> None:
        while True:
            await own.get()

    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    group = [asyncio.create_task(consume(asyncio.Queue(1000))) for _ in range(count)]
    await asyncio.sleep(0)
    gc.collect()
    used = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    for task in group:
        task.cancel()
    await asyncio.gather(*group, return_exceptions=True)
    return count / (used / count)


QUESTION = Question(
    name="spawn",
    text="Actors started a second",
    operations=50_000,
    contestants={
        "kubeactors": from_an_actor,
        "kubeactors, awaited by a task": from_a_task,
        "asyncio.Queue": tasks,
        **({"pykka": threads} if pykka else {}),
        **xoscar_peer.peer(xoscar_peer.spawn),
    },
    bar=6.0,
    share={"pykka": 0.004, "xoscar": 0.04, "asyncio.Queue": 0.4},
)
MEMORY_QUESTION = Question(
    name="memory",
    text="Bytes of an idle actor, its own state included",
    operations=20_000,
    contestants={"kubeactors": bytes_of_an_actor, "asyncio.Queue": bytes_of_a_task},
    unit="bytes",
    best=min,
)
