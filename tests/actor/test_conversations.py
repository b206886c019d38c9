"""Stash, become, delegate, pipe to self, coalescing and urgent mailboxes, cycles of asks, dead letters."""

from functools import partial

import pytest

from kubeactors.actor import (
    Actor,
    ActorFailed,
    AskCycle,
    AskTimedOut,
    DeadLetter,
    Fifo,
    Later,
    Mailbox,
    Ref,
    SimSystem,
    handle,
)
from kubeactors.message import Message, Request
from tests.actor.messages import Add, Break, Counter, GetTotal


class Open(Message, frozen=True):
    pass


class Close(Message, frozen=True):
    pass


class Enter(Request[str], frozen=True):
    who: str


class OpenDoor(Actor[Open | Close | Enter]):
    """The state in which the door lets people in."""

    @handle
    def open(self, message: Open) -> None: ...

    @handle
    def close(self, message: Close) -> None:
        self.ctx.become(Door())

    @handle
    def enter(self, message: Enter) -> str:
        return f"{message.who} is in"


class Door(Actor[Open | Close | Enter]):
    """A closed door: requests to enter are stashed."""

    @handle
    def open(self, message: Open) -> None:
        self.ctx.become(OpenDoor())
        self.ctx.unstash()

    @handle
    def close(self, message: Close) -> None: ...

    @handle
    def enter(self, message: Enter) -> Later[str]:
        return self.ctx.stash()


def test_stashed_messages_are_handled_in_order_by_the_next_behaviour() -> None:
    sim = SimSystem(schedule=Fifo())
    door = sim.spawn(Door)
    early = [door.ask(Enter(who)) for who in ("a", "b")]
    sim.settle()
    door.tell(Open())
    assert sim.ask(door, Enter("c")) == "c is in"
    door.tell(Close())
    with pytest.raises(AskTimedOut):
        sim.ask(door, Enter("d"), timeout_seconds=1)
    assert [wait.__await__().send for wait in early]  # they are done: awaiting them does not yield
    replies: list[str] = []
    for wait in early:
        with pytest.raises(StopIteration) as stop:
            wait.__await__().send(None)
        replies.append(stop.value.value)
    assert replies == ["a is in", "b is in"]


def test_stashed_messages_are_dead_letters_when_the_actor_stops() -> None:
    sim = SimSystem()
    door = sim.spawn(Door)
    _ = door.ask(Enter("a"))
    sim.settle()
    _ = sim.stop(door)
    assert sim.kernel.dead_letters.count == 1


class Receptionist(Actor[Enter]):
    def __init__(self, door: Ref[Enter]) -> None:
        self.door = door

    @handle
    def enter(self, message: Enter) -> Later[str]:
        return self.ctx.delegate(self.door, Enter(message.who.upper()))


def test_a_delegated_request_is_answered_by_the_other_actor() -> None:
    sim = SimSystem()
    door = sim.spawn(OpenDoor)
    receptionist = sim.spawn(partial(Receptionist, door))
    assert sim.ask(receptionist, Enter("ann")) == "ANN is in"
    _ = sim.stop(door)
    with pytest.raises(Exception, match=r"no room|does not take"):
        sim.ask(receptionist, Enter("bob"))


class Fetch(Message, frozen=True):
    fails: bool


class Fetched(Message, frozen=True):
    what: str


class Seen(Request[tuple[str, ...]], frozen=True):
    pass


class Fetcher(Actor[Fetch | Fetched | Seen]):
    def __init__(self) -> None:
        self.seen: list[str] = []

    async def work(self, *, fails: bool) -> str:
        await self.ctx.sleep(1)
        if fails:
            raise ValueError("no")
        return "page"

    @handle
    def fetch(self, message: Fetch) -> None:
        self.ctx.pipe_to_self(self.work(fails=message.fails), Fetched, lambda error: Fetched(repr(error)))
        self.seen.append("asked")

    @handle
    def fetched(self, message: Fetched) -> None:
        self.seen.append(message.what)

    @handle
    def get(self, message: Seen) -> tuple[str, ...]:
        return tuple(self.seen)


def test_piped_work_runs_in_the_background_and_its_result_is_a_message() -> None:
    sim = SimSystem(schedule=Fifo())
    fetcher = sim.spawn(Fetcher)
    fetcher.tell(Fetch(fails=False))
    fetcher.tell(Fetch(fails=True))
    assert sim.ask(fetcher, Seen()) == ("asked", "asked")
    sim.run(2)
    assert sim.ask(fetcher, Seen()) == ("asked", "asked", "page", "ValueError('no')")


def test_piped_work_is_cancelled_with_its_actor() -> None:
    sim = SimSystem()
    fetcher = sim.spawn(Fetcher)
    fetcher.tell(Fetch(fails=False))
    sim.settle()
    _ = sim.stop(fetcher)
    sim.run(2)
    assert sim.kernel.dead_letters.count == 0


class Moved(Message, frozen=True):
    who: str
    to: int


class Where(Request[tuple[Moved, ...]], frozen=True):
    pass


