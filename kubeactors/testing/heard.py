"""A recipient of messages that records them."""

from typing import Generic, TypeVar

M = TypeVar("M")


class Heard(Generic[M]):
    """Takes the place of an actor's ref and records the messages sent to it, oldest first.

    >>> heard: Heard[int] = Heard()
    >>> heard.tell(1), heard.messages
    (True, [1])
    """

    def __init__(self) -> None:
        self.messages: list[M] = []

    def __bool__(self) -> bool:
        return bool(self.messages)

    def tell(self, message: M, /) -> bool:
        """Record the message; never refuses."""
        self.messages.append(message)
        return True

    def clear(self) -> None:
        """Forget all recorded messages."""
        self.messages.clear()
