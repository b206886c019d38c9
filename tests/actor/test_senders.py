"""Senders of messages in production systems, where messages may wait without envelopes."""

from functools import partial
from typing import cast

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubeactors.actor import Actor, ActorSystem, Gate, Mailbox, Overflow, Ref, Strategy, Supervision, handle
from kubeactors.message import Message, Request
from tests.actor.messages import Add, Break, Counter, GetTotal

OUTSIDE = -1


class Letter(Message, frozen=True):
    author: int
    number: int


class AsyncLetter(Message, frozen=True):
    author: int
    number: int


class Question(Request[int], frozen=True):
    author: int
    number: int


class Seen(Request[tuple[tuple[int, int, str], ...]], frozen=True):
    """Of each message: author, number, and the name of its sender."""


class Reader(Actor[Letter | AsyncLetter | Question | Seen]):
    def __init__(self) -> None:
        self.seen: list[tuple[int, int, str]] = []

    def _note(self, message: Letter | AsyncLetter | Question) -> None:
        sender = self.ctx.sender
        self.seen.append((message.author, message.number, "" if sender is None else sender.path))

    @handle
    def letter(self, message: Letter) -> None:
        self._note(message)

    @handle
    async def async_letter(self, message: AsyncLetter) -> None:
        self._note(message)
        await self.ctx.sleep(0)
        self._note(message)

    @handle
    def question(self, message: Question) -> int:
        self._note(message)
        return message.number

    @handle
    def reply(self, message: Seen) -> tuple[tuple[int, int, str], ...]:
        return tuple(self.seen)


class Write(Message, frozen=True):
    kind: type[Letter | AsyncLetter | Question]
    numbers: tuple[int, ...]
    to: Ref[Letter | AsyncLetter | Question | Seen]


class Author(Actor[Write]):
    def __init__(self, number: int) -> None:
        self.number = number

    @handle
    def write(self, message: Write) -> None:
        for number in message.numbers:
            letter = message.kind(self.number, number)
            if isinstance(letter, Question):
                self.ctx.pipe_to_self(message.to.ask(letter), lambda _: Write(Letter, (), message.to))
            else:
                message.to.tell(letter)


KINDS: tuple[type[Letter | AsyncLetter | Question], ...] = (Letter, AsyncLetter, Question)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(OUTSIDE, 2), st.sampled_from(KINDS), st.integers(1, 4), st.booleans())))
def test_every_handler_sees_the_sender_of_its_message(
    plan: list[tuple[int, type[Letter | AsyncLetter | Question], int, bool]],
) -> None:
    seen, authors = _play(plan)
    assert all(sender == ("" if author == OUTSIDE else authors[author]) for author, _, sender in seen)
    for one in {author for author, _, _ in seen}:
        numbers = [number for author, number, _ in seen if author == one]
        assert numbers == sorted(numbers)
    told = sum(count * (2 if kind is AsyncLetter else 1) for author, kind, count, _ in plan if author != OUTSIDE)
    assert told == sum(author != OUTSIDE for author, _, _ in seen)


def _play(
    plan: list[tuple[int, type[Letter | AsyncLetter | Question], int, bool]],
) -> tuple[tuple[tuple[int, int, str], ...], list[str]]:
    async def play() -> tuple[tuple[tuple[int, int, str], ...], list[str]]:
        async with ActorSystem() as system:
            reader = await system.spawn(Reader)
            authors = [await system.spawn(partial(Author, number)) for number in range(3)]
            for step, (author, kind, count, pause) in enumerate(plan):
                numbers = tuple(step * 10 + number for number in range(count))
                if author == OUTSIDE:
                    for number in numbers:
                        reader.tell(Letter(author, number))
                else:
                    authors[author].tell(Write(kind, numbers, reader))
                if pause:
                    await anyio.lowlevel.checkpoint()
            await settled(system)
            return await reader.ask(Seen()), [author.path for author in authors]

    return anyio.run(play)


class Block(Message, frozen=True):
    pass


class Blocked(Counter):
    """Handles nothing after `Block` until the gate is open."""

    def __init__(self, gate: Gate) -> None:
        super().__init__()
        self.gate = gate

    @handle
    async def block(self, message: Block) -> None:
        await self.gate.wait()


class Pass(Request[bool], frozen=True):
    pass


class Teller(Actor[Pass]):
    def __init__(self, target: Ref[Add]) -> None:
        self.target = target

    @handle
    def pass_(self, message: Pass) -> bool:
        return self.target.tell(Add(1))


async def test_a_mailbox_holds_messages_up_to_its_capacity_whoever_sends_them() -> None:
    async with ActorSystem() as system:
        gate = Gate()
        blocked = await system.spawn(partial(Blocked, gate), mailbox=Mailbox(capacity=4))
        tellers = [await system.spawn(partial(Teller, blocked)) for _ in range(2)]
        cast("Ref[Block]", blocked).tell(Block())
        await settled(system)
        taken = [await tellers[number % 2].ask(Pass()) for number in range(6)]
        waiting = [one.mailbox for one in system.statistics() if one.path == blocked.path]
        assert (taken, waiting, blocked.tell(Add(1))) == ([True] * 4 + [False] * 2, [4], False)
        gate.open()
        while blocked.load:
            await anyio.lowlevel.checkpoint()
        assert await blocked.ask(GetTotal()) == 4


@pytest.mark.parametrize("overflow", [Overflow.REJECT, Overflow.DROP_OLDEST, Overflow.DROP_NEWEST])
async def test_a_full_mailbox_is_full_at_its_capacity_under_every_policy(overflow: Overflow) -> None:
    async with ActorSystem() as system:
        counter = await system.spawn(Counter, mailbox=Mailbox(capacity=3, overflow=overflow))
        for number in range(5):
            counter.tell(Add(10**number))
        kept = {Overflow.REJECT: 111, Overflow.DROP_NEWEST: 111, Overflow.DROP_OLDEST: 11100}[overflow]
        await settled(system)
        assert (await counter.ask(GetTotal()), system.dead_letters) == (kept, 2)


class Start(Message, frozen=True):
    pass


class Family(Actor[Start | GetTotal]):
    supervision = Supervision(strategy=Strategy.ONE_FOR_ALL)

    def started(self) -> None:
        self.one, self.other = (self.ctx.spawn(Counter) for _ in range(2))

    @handle
    def start(self, message: Start) -> None:
        self.one.tell(Break("bug"))
        self.other.tell(Add(5))

    @handle
    async def total(self, message: GetTotal) -> int:
        return await self.other.ask(message)


async def test_a_message_to_an_idle_actor_survives_a_restart() -> None:
    async with ActorSystem() as system:
        family = await system.spawn(Family)
        family.tell(Start())
        await settled(system)
        assert await family.ask(GetTotal()) == 5
        assert [one.restarts for one in system.statistics()] == [0, 1, 1]


async def test_a_message_to_an_idle_actor_is_a_dead_letter_if_it_is_stopped_first() -> None:
    async with ActorSystem() as system:
        counter = await system.spawn(Counter)
        counter.tell(Add(1))
        _ = system.stop(counter)
        await settled(system)
        assert (counter.ended, system.dead_letters) == (True, 1)


async def settled(system: ActorSystem) -> None:
    while system.kernel.has_work:
        await anyio.lowlevel.checkpoint()
