"""Cancellation at any moment: nothing outlives the block, and every actor is stopped once, in order."""

import asyncio  # noqa: TID251 -- to count the tasks that are left
from collections.abc import Awaitable, Callable, Coroutine, Generator
from functools import partial

import anyio
import pytest

from kubeactors.actor import (
    Actor,
    ActorSystem,
    AskError,
    Mailbox,
    MessageStream,
    Publish,
    Ref,
    Subscribe,
    Topic,
    handle,
)
from kubeactors.message import Message, Request
from tests.actor.messages import Add, Counter, Divide, GetTotal

MOMENTS = 40


class Wake(Message, frozen=True):
    pass


class Fetch(Request[int], frozen=True):
    pass


class Fetcher(Actor[Fetch]):
    """Awaits the event loop, other actors and the kernel, in a task of its own."""

    def __init__(self, counter: Ref[Divide | GetTotal], diary: list[str]) -> None:
        self.counter = counter
        self.diary = diary

    def started(self) -> None:
        self.diary.append("started")

    def stopped(self) -> None:
        self.diary.append("stopped")

    @handle
    async def fetch(self, message: Fetch) -> int:
        await anyio.lowlevel.checkpoint()
        total = 0
        async with anyio.create_task_group() as group:
            group.start_soon(anyio.lowlevel.checkpoint)
            total = await self.counter.ask(Divide(1))
        with anyio.move_on_after(0.0001):
            await anyio.sleep_forever()
        await self.ctx.sleep(0)
        return total + await self.ctx.in_thread(lambda: 1)


async def use_actors(diary: list[str]) -> None:
    async with ActorSystem() as system:
        counter = await system.spawn(Counter)
        fetchers = [await system.spawn(partial(Fetcher, counter, diary)) for _ in range(2)]
        counter.tell(Add(1))
        for fetcher in fetchers:
            await fetcher.ask(Fetch())
        await anyio.sleep_forever()


async def cancel_after(moment: int, diary: list[str]) -> None:
    async with anyio.create_task_group() as group:
        group.start_soon(use_actors, diary)
        for _ in range(moment):
            await anyio.lowlevel.checkpoint()
        group.cancel_scope.cancel()


async def left_tasks(moment: int, diary: list[str]) -> int:
    await cancel_after(moment, diary)
    return len(asyncio.all_tasks()) - 1


@pytest.mark.parametrize("moment", range(MOMENTS))
def test_a_block_cancelled_at_any_moment_leaks_nothing_on_asyncio(moment: int) -> None:
    diary: list[str] = []
    assert anyio.run(left_tasks, moment, diary) == 0
    assert diary.count("started") == diary.count("stopped")


@pytest.mark.parametrize("moment", range(MOMENTS))
def test_a_block_cancelled_at_any_moment_leaks_nothing_on_trio(moment: int) -> None:
    diary: list[str] = []
    anyio.run(cancel_after, moment, diary, backend="trio")
    assert diary.count("started") == diary.count("stopped")


class Slow(Actor[Add | Wake]):
    """Waits in `started`, in its handler, and in `stopped`."""

    stop_seconds = 0.002

    def __init__(self, diary: list[str]) -> None:
        self.diary = diary

    async def started(self) -> None:
        self.diary.append("started")
        await anyio.sleep(0.0005)

    def stopped(self) -> None:
        self.diary.append("stopped")

    @handle
    async def add(self, message: Add) -> None:
        await anyio.sleep(0.0005)

    @handle
    async def wake(self, message: Wake) -> None:
        await self.ctx.sleep(60)


async def use_everything(diary: list[str], systems: list[ActorSystem]) -> None:
    """Awaits everything that a system offers to be awaited."""
    async with ActorSystem() as system:
        systems.append(system)
        counter = await system.spawn(Counter)
        slow = await system.spawn(partial(Slow, diary), mailbox=Mailbox(capacity=1))
        fetcher = await system.spawn(partial(Fetcher, counter, diary))
        for number in range(4):
            await slow.send(Add(number))
        await fetcher.ask(Fetch())
        topic = await system.spawn(Topic[str])
        stream: MessageStream[object] = MessageStream(system)
        topic.tell(Subscribe(stream))
        topic.tell(Publish("news"))
        await anext(stream)
        with anyio.move_on_after(0.0005):
            await anext(stream)
        await emptied(slow)
        slow.tell(Wake())
        await anyio.sleep(0.0005)


async def emptied(ref: Ref[Add | Wake]) -> None:
    while ref.load:  # noqa: ASYNC110 -- there is no event for it
        await anyio.sleep(0.0005)


