"""How long does an ask take?"""

import asyncio

from benchmarks.actors import xoscar_peer
from benchmarks.actors.question import Add, AsyncCounter, Counter, GetTotal, Question, Stopwatch
from kubeactors.actor import Actor, ActorSystem, Ref, handle
from kubeactors.message import Request

try:
    import pykka
except ImportError:
    pykka = None


async def idle(count: int) -> float:
    """A task asks an idle actor with a plain handler: it runs at once."""
    async with ActorSystem() as system:
        ref = await system.spawn(Counter)
        request = GetTotal()
        with Stopwatch() as watch:
            for _ in range(count):
                await ref.ask(request)
        return watch.seconds


async def queued(count: int) -> float:
    """A task asks an actor with a non-empty mailbox, so that the request is queued."""
    async with ActorSystem() as system:
        ref = await system.spawn(Counter)
        request, add = GetTotal(), Add()
        with Stopwatch() as watch:
            for _ in range(count):
                ref.tell(add)
                await ref.ask(request)
        return watch.seconds


async def asynchronous(count: int) -> float:
    """A task asks an actor with an `async def` handler."""
    async with ActorSystem() as system:
        ref = await system.spawn(AsyncCounter)
        request = GetTotal()
        with Stopwatch() as watch:
            for _ in range(count):
                await ref.ask(request)
        return watch.seconds


class Go(Request[int], frozen=True):
    """Ask so often."""

    times: int


class Asker(Actor[Go], deterministic=True):
    """Asks another actor with a non-empty mailbox."""

    def __init__(self, counter: Ref[Add | GetTotal]) -> None:
        self.counter = counter

    @handle
    async def go(self, message: Go) -> int:
        """Ask again and again."""
        request, add = GetTotal(), Add()
        total = 0
        for _ in range(message.times):
            self.counter.tell(add)
            total = await self.counter.ask(request)
        return total


class ForeignAsker(Asker, deterministic=False):
    """The same, in a task of its own."""


def between(asker: type[Asker]):  # type: ignore[no-untyped-def] # noqa: ANN201 -- a contestant
    """One actor asks another."""

    async def ask(count: int) -> float:
        async with ActorSystem() as system:
            counter = await system.spawn(Counter)
            ref = await system.spawn(lambda: asker(counter))
            with Stopwatch() as watch:
                await ref.ask(Go(count), timeout_seconds=600)
            return watch.seconds

    return ask


async def queue(count: int) -> float:
    """A future in a queue, resolved by a task; another message comes first, as for the others."""
    mailbox: asyncio.Queue[asyncio.Future[int] | None] = asyncio.Queue(100_000)
    total = 0

    async def serve() -> None:
        nonlocal total
        while True:
            reply = await mailbox.get()
            if reply is None:
                total += 1
            else:
                reply.set_result(total)

    task = asyncio.create_task(serve())
    loop = asyncio.get_running_loop()
    with Stopwatch() as watch:
        for _ in range(count):
            mailbox.put_nowait(None)
            reply: asyncio.Future[int] = loop.create_future()
            mailbox.put_nowait(reply)
            async with asyncio.timeout(30):
                await reply
    task.cancel()
    return watch.seconds


async def with_pykka(count: int) -> float:
    """A thread asks another."""

    class PykkaCounter(pykka.ThreadingActor):
        def on_receive(self, message: object) -> int:
            return 1

    ref = PykkaCounter.start()
    try:
        message = Add()
        with Stopwatch() as watch:
            for _ in range(count):
                ref.ask(message)
    finally:
        ref.stop()
    return watch.seconds


QUESTION = Question(
    name="ask",
    text="Questions a second; the peer is a future in a queue with a deadline",
    operations=30_000,
    contestants={
        "kubeactors": queued,
        "kubeactors, idle actor": idle,
        "kubeactors, async def": asynchronous,
        "kubeactors, actor to actor": between(Asker),
        "kubeactors, actor to actor, own task": between(ForeignAsker),
        "asyncio.Queue": queue,
        **({"pykka": with_pykka} if pykka else {}),
        **xoscar_peer.peer(xoscar_peer.ask),
    },
    bar=1.1,
    share={"pykka": 0.1, "xoscar": 0.1},
)
