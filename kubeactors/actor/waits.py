"""What a handler can wait for: values to come, and gates."""

from collections.abc import Callable, Coroutine, Generator
from types import TracebackType
from typing import TYPE_CHECKING, NoReturn, TypeVar, cast

if TYPE_CHECKING:
    from kubeactors.actor.cell import Cell

__tracebackhide__ = True  # pytest shows the line of the caller instead

T = TypeVar("T")

_PENDING = object()


class Wait(Coroutine["Wait[T]", object, T]):
    """A value to come, awaited at most once.

    Awaiting a pending one yields it to the kernel, which steps the coroutine and resumes it when the value is set. It
    never reaches an event loop.
    """

    __slots__ = ("_error", "_value", "on_settled", "target", "waiter")

    def __init__(self) -> None:
        self._value: object = _PENDING
        self._error: BaseException | None = None
        self.waiter: Callable[[], object] | None = None
        """Called once when the value, or an error, is set."""
        self.on_settled: Callable[[Wait[object]], object] | None = None
        """Called once when the value is set or nobody waits any more: releases what would have set it."""
        self.target: Cell | None = None
        """The actor that was asked for the value."""

    @property
    def done(self) -> bool:
        """Whether the value, or an error, is set, or nobody waits any more."""
        return self._value is not _PENDING or self._error is not None

    def set(self, value: T) -> None:
        """Set the value. Does nothing when done: a reply after the deadline is dropped."""
        if self._value is _PENDING and self._error is None:
            self._value = value
            self._settle()

    def fail(self, error: BaseException) -> None:
        """Set an error instead. Does nothing when done."""
        if self._value is _PENDING and self._error is None:
            self._error = error
            self._settle()

    def result(self) -> T:
        """Return the value, or raise the error. Only when done."""
        if self._error is not None:
            raise self._error
        return self._value  # type: ignore[return-value] # pyright: ignore[reportReturnType] -- a cast is a call

    def abandon(self) -> None:
        """Nobody waits any more: a value set later is dropped."""
        self.waiter = None
        if self.on_settled is not None:
            self.on_settled(cast("Wait[object]", self))
            self.on_settled = None
        if self._value is _PENDING:
            self._value = None

    def _settle(self) -> None:
        if self.on_settled is not None:
            self.on_settled(self)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] -- a cast is a call
            self.on_settled = None
        if self.waiter is not None:
            waiter, self.waiter = self.waiter, None
            waiter()

    def __await__(self) -> Generator["Wait[T]", None, T]:
        if self._value is _PENDING and self._error is None:
            yield self
        if self._error is not None:
            raise self._error
        return self._value  # type: ignore[return-value] # pyright: ignore[reportReturnType] -- a cast is a call

    def send(self, value: object, /) -> "Wait[T]":
        """See `Coroutine.send`."""
        if self._value is _PENDING and self._error is None:
            return self
        raise StopIteration(self.result())

    def throw(
        self,
        kind: type[BaseException] | BaseException,
        error: BaseException | object = None,
        trace: TracebackType | None = None,
        /,
    ) -> NoReturn:
        """See `Coroutine.throw`: the awaiting handler is cancelled."""
        raise kind

    def close(self) -> None:
        """See `Coroutine.close`: nobody will await it."""
        self.abandon()


class Gate:
    """Opens once and stays open; any number of handlers may wait for it.

    >>> gate = Gate()
    >>> waiting = gate.wait()
    >>> gate.open()
    >>> waiting.done, gate.wait().done
    (True, True)
    """

    __slots__ = ("_waits", "is_open")

    def __init__(self) -> None:
        self.is_open: bool = False
        self._waits: list[Wait[None]] = []

    def wait(self) -> Wait[None]:
        """Awaitable: done once the gate is open."""
        wait: Wait[None] = Wait()
        if self.is_open:
            wait.set(None)
        else:
            self._waits.append(wait)
        return wait

    def open(self) -> None:
        """Open the gate for those who wait, and for good."""
        self.is_open = True
        waits, self._waits = self._waits, []
        for wait in waits:
            wait.set(None)
