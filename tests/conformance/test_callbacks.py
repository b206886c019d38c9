"""What an actor gives to be called later may raise: that is its failure, and nobody else's. On every driver."""

from collections.abc import Awaitable, Callable

import pytest

from kubeactors.actor import Actor, ActorStopped, Batch, Later, Mailbox, handle
from kubeactors.message import Message, Request
from kubeactors.testing import Actors


class Go(Message, frozen=True):
    pass


class Starts(Request[int], frozen=True):
    pass


class Sum(Request[int], frozen=True):
    of: int


class Careless(Actor[Go | Starts]):
    """Has something done that raises."""

    def __init__(self, starts: list[str], begin: "Callable[[Careless], object]") -> None:
        self.starts = starts
        self.begin = begin

    def started(self) -> None:
        self.starts.append(self.ctx.path)

    @handle
    def go(self, message: Go) -> None:
        self.begin(self)

    @handle
    def count(self, message: Starts) -> int:
        return len(self.starts)


async def restarts_by_itself(
    actors: Actors, begin: Callable[[Careless], object], mailbox: Mailbox | None = None
) -> list[str]:
    """What the actor's supervisor said; another one has noticed nothing."""
    starts: list[str] = []
    other = await actors.spawn(lambda: Careless([], begin))
    careless = await actors.spawn(lambda: Careless(starts, begin), mailbox=mailbox)
    careless.tell(Go())
    while len(starts) < 2:
        await actors.sleep(0.001)
    assert (await careless.ask(Starts()), await other.ask(Starts())) == (2, 1)
    return [f"{line.event} {line.fields['error']}" for line in actors.logged]


async def one() -> int:
    return 1


async def none() -> int:
    raise LookupError("nothing")


def cannot(what: object) -> Go:
    raise ValueError(f"cannot use {what!r}")


async def test_a_result_that_cannot_be_made_a_message_is_a_failure_of_the_actor(actors: Actors) -> None:
    said = await restarts_by_itself(actors, lambda actor: actor.ctx.pipe_to_self(one(), then=cannot))
    assert said == ["actor.failed ValueError('cannot use 1')"]


async def test_an_error_that_cannot_be_made_a_message_is_a_failure_of_the_actor(actors: Actors) -> None:
    said = await restarts_by_itself(
        actors, lambda actor: actor.ctx.pipe_to_self(none(), then=lambda _: Go(), failed=cannot)
    )
    assert said == ["actor.failed ValueError(\"cannot use LookupError('nothing')\")"]


async def test_a_key_function_that_fails_on_a_timers_message_is_a_failure_of_the_actor(actors: Actors) -> None:
    def key(message: object) -> None:
        if isinstance(message, Starts):
            cannot(message)

    said = await restarts_by_itself(actors, lambda actor: actor.ctx.after(0.001, Starts()), mailbox=Mailbox(key=key))
    assert said == ["actor.failed ValueError('cannot use Starts()')"]


class Unready(Actor[Go]):
    """Has no handler for what it is to take."""


async def test_a_successor_that_cannot_handle_its_protocol_is_a_failure_of_the_actor(actors: Actors) -> None:
    def become(actor: Careless) -> None:
        actor.ctx.become(Unready())  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] -- the mistake

    (said,) = await restarts_by_itself(actors, become)
    assert said.startswith("actor.failed TypeError('Unready has Go in its protocol")


class Adder(Actor[Sum]):
    """Its batches are not begun well."""

    def started(self) -> None:
        self.batch: Batch[int, int] = Batch(self.ctx, self.add, size=10, seconds=0.001)

    def add(self, numbers: list[int]) -> Awaitable[list[int]]:
        raise ValueError(f"cannot add {numbers}")

    @handle
    def sum(self, message: Sum) -> Later[int]:
        return self.batch.add(message.of)


async def test_a_batch_that_cannot_start_is_a_failure_of_the_actor(actors: Actors) -> None:
    adder = await actors.spawn(Adder)
    with pytest.raises(ActorStopped):
        await adder.ask(Sum(1))
    assert [f"{line.event} {line.fields['error']}" for line in actors.logged] == [
        "actor.failed ValueError('cannot add [1]')"
    ]
