"""The same scenarios on every driver: asyncio, asyncio with uvloop, trio, and the simulator.

A scenario is a coroutine that knows no event loop. In production it runs as a task beside the system; in the
simulator it is the handler of an actor.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Protocol, TypeVar

import anyio
import pytest

from kubeactors.actor import (
    Actor,
    ActorFailed,
    ActorStopped,
    ActorSystem,
    AskTimedOut,
    Context,
    Later,
    Mailbox,
    MailboxFull,
    Ref,
    Restart,
    SimSystem,
    Terminated,
    handle,
)
from kubeactors.message import Message, Request
from tests.actor.messages import Add, Break, Counter, Divide, GetTotal

M = TypeVar("M")


class Seen(Request[tuple[int, ...]], frozen=True):
    pass


class World(Protocol):
    """What a scenario can do, whatever runs it."""

    async def spawn(self, factory: Callable[[], Actor[M]], **options: object) -> Ref[M]: ...
    def stop(self, ref: Ref[M]) -> None: ...
    async def sleep(self, seconds: float) -> None: ...


Scenario = Callable[[World], Awaitable[None]]


class Real:
    def __init__(self, system: ActorSystem) -> None:
        self._system = system

    async def spawn(self, factory: Callable[[], Actor[M]], **options: object) -> Ref[M]:
        return await self._system.spawn(factory, **options)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] -- the scenario knows them

    def stop(self, ref: Ref[M]) -> None:
        self._system.stop(ref)

    async def sleep(self, seconds: float) -> None:
        await anyio.sleep(seconds)


class Simulated:
    def __init__(self, context: Context["Go"]) -> None:
        self._context = context

    async def spawn(self, factory: Callable[[], Actor[M]], **options: object) -> Ref[M]:
        ref = self._context.spawn(factory, **options)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] -- the same
        await self._context.sleep(0.001)
        return ref

    def stop(self, ref: Ref[M]) -> None:
        self._context.stop(ref)

    async def sleep(self, seconds: float) -> None:
        await self._context.sleep(seconds)


class Go(Request[None], frozen=True):
    pass


class Stage(Actor[Go]):
    """Plays a scenario in the simulator."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario

    @handle
    async def go(self, message: Go) -> None:
        await self.scenario(Simulated(self.ctx))


async def order_is_kept(world: World) -> None:
    counter = await world.spawn(Recorder)
    for number in range(500):
        counter.tell(Add(number))
    assert await counter.ask(Seen()) == tuple(range(500))


async def asks_are_answered(world: World) -> None:
    counter = await world.spawn(Counter)
    counter.tell(Add(7))
    assert await counter.ask(GetTotal()) == 7
    assert await counter.ask(Divide(2)) == 3
    with pytest.raises(ActorFailed) as failure:
        await counter.ask(Divide(0))
    assert isinstance(failure.value.__cause__, ZeroDivisionError)


async def a_restart_keeps_the_mail_and_not_the_state(world: World) -> None:
    counter = await world.spawn(Counter)
    for message in (Add(1), Break("bug"), Add(10)):
        counter.tell(message)
    assert await counter.ask(GetTotal()) == 10


async def a_full_mailbox_refuses(world: World) -> None:
    slow = await world.spawn(Slow, mailbox=Mailbox(capacity=2))
    told = [slow.tell(Add(number)) for number in range(4)]
    assert told == [True, True, False, False]
    with pytest.raises(MailboxFull):
        await slow.ask(Seen())


async def send_waits_for_room(world: World) -> None:
    slow = await world.spawn(Slow, mailbox=Mailbox(capacity=2))
    for number in range(10):
        assert await slow.send(Add(number))
    seen: tuple[int, ...] = ()
    while len(seen) < 10:
        await world.sleep(0.002)
        try:
            seen = await slow.ask(Seen())
        except MailboxFull:
            continue
    assert seen == tuple(range(10))


async def the_gone_do_not_answer(world: World) -> None:
    counter = await world.spawn(Counter)
    world.stop(counter)
    await world.sleep(0.001)
    assert not counter.tell(Add(1))
    with pytest.raises(ActorStopped):
        await counter.ask(GetTotal())


async def deadlines_are_kept(world: World) -> None:
    silent = await world.spawn(Silent)
    with pytest.raises(AskTimedOut):
        await silent.ask(GetTotal(), timeout_seconds=0.01)


