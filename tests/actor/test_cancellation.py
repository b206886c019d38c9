"""Whatever is cancelled, and whenever: nothing outlives the block, every actor is stopped once, in order."""

import asyncio  # noqa: TID251 -- to count the tasks that are left
from functools import partial

import anyio
import pytest

from kubeactors.actor import Actor, ActorSystem, AskError, Ref, handle
from kubeactors.message import Request
from tests.actor.messages import Add, Counter, Divide, GetTotal

MOMENTS = 40


class Fetch(Request[int], frozen=True):
    pass


class Fetcher(Actor[Fetch]):
    """Awaits the event loop's things, other actors and the kernel, in a task of its own."""

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


async def ask(counter: Ref[Divide]) -> None:
    await counter.ask(Divide(1))


@pytest.mark.anyio
async def test_an_asker_that_is_cancelled_cancels_nothing_but_itself() -> None:
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
        assert not any(system.kernel._deadlines.values())


class Cancelled(Request[int], frozen=True):
    pass


class Looking(Actor[Cancelled]):
    """Looks at the result of something that somebody cancelled."""

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
def test_a_handler_that_awaits_what_somebody_cancelled_fails_and_takes_nobody_with_it(
    actor: type[Actor[Cancelled]],
) -> None:
    assert anyio.run(ask_victim, actor) == "ActorFailed"