class CancelledAt:
    """Awaits a coroutine, and calls `cancel` at its n-th await of the event loop."""

    def __init__(self, coroutine: Coroutine[object, object, None], moment: int, cancel: Callable[[], object]) -> None:
        self.coroutine = coroutine
        self.moment = moment
        self.cancel = cancel
        self.waited = 0

    def __await__(self) -> Generator[object, object, None]:
        step: Callable[[], object] = partial(self.coroutine.send, None)
        while True:
            try:
                awaited = step()
            except StopIteration:
                return
            self.waited += 1
            if self.waited == self.moment:
                self.cancel()
            try:
                step = partial(self.coroutine.send, (yield awaited))
            except BaseException as error:  # noqa: BLE001 -- cancellation too goes to the coroutine
                step = partial(self.coroutine.throw, error)


async def cancelled_at(moment: int) -> bool:
    """Cancel at the n-th await, after which everything must have ended. Whether there was such an await."""
    diary: list[str] = []
    systems: list[ActorSystem] = []
    scope = anyio.CancelScope()
    block = CancelledAt(use_everything(diary, systems), moment, scope.cancel)
    with scope:
        await block
    assert diary.count("started") == diary.count("stopped")
    for system in systems:
        assert (system.statistics(), len(system.kernel.deadlines)) == ((), 0)
    return block.waited >= moment


async def cancelled_as_a_task_at(moment: int) -> bool:
    """The same, with a cancellation of asyncio's own, which is raised once."""
    diary: list[str] = []
    systems: list[ActorSystem] = []
    blocks: list[CancelledAt] = []

    async def run() -> None:
        task = asyncio.current_task()
        assert task is not None
        loop = asyncio.get_running_loop()
        blocks.append(CancelledAt(use_everything(diary, systems), moment, lambda: loop.call_soon(task.cancel)))
        await blocks[0]

    await asyncio.wait([asyncio.ensure_future(run())])
    assert len(asyncio.all_tasks()) == 1
    assert diary.count("started") == diary.count("stopped")
    assert [system.statistics() for system in systems] == [()]
    return blocks[0].waited >= moment


async def every_moment(cancelled: Callable[[int], Awaitable[bool]]) -> int:
    """How many awaits there were."""
    moment = 1
    with anyio.fail_after(60):
        while await cancelled(moment):
            moment += 1
    return moment - 1


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_block_cancelled_at_each_of_its_awaits_in_turn_leaves_nothing(backend: str) -> None:
    assert anyio.run(every_moment, cancelled_at, backend=backend) > 9


def test_a_task_of_asyncio_cancelled_at_each_of_its_awaits_in_turn_leaves_nothing() -> None:
    assert anyio.run(every_moment, cancelled_as_a_task_at) > 9


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_cancelled_send_puts_no_message(backend: str) -> None:
    async def give_up() -> int:
        async with ActorSystem() as system:
            slow = await system.spawn(partial(Slow, []), mailbox=Mailbox(capacity=1))
            slow.tell(Add(1))
            while system.statistics()[0].mailbox:
                await anyio.lowlevel.checkpoint()
            slow.tell(Add(2))
            with anyio.move_on_after(0):
                await slow.send(Add(3))
            await emptied(slow)
            return system.statistics()[0].handled

    assert anyio.run(give_up, backend=backend) == 2


async def ask(counter: Ref[Divide]) -> None:
    await counter.ask(Divide(1))


@pytest.mark.anyio
async def test_a_cancelled_caller_cancels_nothing_but_its_own_wait() -> None:
    async with ActorSystem() as system:
        counter = await system.spawn(Counter)
        counter.tell(Add(4))
        for moment in range(10):
            async with anyio.create_task_group() as group:
                group.start_soon(ask, counter)
                for _ in range(moment):
                    await anyio.lowlevel.checkpoint()
                group.cancel_scope.cancel()
        assert await counter.ask(Divide(2)) == 2
        assert not len(system.kernel.deadlines)


class Cancelled(Request[int], frozen=True):
    pass


class Looking(Actor[Cancelled]):
    """Reads the result of something that was cancelled."""

    @handle
    def cancelled(self, message: Cancelled) -> int:
        future = asyncio.get_running_loop().create_future()
        future.cancel()
        return int(future.result())


async def ask_victim(actor: type[Actor[Cancelled]]) -> str:
    async with ActorSystem() as system:
        victim = await system.spawn(actor)
        try:
            await victim.ask(Cancelled())
        except AskError as error:
            return type(error).__name__
        return ""


class Waiting(Actor[Cancelled]):
    @handle
    async def cancelled(self, message: Cancelled) -> int:
        task = asyncio.ensure_future(asyncio.sleep(10))
        task.cancel()
        await task
        return 1


@pytest.mark.parametrize("actor", [Waiting, Looking])
def test_a_handler_that_awaits_something_cancelled_fails_alone(
    actor: type[Actor[Cancelled]],
) -> None:
    assert anyio.run(ask_victim, actor) == "ActorFailed"
