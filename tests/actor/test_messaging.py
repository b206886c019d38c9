"""Mailboxes, tell, send and ask, in the simulator."""

import asyncio  # noqa: TID251 -- it is what a simulated handler must not await
from collections.abc import Awaitable, Callable
from functools import partial
from typing import cast

import anyio
import pytest
import trio

from kubeactors.actor import (
    Actor,
    ActorFailed,
    ActorStopped,
    AskTimedOut,
    Fifo,
    ForeignAwait,
    Gate,
    Later,
    Mailbox,
    MailboxFull,
    Overflow,
    Ref,
    SimSystem,
    Wait,
    handle,
)
from kubeactors.message import Message, Request
from tests.actor.messages import Add, Break, Counter, Divide, GetTotal


class Log(Request[tuple[int, ...]], frozen=True):
    pass


class Recorder(Actor[Add | Log]):
    def __init__(self) -> None:
        self.seen: list[int] = []

    @handle
    def add(self, message: Add) -> None:
        self.seen.append(message.by)

    @handle
    def log(self, message: Log) -> tuple[int, ...]:
        return tuple(self.seen)


def test_messages_of_one_sender_keep_their_order_under_every_seed() -> None:
    for seed in range(20):
        sim = SimSystem(seed)
        recorder = sim.spawn(Recorder)
        for number in range(30):
            recorder.tell(Add(number))
        assert sim.ask(recorder, Log()) == tuple(range(30))


def test_an_ask_returns_the_handlers_value() -> None:
    sim = SimSystem()
    counter = sim.spawn(Counter)
    counter.tell(Add(7))
    assert (sim.ask(counter, GetTotal()), sim.ask(counter, Divide(2))) == (7, 3)


def test_an_ask_whose_handler_raises_fails_with_the_cause() -> None:
    sim = SimSystem()
    counter = sim.spawn(Counter)
    with pytest.raises(ActorFailed) as failure:
        sim.ask(counter, Divide(0))
    assert isinstance(failure.value.__cause__, ZeroDivisionError)


@pytest.mark.parametrize(
    ("overflow", "kept", "accepted"),
    [
        (Overflow.REJECT, (0, 1, 2), [True, True, True, False, False]),
        (Overflow.DROP_OLDEST, (2, 3, 4), [True] * 5),
        (Overflow.DROP_NEWEST, (0, 1, 2), [True] * 5),
    ],
)
def test_a_full_mailbox_obeys_its_policy(overflow: Overflow, kept: tuple[int, ...], accepted: list[bool]) -> None:
    sim = SimSystem()
    recorder = sim.spawn(Recorder, mailbox=Mailbox(capacity=3, overflow=overflow))
    assert [recorder.tell(Add(number)) for number in range(5)] == accepted
    sim.settle()
    assert sim.ask(recorder, Log()) == kept
    assert sim.kernel.dead_letters.count == 2


def test_an_ask_of_a_full_mailbox_says_so() -> None:
    sim = SimSystem()
    recorder = sim.spawn(Recorder, mailbox=Mailbox(capacity=1))
    recorder.tell(Add(1))
    with pytest.raises(MailboxFull):
        sim.ask(recorder, Log())


def test_a_signal_is_accepted_by_a_full_mailbox() -> None:
    sim = SimSystem()
    recorder = sim.spawn(Recorder, mailbox=Mailbox(capacity=1))
    assert recorder.tell(Add(1))
    assert not recorder.tell(Add(2))
    recorder.signal(Add(3))
    sim.settle()
    assert sim.ask(recorder, Log()) == (1, 3)


class Countdown(Actor[Add | Log]):
    def __init__(self) -> None:
        self.log: tuple[int, ...] = ()

    @handle
    def add(self, message: Add) -> None:
        self.log = (*self.log, message.by)
        if message.by == 3:
            for number in (2, 1, 0):
                assert self.ctx.self.tell(Add(number))

    @handle
    def get_log(self, message: Log) -> tuple[int, ...]:
        return self.log


