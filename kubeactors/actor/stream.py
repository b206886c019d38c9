"""Message streams: what actors tell, read by ordinary code with `async for`."""

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
    """The reader was so slow that messages were lost. Begin anew, read faster, or make the stream longer."""


class StreamInUse(ActorError):
    """Somebody else waits for the next message. A stream has one reader; give each reader a stream of its own."""


class MessageStream(Generic[T]):
    """A bounded stream of messages out of an actor system. Give it where a ref to tell is wanted.

    `async for message in stream` ends when the stream is closed, also while it is read, or the system has ended, and
    what was told before has been read. `async with stream` closes it at the end of the block.

    When there is no room, `tell` refuses, and the reader gets `StreamOverflowed` after what it can still read: a gap
    is never silent. With `resume` it is not an error: `resume(stream, position)` is called, and awaited if it is
    awaitable, to subscribe again after the message with that position; messages until then are lost, and must come
    again. An error of it is the reader's, who may try again. It is an error all the same if resuming does not help:
    what comes at once is more than the stream holds, and all at one position.

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
        self._interrupted = False
        self._resumed_at = -1
        self.position: int = 0
        """Of the last message that was read."""

    @property
    def closed(self) -> bool:
        """Whether no more messages come."""
        return self._closed

    def tell(self, message: T, /) -> bool:
        """Add a message; False if there is no room, or the stream is closed."""
        if self._closed or self._interrupted:
            return False
        if self._overflowed or len(self._messages) >= self._capacity:
            self._overflowed = True
            return False
        self._messages.append(message)
        self._wake()
        return True

    def interrupt(self) -> None:
        """Who tells has stopped to: the reader resumes after what it can still read. Needs `resume`."""
        self._interrupted = True
        self._wake()

    def close(self) -> None:
        """No more messages; those that have come can still be read."""
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
            StopAsyncIteration: there is none any more.
            StreamInUse: somebody else waits for it.
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
            raise StreamOverflowed(f"more than {self._capacity} messages waited to be read; some are lost")
        self._resumed_at = self.position
        self._overflowed = self._interrupted = False
        try:
            again = resume(self, self.position)
            if isinstance(again, Awaitable):
                await again
        except BaseException as error:
            if isinstance(error, Exception) and self._system.is_ending:
                self.close()  # whoever could tell more has gone
                return
            self._interrupted = True
            raise
