"""The production driver, on asyncio and trio."""

import time
from functools import partial

import anyio
import anyio.lowlevel
import pytest

from kubeactors.actor import (
    Actor,
    ActorFailed,
    ActorStopped,
    ActorSystem,
    ForeignAwait,
    Later,
    Ref,
    Supervision,
    SystemFailed,
    handle,
)
from kubeactors.message import Message, Request
from tests.actor.messages import Add, Break, Counter, Divide, GetTotal

pytestmark = pytest.mark.anyio


class Fetch(Request[str], frozen=True):
    what: str


class Fetcher(Actor[Fetch]):
    """Its handler awaits a sleep, a timeout, a task group and another actor."""

    def __init__(self, counter: Ref[GetTotal]) -> None:
        self.counter = counter

    @handle
    async def fetch(self, message: Fetch) -> str:
        found: list[str] = []

        async def part(name: str) -> None:
            await anyio.lowlevel.checkpoint()
            found.append(name)

        with anyio.move_on_after(0) as scope:
            await anyio.sleep_forever()
        total = -1
        async with anyio.create_task_group() as group:
            total = await self.counter.ask(GetTotal())
            group.start_soon(part, message.what)
        await self.ctx.sleep(0)
        return f"{scope.cancelled_caught} {total} {found}"


async def test_a_handler_may_await_anything_while_other_actors_run() -> None:
    async with ActorSystem() as system:
        counter = await system.spawn(Counter)
        fetcher = await system.spawn(lambda: Fetcher(counter))
        counter.tell(Add(5))
        assert await fetcher.ask(Fetch("page")) == "True 5 ['page']"
        assert await counter.ask(Divide(2)) == 2


async def test_an_ask_of_an_idle_actor_runs_at_once_and_in_order() -> None:
    async with ActorSystem() as system:
        counter = await system.spawn(Counter)
        for number in range(10):
            counter.tell(Add(1))
            assert await counter.ask(GetTotal()) == number + 1


async def test_a_failure_at_the_top_is_logged_as_critical_and_cancels_the_block(
    caplog: pytest.LogCaptureFixture,
) -> None:
    seen: list[str] = []

    async def fail() -> None:
        async with ActorSystem(supervision=Supervision()) as system:
            assert system.failure is None
            counter = await system.spawn(Counter)
            for _ in range(4):
                counter.tell(Break("bug"))
            try:
                await anyio.sleep_forever()
            finally:
                seen.append(type(system.failure).__name__)
                seen.extend(record.getMessage()[:20] for record in caplog.records if record.levelname == "CRITICAL")

    with pytest.raises(SystemFailed, match="4 failures of children"):
        await fail()
    assert seen == ["RestartIntensityExceeded", "event='system.failed"]


async def test_an_error_of_the_block_is_raised_unchanged_and_actors_are_stopped() -> None:
    stopped: list[str] = []

    class Witness(Actor[GetTotal]):
        @handle
        def get_total(self, message: GetTotal) -> int:
            return 1

        def stopped(self) -> None:
            stopped.append(self.ctx.path)

    async def fail() -> None:
        async with ActorSystem() as system:
            await system.spawn(Witness, name="first")
            await system.spawn(Witness, name="second")
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        await fail()
    assert stopped == ["/second", "/first"]


class Hang(Request[None], frozen=True):
    pass


class Hanging(Actor[Hang]):
    @handle
    async def hang(self, message: Hang) -> None:
        await anyio.sleep_forever()


async def test_a_handler_that_hangs_does_not_outlive_the_system() -> None:
    failures: list[str] = []

    async def ask(ref: Ref[Hang]) -> None:
        try:
            await ref.ask(Hang())
        except ActorStopped as error:
            failures.append(str(error))

    async with anyio.create_task_group() as group, ActorSystem() as system:
        ref = await system.spawn(Hanging, name="hanging")
        group.start_soon(ask, ref)
        await anyio.wait_all_tasks_blocked()
    assert failures == ["/hanging stopped before it replied"]


