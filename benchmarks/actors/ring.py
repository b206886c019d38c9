"""How fast does a token travel around a ring of 1,000 actors? This is the cost of waking an actor."""

import asyncio

import anyio

from benchmarks.actors.question import Contestant, Question, Stopwatch
from kubeactors.actor import Actor, ActorSystem, Ref, handle
from kubeactors.message import Message

SIZE = 1_000

try:
    import pykka
except ImportError:
    pykka = None


class Token(Message, frozen=True):
    """Makes so many hops."""

    hops: int


class Join(Message, frozen=True):
    """The next actor of the ring."""

    next: Ref[Token]


class Node(Actor[Token | Join]):
    """Passes the token on."""

    next: Ref[Token]

    def __init__(self, done: anyio.Event) -> None:
        self.done = done

    @handle
    def join(self, message: Join) -> None:
        """Set the next actor."""
        self.next = message.next

    @handle
    def token(self, message: Token) -> None:
        """Pass it on."""
        if message.hops:
            self.next.tell(Token(message.hops - 1))
        else:
            self.done.set()


class AsyncNode(Node):
    """The same with an `async def`."""

    @handle
    async def token(self, message: Token) -> None:
        """Pass it on."""
        if message.hops:
            self.next.tell(Token(message.hops - 1))
        else:
            self.done.set()


def kubeactors(node: type[Node]) -> Contestant:
    """A ring of actors."""

    async def ring(count: int) -> float:
        done = anyio.Event()
        async with ActorSystem() as system:
            refs = [await system.spawn(lambda: node(done)) for _ in range(SIZE)]
            for one, other in zip(refs, [*refs[1:], refs[0]], strict=True):
                one.tell(Join(other))
            await anyio.sleep(0.01)
            with Stopwatch() as watch:
                refs[0].tell(Token(count))
                await done.wait()
            return watch.seconds

    return ring


async def queue(count: int) -> float:
    """A ring of tasks, each with a queue."""
    queues: list[asyncio.Queue[Token]] = [asyncio.Queue(100_000) for _ in range(SIZE)]
    done = asyncio.Event()

    async def node(own: "asyncio.Queue[Token]", following: "asyncio.Queue[Token]") -> None:
        while True:
            message = await own.get()
            if message.hops:
                following.put_nowait(Token(message.hops - 1))
            else:
                done.set()

    tasks = [asyncio.create_task(node(queues[i], queues[(i + 1) % SIZE])) for i in range(SIZE)]
    await asyncio.sleep(0.01)
    with Stopwatch() as watch:
        queues[0].put_nowait(Token(count))
        await done.wait()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return watch.seconds


async def stream(count: int) -> float:
    """A ring of tasks, each with a memory object stream."""
    streams = [anyio.create_memory_object_stream[Token](100) for _ in range(SIZE)]
    done = anyio.Event()

    async def node(index: int) -> None:
        receive, send = streams[index][1], streams[(index + 1) % SIZE][0]
        while True:
            message = await receive.receive()
            if message.hops:
                send.send_nowait(Token(message.hops - 1))
            else:
                done.set()

    async with anyio.create_task_group() as group:
        for index in range(SIZE):
            group.start_soon(node, index)
        await anyio.sleep(0.01)
        with Stopwatch() as watch:
            streams[0][0].send_nowait(Token(count))
            await done.wait()
        group.cancel_scope.cancel()
    for send, receive in streams:
        send.close()
        receive.close()
    return watch.seconds


QUESTION = Question(
    name="ring",
    text=f"Hops a second of one token around {SIZE:,} actors",
    operations=500_000,
    contestants={"kubeactors": kubeactors(Node), "asyncio.Queue": queue, "anyio stream": stream},
    bar=8.0,
    share={"asyncio.Queue": 0.2, "anyio stream": 0.1},
)
ASYNC_QUESTION = Question(
    name="async ring",
    text="The same with `async def` handlers",
    operations=500_000,
    contestants={"kubeactors": kubeactors(AsyncNode), "asyncio.Queue": queue},
    share={"asyncio.Queue": 0.2},
)