async def deaths_are_told(world: World) -> None:
    counter = await world.spawn(Counter, restart=Restart.TEMPORARY)
    watcher = await world.spawn(partial(Watcher, counter))
    counter.tell(Break("bug"))
    await world.sleep(0.005)
    assert await watcher.ask(Seen()) == (1,)


async def timers_fire(world: World) -> None:
    ticking = await world.spawn(Ticking)
    assert await until(world, ticking, 3) == (1, 2, 3)


async def a_handler_that_waits_tells_others_afterwards(world: World) -> None:
    recorder = await world.spawn(Recorder)
    sleeper = await world.spawn(partial(Sleeper, recorder))
    for number in range(5):
        sleeper.tell(Add(number))
    assert await until(world, recorder, 5) == (0, 1, 2, 3, 4)


async def until(world: World, ref: Ref[Seen], count: int) -> tuple[int, ...]:
    """What an actor has seen once it is so much; with a machine under load that may take a while."""
    while len(seen := await ref.ask(Seen())) < count:
        await world.sleep(0.01)
    return seen


SCENARIOS: list[Scenario] = [
    order_is_kept,
    asks_are_answered,
    a_restart_keeps_the_mail_and_not_the_state,
    a_full_mailbox_refuses,
    send_waits_for_room,
    the_gone_do_not_answer,
    deadlines_are_kept,
    deaths_are_told,
    timers_fire,
    a_handler_that_waits_tells_others_afterwards,
]


class Recorder(Actor[Add | Seen]):
    def __init__(self) -> None:
        self.numbers: list[int] = []

    @handle
    def add(self, message: Add) -> None:
        self.numbers.append(message.by)

    @handle
    def seen(self, message: Seen) -> tuple[int, ...]:
        return tuple(self.numbers)


class Slow(Actor[Add | Seen]):
    def __init__(self) -> None:
        self.numbers: list[int] = []

    @handle
    async def add(self, message: Add) -> None:
        await self.ctx.sleep(0.001)
        self.numbers.append(message.by)

    @handle
    def seen(self, message: Seen) -> tuple[int, ...]:
        return tuple(self.numbers)


class Silent(Actor[GetTotal]):
    @handle
    def get_total(self, message: GetTotal) -> Later[int]:
        return self.ctx.later()


class Watcher(Actor[Seen | Terminated]):
    def __init__(self, other: Ref[Add]) -> None:
        self.other = other
        self.deaths = 0

    def started(self) -> None:
        self.ctx.watch(self.other)

    @handle
    def terminated(self, message: Terminated) -> None:
        self.deaths += 1

    @handle
    def seen(self, message: Seen) -> tuple[int, ...]:
        return (self.deaths,)


class Tick(Message, frozen=True):
    pass


class Ticking(Actor[Tick | Seen]):
    def __init__(self) -> None:
        self.ticks: list[int] = []

    def started(self) -> None:
        self.ctx.every(0.001, Tick(), "tick")

    @handle
    def tick(self, message: Tick) -> None:
        self.ticks.append(len(self.ticks) + 1)
        if len(self.ticks) == 3:
            self.ctx.cancel_timer("tick")

    @handle
    def seen(self, message: Seen) -> tuple[int, ...]:
        return tuple(self.ticks)


class Sleeper(Actor[Add]):
    def __init__(self, recorder: Ref[Add | Seen]) -> None:
        self.recorder = recorder

    @handle
    async def add(self, message: Add) -> None:
        await self.ctx.sleep(0.001)
        self.recorder.tell(message)


async def in_production(scenario: Scenario) -> None:
    async with ActorSystem() as system:
        with anyio.fail_after(10):
            await scenario(Real(system))


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("driver", ["asyncio", "uvloop", "trio", "simulator"])
def test_the_scenario_holds(scenario: Scenario, driver: str) -> None:
    if driver == "simulator":
        sim = SimSystem(seed=1)
        sim.ask(sim.spawn(partial(Stage, scenario)), Go())
    elif driver == "trio":
        anyio.run(in_production, scenario, backend="trio")
    else:
        anyio.run(in_production, scenario, backend="asyncio", backend_options={"use_uvloop": driver == "uvloop"})
