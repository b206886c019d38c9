"""Counting deliveries loses no message, also in production."""

import anyio

from kubeactors.actor import Actor, ActorSystem, counted, handle
from kubeactors.message import Message


class Add(Message, frozen=True):
    number: int


class Sum(Actor[Add]):
    def __init__(self) -> None:
        self.total = 0
        self.done = anyio.Event()

    @handle
    def add(self, message: Add) -> None:
        self.total += message.number
        self.done.set()


async def test_a_message_to_an_idle_actor_is_counted_and_arrives() -> None:
    adder = Sum()
    async with ActorSystem() as system:
        actor = await system.spawn(lambda: adder)
        with counted(system.kernel) as census, anyio.fail_after(5):
            for number in (1, 2, 3):
                adder.done = anyio.Event()
                actor.tell(Add(number))
                await adder.done.wait()
        assert adder.total == 6
        assert [(one.actor, one.message, one.count) for one in census.counts()] == [("Sum", "Add", 3)]
