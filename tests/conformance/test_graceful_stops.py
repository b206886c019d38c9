"""How actors that wait while they stop are parted with, and who waits for them: on every driver."""

from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import ClassVar, cast

import pytest

from kubeactors.actor import Actor, Exit, Ref, SimSystem, handle
from kubeactors.actor.cell import Cell
from kubeactors.message import Message, Request
from kubeactors.testing import Actors
from tests.actor.messages import Break


class Leave(Message, frozen=True):
    pass


async def until(actors: Actors, diary: list[str], lines: int) -> None:
    """There is so much in the diary."""
    while len(diary) < lines:
        await actors.sleep(0.0001)


class Slow(Actor[Break | Leave]):
    """Takes its time to close what it has open."""

    stopped_seconds: ClassVar[float] = 0.5
    closing: float = 0.002

    def __init__(self, diary: list[str]) -> None:
        self.diary = diary

    def started(self) -> None:
        self.diary.append(f"open {self.ctx.name}")
        if self.ctx.name == "top":
            for name in ("left", "right"):
                self.ctx.spawn(partial(type(self), self.diary), name=name)

    async def stopped(self) -> None:
        self.diary.append(f"closing {self.ctx.name}")
        await self.ctx.sleep(self.closing)
        self.diary.append(f"closed {self.ctx.name}")

    @handle
    def break_(self, message: Break) -> None:
        raise ValueError(message.why)

    @handle
    def leave(self, message: Leave) -> None:
        self.ctx.stop()


class Stuck(Slow):
    """Never gets it closed."""

    stopped_seconds: ClassVar[float] = 0.02
    closing = 1_000.0


class Clumsy(Slow):
    async def stopped(self) -> None:
        await super().stopped()
        raise ValueError("it is jammed")


CLOSED = ["closing right", "closed right", "closing left", "closed left", "closing top", "closed top"]


async def opened(actors: Actors, slow: type[Slow] = Slow) -> "tuple[list[str], Ref[Break | Leave]]":
    """The diary, empty, and the one at the top of three that are there."""
    diary: list[str] = []
    top = await actors.spawn(partial(slow, diary), name="top")
    await until(actors, diary, 3)
    diary.clear()
    return diary, top


async def test_an_async_stopped_is_done_before_the_parent_stops(actors: Actors) -> None:
    diary, top = await opened(actors)
    await actors.stop(top)
    assert diary == CLOSED


async def test_a_failed_actor_runs_its_async_stopped_before_its_restart(actors: Actors) -> None:
    diary, top = await opened(actors)
    top.tell(Break("bug"))
    await until(actors, diary, 9)
    assert (diary[:7], sorted(diary[7:])) == ([*CLOSED, "open top"], ["open left", "open right"])


async def test_an_actor_stopped_during_its_restart_is_not_restarted(actors: Actors) -> None:
    diary, top = await opened(actors)
    top.tell(Break("bug"))
    await until(actors, diary, 1)
    await actors.stop(top)
    assert diary == CLOSED


async def test_an_async_stopped_that_hangs_is_cancelled_and_logged(actors: Actors) -> None:
    diary, top = await opened(actors, Stuck)
    await actors.stop(top)
    assert diary == ["closing right", "closing left", "closing top"]
    assert [(line.event, line.path, line.fields) for line in actors.logged] == [
        ("actor.stop_timed_out", path, {"seconds": 0.02}) for path in ("/top/right", "/top/left", "/top")
    ]


async def test_a_failing_async_stopped_is_logged_and_the_actor_ends(actors: Actors) -> None:
    diary, top = await opened(actors, Clumsy)
    top.tell(Leave())
    assert (await top.until_ended()).exit is Exit.NORMAL
    assert diary == CLOSED
    assert [(line.event, line.fields["error"]) for line in actors.logged] == [
        ("actor.stopped_failed", "ValueError('it is jammed')")
    ] * 3


