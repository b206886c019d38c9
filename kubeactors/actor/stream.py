"""Message streams: what actors tell, read by ordinary code with `async for`."""

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Generic, Self, TypeVar

from kubeactors.actor.errors import ActorError
from kubeactors.actor.waits import Wait

if TYPE_CHECKING:
    from kubeactors.actor.system import ActorSystem

T = TypeVar("T")


class StreamOverflowed(ActorError):
    """The reader was so slow that messages were lost. Begin anew, read faster, or make the stream longer."""


class MessageStream(Generic[T]):
    """A bounded stream of messages out of an actor system. Give it where a ref to tell is wanted.

    `async for message in stream` ends when the stream is closed and what was told before has been read. When there is
    no room, `tell` refuses, and the reader gets `StreamOverflowed` after what it can still read: a gap is never silent.
    With `resume` it is not an error: `resume(stream, position)` is called to subscribe again after the message with
    that position; messages until then are lost, and must come again.

    Args:
        system: whose event loop reads.
        capacity: how many messages wait for the reader.
        position: of a message: a number, a revision.
        resume: how to subscribe again after a position; needs `position`.
    """

    def __init__(
        self,
        system: "ActorSystem",
        capacity: int = 1_000,
        *,
        position: "Callable[[T], int] | None" = None,
        resume: "Callable[[MessageStream[T], int], object] | None" = None,
    ) -> None:
        self._system = system
        self._capacity = capacity
        self._position_of = position
        self._resume = resume
        self._messages: deque[T] = deque()
        self._arrival: Wait[None] | None = None
        self._closed = False
        self._overflowed = False
        self.position: int = 0
        """Of the last message that was read."""

    def tell(self, message: T, /) -> bool:
        """Add a message; False if there is no room, or the stream is closed."""
        if self._closed or self._overflowed or len(self._messages) >= self._capacity:
            self._overflowed = not self._closed
            return False
        self._messages.append(message)
        self._wake()
        return True

    def close(self) -> None:
        """No more messages; those that have come can still be read."""
        self._closed = True
        self._wake()

    def _wake(self) -> None:
        arrival, self._arrival = self._arrival, None
        if arrival is not None:
            arrival.set(None)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        while not self._messages:
            if self._overflowed:
                self._catch_up()
            elif self._closed:
                raise StopAsyncIteration
            else:
                self._arrival = Wait()
                await self._system.outside(self._arrival, helps=True)
        message = self._messages.popleft()
        if self._position_of is not None:
            self.position = self._position_of(message)
        return message

    def _catch_up(self) -> None:
        if self._resume is None:
            raise StreamOverflowed(f"more than {self._capacity} messages waited to be read; some are lost")
        self._overflowed = False
        self._resume(self, self.position)
