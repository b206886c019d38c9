"""The same scenarios on every driver: asyncio, asyncio with uvloop, trio, and the simulator."""

import math
from functools import partial

import pytest

from kubeactors.actor import (
    Actor,
    ActorFailed,
    ActorStopped,
    AskTimedOut,
    DeadLetter,
    Later,
    Mailbox,
    MailboxFull,
    Overflow,
    Ref,
    Restart,
    Terminated,
    handle,
)
from kubeactors.message import Message, Request
from kubeactors.testing import Actors
from tests.actor.messages import Add, Break, Counter, Divide, GetTotal


class Seen(Request[tuple[int, ...]], frozen=True):
    pass


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


async def test_order_is_kept(actors: Actors) -> None:
    counter = await actors.spawn(Recorder)
    for number in range(500):
        counter.tell(Add(number))
    assert await counter.ask(Seen()) == tuple(range(500))


async def test_asks_are_answered(actors: Actors) -> None:
    counter = await actors.spawn(Counter)
    counter.tell(Add(7))
    assert await counter.ask(GetTotal()) == 7
    assert await counter.ask(Divide(2)) == 3
    with pytest.raises(ActorFailed) as failure:
        await counter.ask(Divide(0))
    assert isinstance(failure.value.__cause__, ZeroDivisionError)


async def test_a_restart_keeps_the_mailbox_but_not_the_state(actors: Actors) -> None:
    counter = await actors.spawn(Counter)
    for message in (Add(1), Break("bug"), Add(10)):
        counter.tell(message)
    assert await counter.ask(GetTotal()) == 10


async def test_independent_failures_at_the_top_end_neither_others_nor_the_system(actors: Actors) -> None:
    counters = [await actors.spawn(Counter) for _ in range(10)]
    for counter in counters:
        counter.tell(Break("bug"))
    for _ in range(5):
        counters[0].tell(Break("again"))
    for counter in counters:
        counter.tell(Add(1))
    assert [await counter.ask(GetTotal()) for counter in counters] == [1] * 10


async def test_a_full_mailbox_rejects(actors: Actors) -> None:
    slow = await actors.spawn(Slow, mailbox=Mailbox(capacity=2))
    told = [slow.tell(Add(number)) for number in range(4)]
    assert told == [True, True, False, False]
    with pytest.raises(MailboxFull):
        await slow.ask(Seen())


async def test_a_full_mailbox_that_drops_messages_rejects_requests(actors: Actors) -> None:
    slow = await actors.spawn(Slow, mailbox=Mailbox(capacity=1, overflow=Overflow.DROP_NEWEST))
    assert [slow.tell(Add(number)) for number in range(2)] == [True, True]
    with pytest.raises(MailboxFull):
        await slow.ask(Seen())


async def test_send_waits_for_room(actors: Actors) -> None:
    slow = await actors.spawn(Slow, mailbox=Mailbox(capacity=2))
    for number in range(10):
        assert await slow.send(Add(number))
    seen: tuple[int, ...] = ()
    while len(seen) < 10:
        await actors.sleep(0.002)
        try:
            seen = await slow.ask(Seen())
        except MailboxFull:
            continue
    assert seen == tuple(range(10))


async def test_stopped_actors_do_not_answer(actors: Actors) -> None:
    counter = await actors.spawn(Counter)
    await actors.stop(counter)
    assert not counter.tell(Add(1))
    with pytest.raises(ActorStopped):
        await counter.ask(GetTotal())


async def test_deadlines_are_kept(actors: Actors) -> None:
    silent = await actors.spawn(Silent)
    with pytest.raises(AskTimedOut):
        await silent.ask(GetTotal(), timeout_seconds=0.01)


async def test_actors_and_probes_receive_terminated(actors: Actors) -> None:
    counter = await actors.spawn(Counter, restart=Restart.TEMPORARY)
    watcher = await actors.spawn(partial(Watcher, counter))
    probe = actors.probe()
    probe.watch(counter)
    counter.tell(Break("bug"))
    assert (await probe.expect(Terminated)).ref is counter
    assert await watcher.ask(Seen()) == (1,)


async def test_an_undeliverable_message_is_a_dead_letter(actors: Actors) -> None:
    probe = actors.probe()
    probe.subscribe_dead_letters()
    counter = await actors.spawn(Counter, name="counter")
    await actors.stop(counter)
    counter.tell(Add(1))
    assert await probe.expect(DeadLetter) == DeadLetter("/counter", Add(1), "stopped")
    assert actors.dead_letters == 1


async def test_failures_are_logged_with_the_actor_and_the_line(actors: Actors) -> None:
    counter = await actors.spawn(Counter, name="counter")
    counter.tell(Break("bug"))
    assert await counter.ask(GetTotal()) == 0
    (line,) = actors.logged
    assert (line.level, line.event, line.path) == ("warning", "actor.failed", "/counter")
    assert str(line.fields["where"]).startswith("tests.actor.messages:")


@pytest.mark.parametrize("seconds", [None, math.inf])
async def test_an_ask_may_have_no_deadline(actors: Actors, seconds: float | None) -> None:
    counter = await actors.spawn(Counter)
    counter.tell(Add(4))
    assert await counter.ask(Divide(2), timeout_seconds=seconds) == 2


@pytest.mark.parametrize("seconds", [-1.0, math.nan])
async def test_an_ask_with_an_invalid_timeout_is_rejected_before_it_is_sent(actors: Actors, seconds: float) -> None:
    recorder = await actors.spawn(Recorder)
    with pytest.raises(ValueError, match="give a number that is not negative, or None for no deadline"):
        await recorder.ask(Seen(), timeout_seconds=seconds)
    assert recorder.load == 0


class Overrun(Actor[Tick | Seen]):
    """Begins with a message to itself that takes longer than many ticks."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.loads: list[int] = []

    def started(self) -> None:
        self.ctx.every(self.seconds, Tick(), "tick")

    @handle
    async def tick(self, message: Tick) -> None:
        await self.ctx.sleep(10 * self.seconds)
        self.loads.append(self.ctx.waiting)

    @handle
    def seen(self, message: Seen) -> tuple[int, ...]:
        return tuple(self.loads)


async def test_a_tick_is_skipped_while_the_previous_one_is_not_handled(actors: Actors) -> None:
    overrun = await actors.spawn(partial(Overrun, 0.001), mailbox=Mailbox(capacity=10))
    while not (seen := await overrun.ask(Seen())):
        await actors.sleep(0.1)
    assert set(seen) <= {0, 1}  # the question, if any


@pytest.mark.parametrize("seconds", [0.0, -1.0, math.nan, math.inf])
async def test_an_invalid_period_is_rejected(actors: Actors, seconds: float) -> None:
    with pytest.raises(ActorStopped, match="give a positive number"):
        await actors.spawn(partial(Overrun, seconds))


async def test_timers_fire(actors: Actors) -> None:
    ticking = await actors.spawn(Ticking)
    assert await until(actors, ticking, 3) == (1, 2, 3)


async def test_a_suspended_handler_sends_after_it_has_resumed(actors: Actors) -> None:
    recorder = await actors.spawn(Recorder)
    sleeper = await actors.spawn(partial(Sleeper, recorder))
    for number in range(5):
        sleeper.tell(Add(number))
    assert await until(actors, recorder, 5) == (0, 1, 2, 3, 4)


async def until(actors: Actors, ref: Ref[Seen], count: int) -> tuple[int, ...]:
    """What an actor has seen once it is so much; with a machine under load that may take a while."""
    while len(seen := await ref.ask(Seen())) < count:
        await actors.sleep(0.01)
    return seen
