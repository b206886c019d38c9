"""What a handler can wait for: values that the kernel will know later."""

from collections.abc import Callable, Coroutine, Generator
from types import TracebackType
from typing import TYPE_CHECKING, NoReturn, TypeVar, cast

if TYPE_CHECKING:
    from kubeactors.actor.cell import Cell

T = TypeVar("T")

_PENDING = object()


class Wait(Coroutine["Wait[T]", object, T]):
    """A value to come, awaited at most once.

    Awaiting a pending one yields it to whoever steps the coroutine: the kernel, which resumes the coroutine when
    the value is there. It never reaches an event loop.
    """

    __slots__ = ("_error", "_value", "on_settled", "target", "waiter")

    def __init__(self) -> None:
        self._value: object = _PENDING
        self._error: BaseException | None = None
        self.waiter: Callable[[], object] | None = None
        """Called once when the value is there."""
        self.on_settled: Callable[[Wait[object]], object] | None = None
        """Takes this out of its deadline bucket when the value comes."""
        self.target: Cell | None = None
        """Who is asked for the value."""

    @property
    def done(self) -> bool:
        """Whether the value, or an error, is there."""
        return self._value is not _PENDING or self._error is not None

    def set(self, value: T) -> None:
        """Give the value. Does nothing when there is one: a reply after the deadline is dropped."""
        if self._value is _PENDING and self._error is None:
            self._value = value
            self._settle()

    def fail(self, error: BaseException) -> None:
        """Give an error instead."""
        if self._value is _PENDING and self._error is None:
            self._error = error
            self._settle()

    def result(self) -> T:
        """The value, or raises the error. Only when done."""
        if self._error is not None:
            raise self._error
        return self._value  # type: ignore[return-value] # pyright: ignore[reportReturnType] -- a cast is a call

    def abandon(self) -> None:
        """Nobody waits any more: a value that comes is dropped."""
        self.waiter = None
        if self.on_settled is not None:
            self.on_settled(cast("Wait[object]", self))
            self.on_settled = None

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
        """A step of its awaiting."""
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
        """Whoever awaits it is cancelled."""
        raise kind

    def close(self) -> None:
        """Nobody will await it."""
        self.abandon()


class Gate:
    """Something that becomes open once and stays so; any number of handlers wait for it.

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
        """Awaitable: done as soon as the gate is open."""
        wait: Wait[None] = Wait()
        if self.is_open:
            wait.set(None)
        else:
            self._waits.append(wait)
        return wait

    def open(self) -> None:
        """Let everybody through, from now on."""
        self.is_open = True
        waits, self._waits = self._waits, []
        for wait in waits:
            wait.set(None)
