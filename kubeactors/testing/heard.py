"""A recipient that keeps what it is told."""

from typing import Generic, TypeVar

M = TypeVar("M")


class Heard(Generic[M]):
    """In place of an actor's ref.

    >>> heard: Heard[int] = Heard()
    >>> heard.tell(1), heard.messages
    (True, [1])
    """

    def __init__(self) -> None:
        self.messages: list[M] = []

    def __bool__(self) -> bool:
        return bool(self.messages)

    def tell(self, message: M, /) -> bool:
        """Keep it."""
        self.messages.append(message)
        return True

    def clear(self) -> None:
        """Forget what was told."""
        self.messages.clear()