@pytest.mark.parametrize("overflow", [Overflow.REJECT, Overflow.DROP_NEWEST])
def test_a_tell_to_oneself_is_never_rejected(overflow: Overflow) -> None:
    sim = SimSystem()
    countdown = sim.spawn(Countdown, mailbox=Mailbox(capacity=1, overflow=overflow))
    countdown.tell(Add(3))
    sim.settle()
    assert sim.ask(countdown, Log()) == (3, 2, 1, 0)


class Flood(Message, frozen=True):
    count: int


class Feeder(Actor[Flood]):
    def __init__(self, target: Ref[Add | Log]) -> None:
        self.target = target

    @handle
    async def flood(self, message: Flood) -> None:
        for number in range(message.count):
            assert await self.target.send(Add(number))


def test_send_waits_for_room_and_loses_nothing() -> None:
    sim = SimSystem()
    recorder = sim.spawn(Recorder, mailbox=Mailbox(capacity=2))
    sim.spawn(partial(Feeder, recorder)).tell(Flood(50))
    sim.settle()
    assert sim.ask(recorder, Log()) == tuple(range(50))
    assert sim.kernel.dead_letters.count == 0


def test_a_message_to_a_stopped_actor_is_a_dead_letter() -> None:
    sim = SimSystem()
    counter = sim.spawn(Counter, name="counter")
    sim.settle()
    _ = sim.stop(counter)
    letters: list[tuple[str, object]] = []
    sim.kernel.dead_letters.observer = lambda path, message: letters.append((path, message))
    assert not counter.tell(Add(1))
    with pytest.raises(ActorStopped):
        sim.ask(counter, GetTotal())
    assert letters == [("/counter", Add(1)), ("/counter", GetTotal())]


class Unknown(Message, frozen=True):
    pass


def test_an_unhandled_message_is_a_dead_letter_and_not_a_failure() -> None:
    sim = SimSystem()
    counter = sim.spawn(Counter)
    counter.tell(Unknown())  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] -- that is the point
    counter.tell(Add(1))
    assert sim.ask(counter, GetTotal()) == 1
    assert sim.kernel.dead_letters.count == 1


class Never(Request[int], frozen=True):
    pass


class Silent(Actor[Never]):
    @handle
    def never(self, message: Never) -> Later[int]:
        return self.ctx.later()


def test_an_ask_times_out_at_most_a_sixteenth_late() -> None:
    sim = SimSystem()
    silent = sim.spawn(Silent)
    with pytest.raises(AskTimedOut):
        sim.ask(silent, Never(), timeout_seconds=16.0)
    assert 16.0 <= sim.now / 1e9 <= 17.0


def test_asks_made_at_one_moment_time_out_at_their_own_deadlines() -> None:
    sim = SimSystem()
    silent = sim.spawn(Silent)
    waits = [cast("Wait[int]", silent.ask(Never(), timeout_seconds=seconds)) for seconds in (16.0, 48.0, 16.0)]
    sim.run(20)
    assert [wait.done for wait in waits] == [True, False, True]


def test_a_promised_reply_fails_when_the_actor_stops() -> None:
    sim = SimSystem()
    silent = sim.spawn(Silent)
    asker = sim.spawn(partial(Asker, silent))
    asker.tell(Add(1))
    sim.settle()
    _ = sim.stop(silent)
    sim.settle()
    assert sim.ask(asker, Log()) == (-1,)


class Asker(Actor[Add | Log]):
    """Asks in the background; records -1 if the other has stopped."""

    def __init__(self, other: Ref[Never]) -> None:
        self.other = other
        self.seen: list[int] = []

    @handle
    async def add(self, message: Add) -> None:
        try:
            self.seen.append(await self.other.ask(Never()))
        except ActorStopped:
            self.seen.append(-1)

    @handle
    def log(self, message: Log) -> tuple[int, ...]:
        return tuple(self.seen)