async def test_an_observer_that_raises_ends_the_block_instead_of_leaving_it_waiting() -> None:
    def observe(path: str, message: object) -> None:
        raise ArithmeticError(path, message)

    async def end_an_actor_with_mail() -> None:
        async with ActorSystem() as system:
            system.kernel.dead_letters.observer = observe
            hanging = await system.spawn(Hanging, name="hanging")
            for _ in range(2):
                hanging.tell(Hang())
            await anyio.wait_all_tasks_blocked()
            _ = system.stop(hanging)
            await anyio.sleep_forever()

    with pytest.raises(BaseExceptionGroup) as failure, anyio.fail_after(10):
        await end_an_actor_with_mail()
    assert failure.group_contains(ArithmeticError, match="/hanging")


class Connection(Actor[GetTotal]):
    """Awaits the event loop when it is cancelled."""

    def __init__(self, diary: list[str]) -> None:
        self.diary = diary

    async def stopped(self) -> None:
        await anyio.sleep(0.001)
        self.diary.append(f"{self.ctx.name} closed")

    @handle
    def get_total(self, message: GetTotal) -> int:
        return 1


@pytest.mark.parametrize("cancelled", [False, True])
async def test_the_block_ends_after_handlers_that_await_the_event_loop_have_ended(*, cancelled: bool) -> None:
    diary: list[str] = []
    with anyio.CancelScope() as scope:
        async with ActorSystem() as system:
            for name in ("first", "second", "third"):
                await system.spawn(partial(Connection, diary), name=name)
            if cancelled:
                scope.cancel()
    assert diary == ["third closed", "second closed", "first closed"]


async def test_a_stop_need_not_be_awaited() -> None:
    diary: list[str] = []
    async with ActorSystem() as system:
        left, awaited = [await system.spawn(partial(Connection, diary), name=name) for name in ("left", "awaited")]
        _ = system.stop(left)
        assert (await system.stop(awaited, reason="enough")).reason == "enough"
        assert (awaited.ended, "awaited closed" in diary) == (True, True)


async def test_a_cancelled_block_stops_its_actors() -> None:
    counters: list[Ref[Add]] = []
    with anyio.CancelScope() as scope:
        async with ActorSystem() as system:
            counter = await system.spawn(Counter)
            counters.append(counter)
            scope.cancel()
            await anyio.sleep_forever()
    assert scope.cancelled_caught
    assert [counter.tell(Add(1)) for counter in counters] == [False]


class BrokenAtOnce(Actor[GetTotal]):
    def started(self) -> None:
        raise ValueError("no")

    @handle
    def get_total(self, message: GetTotal) -> int:
        return 0


class BrokenLater(Actor[GetTotal]):
    async def started(self) -> None:
        await anyio.lowlevel.checkpoint()
        raise ValueError("no")

    @handle
    def get_total(self, message: GetTotal) -> int:
        return 0


@pytest.mark.parametrize("broken", [BrokenAtOnce, BrokenLater])
async def test_a_failed_start_is_raised_by_spawn_and_affects_nobody_else(broken: type[Actor[GetTotal]]) -> None:
    async with ActorSystem() as system:
        with pytest.raises(ActorStopped, match=r"/b did not start: ValueError\('no'\)") as told:
            await system.spawn(broken, name="b")
        assert isinstance(told.value.__cause__, ValueError)
        counter = await system.spawn(Counter, name="b")
        assert await counter.ask(GetTotal()) == 0


async def test_a_failed_start_for_which_nobody_waits_is_supervised() -> None:
    class Broken(Actor[GetTotal]):
        async def started(self) -> None:
            await anyio.sleep(0.01)
            raise ValueError("no")

        @handle
        def get_total(self, message: GetTotal) -> int:
            return 0

    async def fail() -> None:
        async with ActorSystem(supervision=Supervision()) as system:
            with anyio.move_on_after(0):
                await system.spawn(Broken)
            await anyio.sleep_forever()

    with pytest.raises(SystemFailed):
        await fail()


class Tick(Message, frozen=True):
    pass