async def left(driver: str, inside: Callable[[Actors], Coroutine[object, object, None]]) -> Actors:
    """A system of its own, after this was done inside its block, and the block was left."""
    actors = Actors(driver)
    block = actors.hosting(inside)(actors=actors)
    if isinstance(block, Awaitable):
        await block
    if isinstance(actors.system, SimSystem):
        actors.system.shutdown()
    return actors


class Patient(Slow):
    """Would hold a block for long."""

    stopped_seconds: ClassVar[float] = 50.0
    closing = 0.02


async def test_the_end_of_the_block_waits_for_graceful_stops_under_way(actors: Actors) -> None:
    diary: list[str] = []

    async def inside(actors: Actors) -> None:
        nonlocal diary
        diary, top = await opened(actors, Patient)
        actors.system.kernel.stop(cast("Cell", top))

    after = await left(actors.driver, inside)
    assert (diary, after.logged) == (CLOSED, [])


async def test_the_end_of_the_block_waits_for_a_restarting_actor_and_starts_no_instance(
    actors: Actors,
) -> None:
    diary: list[str] = []

    async def inside(actors: Actors) -> None:
        nonlocal diary
        diary, top = await opened(actors, Patient)
        top.tell(Break("bug"))
        await until(actors, diary, 1)

    after = await left(actors.driver, inside)
    assert (diary, [line.event for line in after.logged]) == (CLOSED, ["actor.failed"])


class GetLast(Request["Ref[Break | Leave]"], frozen=True):
    pass


class Parent(Actor[GetLast]):
    """Has two that take their time."""

    def __init__(self, diary: list[str]) -> None:
        self.diary = diary

    def started(self) -> None:
        _, self.last = [self.ctx.spawn(partial(Patient, self.diary), name=name) for name in ("first", "last")]

    def stopped(self) -> None:
        self.diary.append("stop parent")

    @handle
    def get_last(self, message: GetLast) -> "Ref[Break | Leave]":
        return self.last


@pytest.mark.parametrize("end", [Break("bug"), Leave()])
async def test_a_stopped_parent_waits_for_a_child_that_is_stopping_already(actors: Actors, end: Break | Leave) -> None:
    diary: list[str] = []

    async def inside(actors: Actors) -> None:
        parent = await actors.spawn(partial(Parent, diary))
        last = await parent.ask(GetLast())
        await until(actors, diary, 2)
        diary.clear()
        last.tell(end)
        await until(actors, diary, 1)
        await actors.stop(parent)
        diary.append("parent has ended")

    after = await left(actors.driver, inside)
    assert diary == ["closing last", "closed last", "closing first", "closed first", "stop parent", "parent has ended"]
    assert [line.event for line in after.logged if line.event != "actor.failed"] == []


class Busy(Actor[Break | Leave]):
    """Has several messages in its hands, and time for them."""

    reentrant: ClassVar[bool] = True
    stop_seconds: ClassVar[float] = 50.0

    def __init__(self, diary: list[str], begun: list[Message]) -> None:
        self.diary = diary
        self.begun = begun

    async def stopped(self) -> None:
        self.diary.append("closing")
        await self.ctx.sleep(0.002)
        self.diary.append("closed")

    @handle
    async def leave(self, message: Leave) -> None:
        self.begun.append(message)
        await self.ctx.sleep(1_000)

    @handle
    async def break_(self, message: Break) -> None:
        self.begun.append(message)
        await self.ctx.sleep(0.2)
        raise ValueError(message.why)


async def test_an_actor_that_fails_during_its_graceful_stop_ends_at_once_and_is_not_restarted(actors: Actors) -> None:
    diary, begun = list[str](), list[Message]()

    async def inside(actors: Actors) -> None:
        busy = await actors.spawn(partial(Busy, diary, begun))
        for message in (Leave(), Break("bug")):
            busy.tell(message)
        while len(begun) < 2:
            await actors.sleep(0.0001)

    after = await left(actors.driver, inside)
    assert (diary, [line.event for line in after.logged]) == (["closing", "closed"], ["actor.failed"])
