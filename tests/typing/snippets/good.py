"""What the checkers accept, with the types that they must see."""

from typing import assert_type

from kubeactors.actor import Actor, ActorSystem, Later, Ref, SimSystem, handle
from kubeactors.message import Message, Request


class Increment(Message, frozen=True):
    by: int


class GetTotal(Request[int], frozen=True):
    pass


class Counter(Actor[Increment | GetTotal]):
    def __init__(self) -> None:
        self.total = 0

    @handle
    def increment(self, message: Increment) -> None:
        self.total += message.by

    @handle
    async def get_total(self, message: GetTotal) -> int | Later[int]:
        return self.total


async def use() -> None:
    async with ActorSystem() as system:
        ref = await system.spawn(Counter)
        assert_type(ref, Ref[Increment | GetTotal])
        assert_type(ref.tell(Increment(1)), bool)
        assert_type(await ref.ask(GetTotal()), int)
        narrow: Ref[Increment] = ref
        narrow.tell(Increment(2))
    sim = SimSystem()
    assert_type(sim.ask(sim.spawn(Counter), GetTotal()), int)