class Map(Actor[Moved | Where]):
    def __init__(self) -> None:
        self.moves: list[Moved] = []

    @handle
    def moved(self, message: Moved) -> None:
        self.moves.append(message)

    @handle
    def where(self, message: Where) -> tuple[Moved, ...]:
        return tuple(self.moves)


def who(message: object) -> str | None:
    return message.who if isinstance(message, Moved) else None


def test_a_coalescing_mailbox_keeps_the_newest_of_each_key_in_the_place_of_the_oldest() -> None:
    sim = SimSystem(schedule=Fifo())
    ref = sim.spawn(Map, mailbox=Mailbox(capacity=2, key=who))
    told = [ref.tell(Moved(name, to)) for name, to in (("a", 1), ("b", 1), ("a", 2), ("c", 1), ("b", 2))]
    assert told == [True, True, True, False, True]
    sim.settle()
    assert sim.ask(ref, Where()) == (Moved("a", 2), Moved("b", 2))
    assert sim.kernel.dead_letters.count == 1


def test_urgent_messages_go_first() -> None:
    sim = SimSystem(schedule=Fifo())
    ref = sim.spawn(Map, mailbox=Mailbox(urgent=(Where,)))
    for number in range(3):
        ref.tell(Moved("a", number))
    assert sim.ask(ref, Where()) == ()
    sim.settle()
    assert len(sim.ask(ref, Where())) == 3


class Ask(Request[int], frozen=True):
    of: Ref["Ask"] | None
    then: Ref["Ask"] | None = None


class Node(Actor[Ask]):
    """Asks another actor, if it has one, before it replies."""

    @handle
    async def ask(self, message: Ask) -> int:
        return 1 if message.of is None else 1 + await message.of.ask(Ask(message.then))


class ReentrantNode(Node, reentrant=True):
    pass


def test_an_ask_of_oneself_fails_and_the_cycle_is_named() -> None:
    sim = SimSystem()
    node = sim.spawn(Node, name="a")
    with pytest.raises(ActorFailed) as failure:
        sim.ask(node, Ask(node))
    assert isinstance(failure.value.__cause__, AskCycle)
    assert str(failure.value.__cause__).startswith("/a asks /a, which waits for the reply")


def test_a_cycle_of_asks_is_detected_at_once_and_named() -> None:
    sim = SimSystem()
    a, b = (sim.spawn(Node, name=name) for name in "ab")
    with pytest.raises(ActorFailed) as failure:
        sim.ask(a, Ask(b, a))
    assert "/b asks /a asks /b, which waits for the reply" in str(failure.value.__cause__)
    assert sim.now == 0


def test_a_reentrant_actor_may_be_asked_in_a_cycle() -> None:
    sim = SimSystem()
    a, b = sim.spawn(ReentrantNode), sim.spawn(Node)
    assert sim.ask(a, Ask(b, a)) == 3


class Mourner(Actor[DeadLetter | Seen]):
    def __init__(self) -> None:
        self.letters: list[str] = []

    def started(self) -> None:
        self.ctx.subscribe_dead_letters()

    @handle
    def letter(self, message: DeadLetter) -> None:
        self.letters.append(f"{message.path} {message.message} {message.reason}")

    @handle
    def seen(self, message: Seen) -> tuple[str, ...]:
        return tuple(self.letters)


def test_subscribers_receive_dead_letters() -> None:
    sim = SimSystem()
    mourner = sim.spawn(Mourner)
    counter = sim.spawn(Counter, name="counter", mailbox=Mailbox(capacity=1))
    sim.settle()
    counter.tell(Add(1))
    counter.tell(Add(2))
    sim.settle()
    _ = sim.stop(counter)
    counter.tell(Add(3))
    assert sim.ask(mourner, Seen()) == ("/counter Add(by=2) mailbox full", "/counter Add(by=3) stopped")


def test_an_async_handler_knows_its_sender_to_its_end() -> None:
    class Curious(Actor[Enter]):
        @handle
        async def enter(self, message: Enter) -> str:
            before = self.ctx.sender
            await self.ctx.sleep(1)
            return f"{before} {self.ctx.sender}"

    sim = SimSystem()
    receptionist = sim.spawn(partial(Receptionist, sim.spawn(Curious)), name="receptionist")
    assert sim.ask(receptionist, Enter("x")) == "None None"
    caller = sim.spawn(lambda: Caller(receptionist), name="caller")
    assert sim.ask(caller, GetTotal()) == len("Ref(/caller) Ref(/caller)")


class Caller(Actor[GetTotal]):
    def __init__(self, other: Ref[Enter]) -> None:
        self.other = other

    @handle
    async def get_total(self, message: GetTotal) -> int:
        return len(await self.other.ask(Enter("me")))


def test_a_failure_loses_no_stashed_messages() -> None:
    class Careful(Counter):
        @handle
        def add(self, message: Add) -> None:
            if self.total == 0 and message.by > 0:
                self.ctx.stash()
            self.total += 1

    sim = SimSystem(schedule=Fifo())
    ref = sim.spawn(Careful)
    for message in (Add(1), Break("now"), Add(0)):
        ref.tell(message)
    assert sim.ask(ref, GetTotal()) == 2
