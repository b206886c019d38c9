"""A small actor that many tests of the framework use."""

from kubeactors.actor import Actor, handle
from kubeactors.message import Message, Request


class Add(Message, frozen=True):
    by: int


class GetTotal(Request[int], frozen=True):
    pass


class Break(Message, frozen=True):
    why: str


class Divide(Request[int], frozen=True):
    by: int


class Counter(Actor[Add | GetTotal | Break | Divide]):
    def __init__(self) -> None:
        self.total = 0

    @handle
    def add(self, message: Add) -> None:
        self.total += message.by

    @handle
    def get_total(self, message: GetTotal) -> int:
        return self.total

    @handle
    def break_(self, message: Break) -> None:
        raise ValueError(message.why)

    @handle
    async def divide(self, message: Divide) -> int:
        await self.ctx.sleep(0.001)
        return self.total // message.by