async def test_timers_fire_in_order() -> None:
    seen: list[str] = []
    done = anyio.Event()

    class Clock(Actor[Tick]):
        def started(self) -> None:
            self.ctx.every(0.001, Tick(), "tick")

        @handle
        def tick(self, message: Tick) -> None:
            seen.append("tick")
            if len(seen) == 3:
                self.ctx.cancel_timer("tick")
                done.set()

    async with ActorSystem() as system:
        await system.spawn(Clock)
        with anyio.fail_after(5):
            await done.wait()
    assert seen == ["tick"] * 3


async def test_blocking_work_runs_in_a_thread() -> None:
    class Sum(Request[int], frozen=True):
        pass

    class Worker(Actor[Sum]):
        @handle
        async def sum(self, message: Sum) -> int:
            try:
                await self.ctx.in_thread(lambda: 1 // 0)
            except ZeroDivisionError:
                return await self.ctx.in_thread(lambda: sum(range(10)))
            return -1

    async with ActorSystem() as system:
        worker = await system.spawn(Worker)
        assert await worker.ask(Sum()) == 45


class Piped(Message, frozen=True):
    what: str


class Piper(Actor[Fetch | Piped]):
    """Replies when its background work is done."""

    later: Later[str]

    async def work(self, what: str) -> str:
        await anyio.lowlevel.checkpoint()
        return f"{what}!"

    @handle
    def fetch(self, message: Fetch) -> Later[str]:
        self.later = self.ctx.later()
        self.ctx.pipe_to_self(self.work(message.what), Piped)
        return self.later

    @handle
    def piped(self, message: Piped) -> None:
        self.later.reply(message.what)


async def test_piped_work_may_await_the_event_loop_while_a_caller_waits_for_the_reply() -> None:
    async with ActorSystem() as system:
        piper = await system.spawn(Piper)
        with anyio.fail_after(5):
            assert await piper.ask(Fetch("page")) == "page!"


async def test_a_failure_is_raised_in_the_caller() -> None:
    async with ActorSystem() as system:
        counter = await system.spawn(Counter)
        with pytest.raises(ActorFailed):
            await counter.ask(Divide(0))
        assert await counter.ask(GetTotal()) == 0


async def test_a_system_in_debug_mode_warns_of_an_actor_that_blocks(caplog: pytest.LogCaptureFixture) -> None:
    class Busy(Actor[Tick]):
        @handle
        def tick(self, message: Tick) -> None:
            until = time.monotonic() + 0.11  # noqa: TID251 -- it blocks, which is the point
            while time.monotonic() < until:  # noqa: TID251 -- the same
                pass

    async with ActorSystem(debug=True) as system:
        busy = await system.spawn(Busy, name="busy")
        busy.tell(Tick())
        while system.statistics()[0].handled < 1:
            await anyio.lowlevel.checkpoint()
    assert "event='actor.blocks' actor='/busy'" in caplog.text


class Wanderer(Actor[Add | GetTotal | Divide], deterministic=True):
    @handle
    def add(self, message: Add) -> None:
        """Keeps the mailbox from being empty."""

    @handle
    async def get_total(self, message: GetTotal) -> int:
        await anyio.sleep(0.001)
        return 1

    @handle
    def divide(self, message: Divide) -> int:
        return message.by


@pytest.mark.parametrize("ahead", [0, 1], ids=["inline", "queued"])
async def test_a_foreign_await_in_a_deterministic_handler_fails_and_names_the_line(ahead: int) -> None:
    async with ActorSystem() as system:
        wanderer = await system.spawn(Wanderer, name="wanderer")
        for _ in range(ahead):
            wanderer.tell(Add(1))
        with pytest.raises(ActorFailed) as failure:
            await wanderer.ask(GetTotal(), timeout_seconds=5)
        assert isinstance(failure.value.__cause__, ForeignAwait)
        assert f"test_system.py:{Wanderer.get_total.__code__.co_firstlineno + 2}; " in str(failure.value.__cause__)
        assert await wanderer.ask(Divide(7)) == 7
