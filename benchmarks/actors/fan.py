"""One to many, and many to one."""

import asyncio

import anyio

from benchmarks.actors.question import Add, Counter, GetTotal, Question, Stopwatch
from kubeactors.actor import Actor, ActorSystem, Mailbox, Ref, handle
from kubeactors.message import Message

SIZE = 1_000


async def fan_out(count: int) -> float:
    """A task tells 1,000 actors, round after round."""
    async with ActorSystem() as system:
        refs = [await system.spawn(Counter) for _ in range(SIZE)]
        message = Add()
        with Stopwatch() as watch:
            for _ in range(count // SIZE):
                for ref in refs:
                    ref.tell(message)
                await anyio.lowlevel.checkpoint()
            totals = [await ref.ask(GetTotal()) for ref in refs]
        assert sum(totals) == count
        return watch.seconds


async def queue_out(count: int) -> float:
    """The same with queues and tasks."""
    queues: list[asyncio.Queue[Add]] = [asyncio.Queue(100_000) for _ in range(SIZE)]
    total = 0

    async def consume(own: "asyncio.Queue[Add]") -> None:
        nonlocal total
        for _ in range(count // SIZE):
            await own.get()
            total += 1

    tasks = [asyncio.create_task(consume(own)) for own in queues]
    await asyncio.sleep(0)
    message = Add()
    with Stopwatch() as watch:
        for _ in range(count // SIZE):
            for own in queues:
                own.put_nowait(message)
            await asyncio.sleep(0)
        await asyncio.gather(*tasks)
    assert total == count
    return watch.seconds


class Go(Message, frozen=True):
    """Tell the counter so often."""

    times: int
    counter: Ref[Add]


class Producer(Actor[Go]):
    """One of many that tell one counter."""

    @handle
    def go(self, message: Go) -> None:
        """Tell it, in bursts of ten."""
        add = Add()
        tell = message.counter.tell
        for _ in range(10):
            tell(add)
        if message.times > 10:
            self.ctx.self.tell(Go(message.times - 10, message.counter))


async def fan_in(count: int) -> float:
    """1,000 actors tell one."""
    async with ActorSystem() as system:
        counter = await system.spawn(Counter, mailbox=Mailbox(capacity=1_000_000))
        producers = [await system.spawn(Producer) for _ in range(SIZE)]
        with Stopwatch() as watch:
            for producer in producers:
                producer.tell(Go(count // SIZE, counter))
            while await counter.ask(GetTotal()) < count:
                await anyio.sleep(0.001)
        return watch.seconds


async def queue_in(count: int) -> float:
    """The same: 1,000 tasks put into one queue in bursts of ten."""
    mailbox: asyncio.Queue[Add] = asyncio.Queue(1_000_000)
    total = 0

    async def consume() -> None:
        nonlocal total
        while total < count:
            await mailbox.get()
            total += 1

    async def produce() -> None:
        add = Add()
        for _ in range(count // SIZE // 10):
            for _ in range(10):
                mailbox.put_nowait(add)
            await asyncio.sleep(0)

    consumer = asyncio.create_task(consume())
    with Stopwatch() as watch:
        producers = [asyncio.create_task(produce()) for _ in range(SIZE)]
        await asyncio.gather(*producers)
        await consumer
    return watch.seconds


OUT_QUESTION = Question(
    name="fan-out",
    text=f"Messages a second from one task to {SIZE:,} actors",
    operations=500_000,
    contestants={"kubeactors": fan_out, "asyncio.Queue": queue_out},
    bar=5.0,
    share={"asyncio.Queue": 0.4},
)
IN_QUESTION = Question(
    name="fan-in",
    text=f"Messages a second from {SIZE:,} actors to one",
    operations=500_000,
    contestants={"kubeactors": fan_in, "asyncio.Queue": queue_in},
    bar=1.6,
)