class Open(Message, frozen=True):
    pass


class Enter(Request[str], frozen=True):
    who: str


class Room(Actor[Open | Enter], reentrant=True):
    gate: Gate

    def started(self) -> None:
        self.gate = self.ctx.gate()

    @handle
    async def enter(self, message: Enter) -> str:
        await self.gate.wait()
        return message.who

    @handle
    def open(self, message: Open) -> None:
        self.gate.open()


class Patient(Room, reentrant=False):
    """The same, one message at a time: it never gets to open."""


def test_a_reentrant_actor_handles_messages_while_handlers_wait() -> None:
    sim = SimSystem(schedule=Fifo())
    room = sim.spawn(Room)
    waits = [room.ask(Enter(who)) for who in ("a", "b")]
    room.tell(Open())
    sim.settle()
    assert [wait.__await__().__next__ is not None for wait in waits] == [True, True]
    assert sim.ask(room, Enter("c")) == "c"


def test_an_actor_that_is_not_reentrant_finishes_one_message_before_the_next() -> None:
    sim = SimSystem(schedule=Fifo())
    room = sim.spawn(Patient)
    _ = room.ask(Enter("a"))
    room.tell(Open())
    with pytest.raises(AskTimedOut):
        sim.ask(room, Enter("b"), timeout_seconds=1)


def test_a_foreign_await_in_the_simulator_fails_and_names_the_line() -> None:
    class Yielding:
        def __await__(self):  # type: ignore[no-untyped-def] # noqa: ANN204 # pyright: ignore[reportUnknownParameterType]
            yield "not the kernel's"

    class Foreign(Actor[GetTotal]):
        @handle
        async def get_total(self, message: GetTotal) -> int:
            await Yielding()
            return 1

    sim = SimSystem()
    foreign = sim.spawn(Foreign, name="foreign")
    with pytest.raises(ActorFailed) as failure:
        sim.ask(foreign, GetTotal())
    assert isinstance(failure.value.__cause__, ForeignAwait)
    assert "/foreign awaits a str at " in str(failure.value.__cause__)
    assert "test_messaging.py:" in str(failure.value.__cause__)


FOREIGN: dict[str, Callable[[float], Awaitable[object]]] = {
    "anyio.sleep": anyio.sleep,
    "asyncio.tasks.sleep": asyncio.sleep,
    "trio.sleep": trio.sleep,
    "anyio.to_thread.run_sync": lambda _: anyio.to_thread.run_sync(int),
    "asyncio.queues.get": lambda _: asyncio.Queue[int]().get(),
}


class Abroad(Actor[Add]):
    def __init__(self, wait: Callable[[float], Awaitable[object]]) -> None:
        self.wait = wait

    @handle
    async def add(self, message: Add) -> None:
        await self.wait(message.by)


@pytest.mark.parametrize("what", FOREIGN)
def test_code_that_needs_an_event_loop_fails_in_the_simulator_with_actor_and_line(what: str) -> None:
    sim = SimSystem()
    abroad = sim.spawn(partial(Abroad, FOREIGN[what]), name="abroad")
    abroad.tell(Add(1))
    sim.settle()
    errors = [str(fields["error"]) for _, _, event, _, fields in sim.logged if event == "actor.failed"]
    assert len(errors) == 1
    assert errors[0].startswith("ForeignAwait(")
    assert f"/abroad awaits {what} at " in errors[0]
    assert "test_messaging.py:" in errors[0]


def test_an_actor_without_a_handler_for_its_protocol_is_rejected_at_spawn() -> None:
    class Forgetful(Actor[Add | Break]):
        @handle
        def add(self, message: Add) -> None: ...

    sim = SimSystem()
    with pytest.raises(TypeError, match="Forgetful has Break in its protocol; add a @handle method for it"):
        sim.spawn(Forgetful)
