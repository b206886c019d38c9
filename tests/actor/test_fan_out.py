"""Concurrent asks with the means of asyncio and anyio, from outside and in handlers."""

import asyncio  # noqa: TID251 -- what embedders use
from collections.abc import Callable

import anyio
import pytest

from kubeactors.actor import Actor, ActorFailed, ActorSystem, Ref, handle
from kubeactors.message import Request


class Double(Request[int], frozen=True):
    number: int


class DoubleAll(Request[list[int]], frozen=True):
    numbers: tuple[int, ...]
    how: str


class Plain(Actor[Double]):
    @handle
    def double(self, message: Double) -> int:
        return 2 * message.number


class Slow(Actor[Double]):
    @handle
    async def double(self, message: Double) -> int:
        await anyio.sleep(0.001)
        return 2 * message.number


async def gathered(ref: Ref[Double], numbers: tuple[int, ...]) -> list[int]:
    return await asyncio.gather(*(ref.ask(Double(number)) for number in numbers))


async def each_with_a_timeout(ref: Ref[Double], numbers: tuple[int, ...]) -> list[int]:
    return [await asyncio.wait_for(ref.ask(Double(number)), 5.0) for number in numbers]


async def in_a_task_group(ref: Ref[Double], numbers: tuple[int, ...]) -> list[int]:
    found: dict[int, int] = {}

    async def double(number: int) -> None:
        found[number] = await ref.ask(Double(number))

    async with anyio.create_task_group() as tasks:
        for number in numbers:
            tasks.start_soon(double, number)
            tasks.start_soon(ref.ask, Double(number))
    return [found[number] for number in numbers]


HOW = {one.__name__: one for one in (gathered, each_with_a_timeout, in_a_task_group)}
OFFERED = {"asyncio": tuple(HOW), "trio": (in_a_task_group.__name__,)}
"""The means of each event loop."""


class Manager(Actor[DoubleAll]):
    def __init__(self, worker: Ref[Double]) -> None:
        self.worker = worker

    @handle
    async def double_all(self, message: DoubleAll) -> list[int]:
        return await HOW[message.how](self.worker, message.numbers)


@pytest.mark.parametrize("worker", [Plain, Slow])
async def test_asks_can_be_awaited_in_every_way(worker: Callable[[], Actor[Double]], anyio_backend_name: str) -> None:
    async with ActorSystem() as system:
        ref = await system.spawn(worker)
        manager = await system.spawn(lambda: Manager(ref))
        for how in OFFERED[anyio_backend_name]:
            assert await HOW[how](ref, (1, 2, 3)) == [2, 4, 6]
            assert await manager.ask(DoubleAll((1, 2, 3), how)) == [2, 4, 6]


class Sleeper(Actor[DoubleAll]):
    @handle
    async def double_all(self, message: DoubleAll) -> list[int]:
        found: list[int] = []

        async def double(number: int) -> None:
            await self.ctx.sleep(0.001 * number)
            found.append(await self.ctx.in_thread(lambda: 2 * number))

        async with anyio.create_task_group() as tasks:
            for number in message.numbers:
                tasks.start_soon(double, number)
        return found


async def test_tasks_that_a_handler_starts_sleep_and_use_threads_by_its_context() -> None:
    async with ActorSystem() as system:
        sleeper = await system.spawn(Sleeper)
        assert sorted(await sleeper.ask(DoubleAll((3, 2, 1), ""))) == [2, 4, 6]


async def test_an_error_reaches_the_task_that_asks() -> None:
    async with ActorSystem() as system:
        ref = await system.spawn(Plain)
        manager = await system.spawn(lambda: Manager(ref))
        _ = system.stop(ref)
        await anyio.wait_all_tasks_blocked()
        with pytest.raises(ActorFailed, match="it has stopped"):
            await manager.ask(DoubleAll((1,), in_a_task_group.__name__))
