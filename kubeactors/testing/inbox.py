"""The messages that a probe has received, and the assertions about them."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import ClassVar, TypeVar

from kubeactors.actor import Actor, Later, Wait
from kubeactors.actor.actor import Handler
from kubeactors.message import Message, Request

__tracebackhide__ = True  # pytest shows the line of the test instead

M = TypeVar("M")

Replies = Mapping[type, Callable[[object], object]]
"""For each type of request, a function from the request to the probe's reply."""


class Inbox:
    """Messages received and not yet consumed, oldest first."""

    def __init__(self) -> None:
        self._queue: deque[tuple[object, Later[object] | None]] = deque()
        self._unanswered: Later[object] | None = None
        self._last: object = None
        self._arrival: Wait[None] = Wait()

    def __iter__(self) -> Iterator[object]:
        return (message for message, _ in self._queue)

    def __len__(self) -> int:
        return len(self._queue)

    def put(self, message: object, reply: Later[object] | None) -> None:
        """Add a message; `reply` is the promise to answer it, if it is a request."""
        self._queue.append((message, reply))
        self.wake()

    def wake(self) -> None:
        """Wake the task that awaits `arrival`."""
        self._arrival.set(None)

    def arrival(self) -> Wait[None]:
        """Awaitable: done when the next message is added, or at `wake`."""
        self._arrival = Wait()
        return self._arrival

    def take(self, type_: type[M], where: Callable[[M], bool] | None, seconds: float) -> M:
        """Consume the oldest message, which must be of type `type_` and satisfy `where`."""
        if not self._queue:
            raise AssertionError(f"no {type_.__name__} came within {seconds:g} s")
        message = self._pop()
        if not isinstance(message, type_):
            raise AssertionError(f"expected {type_.__name__}, got {message!r}")  # noqa: TRY004 -- a test has failed
        if where is not None and not where(message):
            raise AssertionError(f"expected another {type_.__name__} than {message!r}")
        return message

    def has(self, type_: type[M], where: Callable[[M], bool] | None) -> bool:
        """Whether a message of type `type_` satisfies `where`."""
        return any(isinstance(one, type_) and (where is None or where(one)) for one in self)

    def fish(self, type_: type[M], where: Callable[[M], bool] | None, seconds: float) -> M:
        """Consume messages up to the first of type `type_` that satisfies `where`; those before it are discarded."""
        passed: list[object] = []
        while self._queue:
            message = self._pop()
            if isinstance(message, type_) and (where is None or where(message)):
                return message
            passed.append(message)
        raise AssertionError(f"no such {type_.__name__} came within {seconds:g} s, but {passed!r}")

    def take_in_any_order(self, wanted: tuple[object, ...], seconds: float) -> None:
        """Consume the oldest messages, which must equal `wanted` in any order."""
        missing = list(wanted)
        for message in [self._pop() for _ in range(min(len(wanted), len(self)))]:
            assert message in missing, f"expected {missing!r} in any order, got {message!r}"
            missing.remove(message)
        assert not missing, f"{missing!r} did not come within {seconds:g} s"

    def nothing(self) -> None:
        """Assert that no message is left."""
        assert not self._queue, f"expected nothing, got {self._queue[0][0]!r}"

    def drain(self) -> tuple[object, ...]:
        """Consume and return all messages."""
        return tuple(self._pop() for _ in range(len(self)))

    def reply(self, value: object) -> None:
        """Reply to the request consumed last."""
        assert self._unanswered is not None, f"nobody waits for a reply to {self._last!r}"
        promise, self._unanswered = self._unanswered, None
        promise.reply(value)

    def _pop(self) -> object:
        self._last, self._unanswered = self._queue.popleft()
        return self._last


class _EveryMessage(dict[type, Handler]):
    """A dispatch table with one handler for everything."""

    def __init__(self, handler: Handler) -> None:
        super().__init__()
        self._handler = handler

    def get(self, key: type, default: object = None) -> Handler:  # pyright: ignore[reportIncompatibleMethodOverride] -- whoever asks gets it
        """The handler."""
        return self._handler


class Probing(Actor[Message]):
    """The actor behind a probe."""

    handlers: ClassVar[dict[type, Handler]]

    def __init__(self, inbox: Inbox, replies: Replies) -> None:
        self._inbox = inbox
        self._replies = replies

    def take(self, message: object) -> object:
        """Record the message, and reply if `replies` has a function for its type."""
        reply = self._replies.get(type(message))
        if reply is not None or not isinstance(message, Request):
            self._inbox.put(message, None)
            return None if reply is None else reply(message)
        unanswered: Later[object] = self.ctx.later()
        self._inbox.put(message, unanswered)  # pyright: ignore[reportUnknownArgumentType] -- a request of any reply
        return unanswered


Probing.handlers = _EveryMessage(Handler(Probing.take))
