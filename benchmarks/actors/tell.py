"""How many messages can one actor be told in a second?"""

import asyncio
from collections.abc import Callable

import anyio

from benchmarks.actors import xoscar_peer
from benchmarks.actors.question import BURST, Add, AsyncCounter, Contestant, Counter, GetTotal, Question, Stopwatch
from kubeactors.actor import Actor, ActorSystem

try:
    import pykka
except ImportError:
    pykka = None


def kubeactors(actor: Callable[[], Actor[Add | GetTotal]]) -> Contestant:
    """A counter, told in bursts by a task of the event loop."""

    async def tell(count: int) -> float:
        async with ActorSystem() as system:
            ref = await system.spawn(actor)
            message = Add()
            with Stopwatch() as watch:
                for _ in range(count // BURST):
                    for _ in range(BURST):
                        ref.tell(message)
                    await anyio.lowlevel.checkpoint()
                assert await ref.ask(GetTotal()) == count
            return watch.seconds

    return tell


async def queue(count: int) -> float:
    """A bounded queue and a task that takes from it."""
    mailbox: asyncio.Queue[Add] = asyncio.Queue(100_000)
    total = 0

    async def consume() -> None:
        nonlocal total
        while total < count:
            await mailbox.get()
            total += 1

    task = asyncio.create_task(consume())
    message = Add()
    with Stopwatch() as watch:
        for _ in range(count // BURST):
            for _ in range(BURST):
                mailbox.put_nowait(message)
            await asyncio.sleep(0)
        await task
    return watch.seconds


async def stream(count: int) -> float:
    """A bounded memory object stream and a task that receives."""
    send, receive = anyio.create_memory_object_stream[Add](100_000)
    total = 0

    async def consume() -> None:
        nonlocal total
        while total < count:
            await receive.receive()
            total += 1

    message = Add()
    with send, receive, Stopwatch() as watch:
        async with anyio.create_task_group() as group:
            group.start_soon(consume)
            for _ in range(count // BURST):
                for _ in range(BURST):
                    send.send_nowait(message)
                while send.statistics().current_buffer_used > BURST:
                    await anyio.lowlevel.checkpoint()
    return watch.seconds


async def with_pykka(count: int) -> float:
    """An actor in a thread of its own."""

    class PykkaCounter(pykka.ThreadingActor):
        total = 0

        def on_receive(self, message: object) -> int:
            self.total += 1
            return self.total

    ref = PykkaCounter.start()
    try:
        message = Add()
        with Stopwatch() as watch:
            for _ in range(count):
                ref.tell(message)
            assert ref.ask(message) == count + 1
    finally:
        ref.stop()
    return watch.seconds


_PEERS: dict[str, Contestant] = {"asyncio.Queue": queue, "anyio stream": stream}
_SHARE = {"anyio stream": 0.2, "pykka": 0.1, "xoscar": 0.01}

QUESTION = Question(
    name="tell",
    text="Messages a second from a task to one actor with a plain handler",
    operations=500_000,
    contestants={
        "kubeactors": kubeactors(Counter),
        **_PEERS,
        **({"pykka": with_pykka} if pykka else {}),
        **xoscar_peer.peer(xoscar_peer.tell),
    },
    bar=1.8,
    share=_SHARE,
)
ASYNC_QUESTION = Question(
    name="async tell",
    text="The same with an `async def` handler that does not wait",
    operations=500_000,
    contestants={"kubeactors": kubeactors(AsyncCounter), "asyncio.Queue": queue},
    bar=1.0,
)
