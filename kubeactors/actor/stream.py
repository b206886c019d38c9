"""Message streams: messages from actors, for ordinary code to read with `async for`."""

from collections import deque
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import TYPE_CHECKING, Generic, Self, TypeVar

from kubeactors.actor.errors import ActorError
from kubeactors.actor.waits import Wait

if TYPE_CHECKING:
    from kubeactors.actor.system import ActorSystem

T = TypeVar("T")


class StreamOverflowed(ActorError):
    """The reader was too slow, and messages were lost. Start over, read faster, or increase the capacity."""


class StreamInUse(ActorError):
    """Another task waits for the next message. A stream has one reader; give each reader a stream of its own."""


class MessageStream(Generic[T]):
    """A bounded stream of messages out of an actor system. It can be passed as the recipient of messages.

    `async for message in stream` ends when the stream is closed or the system has ended, after the messages that came
    before have been read. `async with stream` closes it at the end of the block.

    When it is full, `tell` returns False, and the reader gets `StreamOverflowed` after the messages that came before: a
    gap is never silent. With `resume` this is no error: `resume(stream, position)` is called (and awaited, if it is
    awaitable) to subscribe again after the message with that position, and messages that were lost come again. An error
    of `resume` is raised in the reader, which may retry. The reader gets `StreamOverflowed` all the same if resuming makes
    no progress: more messages come at once, at one position, than the stream holds.

    >>> import anyio
    >>> from kubeactors import ActorSystem
    >>> from kubeactors.actor import Publish, Subscribe, Topic
    >>> async def main() -> list[str]:
    ...     async with ActorSystem() as system:
    ...         topic = await system.spawn(Topic[str])
    ...         stream = MessageStream(system, capacity=10)
    ...         for message in (Subscribe(stream), Publish("first"), Publish("second")):
    ...             topic.tell(message)
    ...         return [(await anext(stream)).event for _ in range(2)]
    >>> anyio.run(main)
    ['first', 'second']

    Args:
        system: the actor system.
        capacity: how many messages may wait for the reader.
        position: returns a message's position: a number, a revision.
        resume: subscribes again after a position; needs `position`.
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
        self._interrupted = False
        self._resumed_at = -1
        self.position: int = 0
        """The position of the last message read."""

    @property
    def closed(self) -> bool:
        """Whether it takes no more messages."""
        return self._closed

    def tell(self, message: T, /) -> bool:
        """Add a message; False if the stream is full or closed."""
        if self._closed or self._interrupted:
            return False
        if self._overflowed or len(self._messages) >= self._capacity:
            self._overflowed = True
            return False
        self._messages.append(message)
        self._wake()
        return True

    def interrupt(self) -> None:
        """The subscription has ended: the reader resumes after the messages that came before. Needs `resume`."""
        self._interrupted = True
        self._wake()

    def close(self) -> None:
        """Take no more messages; those that came before can still be read."""
        self._closed = True
        self._wake()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _wake(self) -> None:
        if self._arrival is not None:
            self._arrival.set(None)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        """The next message.

        Raises:
            StopAsyncIteration: there are no more.
            StreamInUse: another task waits for it.
            StreamOverflowed: some were lost.
        """
        if self._arrival is not None:
            raise StreamInUse("another task reads this stream; give each reader a stream of its own")
        while not self._messages:
            if self._closed or self._system.has_ended:
                raise StopAsyncIteration
            if self._overflowed or self._interrupted:
                await self._catch_up()
            else:
                await self._arrive()
        message = self._messages.popleft()
        if self._position_of is not None:
            self.position = self._position_of(message)
        return message

    async def _arrive(self) -> None:
        arrival = self._arrival = Wait[None]()
        try:
            await self._system.until_told(arrival)
        finally:
            self._arrival = None

    async def _catch_up(self) -> None:
        resume = self._resume
        if resume is None or (self._overflowed and self.position <= self._resumed_at):
            raise StreamOverflowed(f"more than {self._capacity} messages waited to be read; some were lost")
        self._resumed_at = self.position
        self._overflowed = self._interrupted = False
        try:
            again = resume(self, self.position)
            if isinstance(again, Awaitable):
                await again
        except BaseException as error:
            if isinstance(error, Exception) and self._system.is_ending:
                self.close()  # nobody can send more
                return
            self._interrupted = True
            raise
