"""The continuation of a handler that awaits the event loop: its remaining steps run in a task of its own."""

from collections.abc import Callable, Coroutine, Generator
from functools import partial
from typing import TYPE_CHECKING, Protocol, TypeVar, cast

from kubeactors.actor.activation import Activation, Stepped
from kubeactors.actor.waits import Wait

if TYPE_CHECKING:
    from kubeactors.actor.kernel import Kernel

R = TypeVar("R")


class Host(Protocol):
    """The pump, in whose task it runs."""

    kernel: "Kernel"

    def refresh(self) -> None:
        """Set the kernel's time."""
        ...

    def record_step(self, activation: Activation, began: int) -> None:
        """A step has been made that began at this time, in nanoseconds."""
        ...

    def park(self, wait: Wait[R]) -> Coroutine[object, object, None]:
        """Awaitable: done when the wait is."""
        ...


class Continuation:
    """Awaiting it makes the remaining steps of a coroutine whose first step the crank has made.

    What the coroutine yields for the event loop is passed on, also what its first step has yielded. A kernel's wait that
    it yields is parked for.
    """

    def __init__(self, host: Host, activation: Activation, coroutine: Stepped) -> None:
        self._host = host
        self._activation = activation
        self._coroutine = coroutine

    def __await__(self) -> Generator[object, object, object]:
        step: Callable[[], object] = partial(_identity, self._activation.foreign)
        while True:
            try:
                awaited = self._step(step)
            except StopIteration as stop:
                return cast("object", stop.value)
            try:
                sent = yield from self._pass_on(awaited)
            except BaseException as error:  # noqa: BLE001 -- the handler sees cancellation, too
                step = partial(self._coroutine.throw, error)
            else:
                step = partial(self._coroutine.send, sent)

    def _step(self, step: Callable[[], object]) -> object:
        kernel = self._host.kernel
        self._host.refresh()
        activation = self._activation
        previous, kernel.current = kernel.current, activation.cell
        activation.cell.envelope, activation.awaits = activation.envelope, None
        began = kernel.now
        try:
            return activation.variables.run(step)
        finally:
            kernel.current = previous
            activation.cell.envelope = None
            self._host.record_step(activation, began)

    def _pass_on(self, awaited: object) -> Generator[object, object, object]:
        if isinstance(awaited, Wait):
            wait = cast("Wait[object]", awaited)
            self._activation.waits_for(wait)
            yield from cast("Generator[object, object, None]", self._host.park(wait).__await__())
            return None
        return (yield awaited)


def _identity(value: object) -> object:
    return value
