"""What the checkers refuse: each line with `# refused` must have an error, and no other."""

from typing import assert_never

from kubeactors.actor import Actor, Context, Ref, SimSystem, handle
from kubeactors.message import Message, Request


class Increment(Message, frozen=True):
    by: int


class Reset(Message, frozen=True):
    pass


class GetTotal(Request[int], frozen=True):
    pass


class Counter(Actor[Increment | GetTotal]):
    @handle
    def increment(self, message: Increment) -> None:
        message.by = 2  # refused
        self.ctx.after(1, Reset())  # refused

    @handle
    def get_total(self, message: GetTotal) -> int:
        return 1


def use(ref: Ref[Increment | GetTotal], context: Context[Increment]) -> None:
    ref.tell(Reset())  # refused
    ref.tell("increment")  # refused
    wider: Ref[Increment | Reset] = ref  # refused
    wider.tell(Reset())
    total: str = SimSystem().ask(ref, GetTotal())  # refused
    print(total)
    context.self.tell(Reset())  # refused


def all_cases(message: Increment | Reset) -> int:
    match message:
        case Increment():
            return 1
        case _:
            assert_never(message)  # refused
