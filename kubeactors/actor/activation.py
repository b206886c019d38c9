"""Activations: `async def` handlers that have begun, and how they are stepped."""

from collections.abc import Callable, Coroutine, Generator
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from kubeactors.actor.envelope import Envelope
from kubeactors.actor.errors import ActorFailed, ActorStopped
from kubeactors.actor.ref import Later
from kubeactors.actor.states import State
from kubeactors.actor.waits import Wait

if TYPE_CHECKING:
    from kubeactors.actor.cell import Cell


Stepped: TypeAlias = "Coroutine[object, object, object] | Generator[object, Any, object]"
"""A coroutine, or the frame of a crank in which it runs."""


def _closed() -> Coroutine[object, object, object]:
    async def nothing() -> None:
        """Never awaited."""

    coroutine = nothing()
    coroutine.close()
    return coroutine


CLOSED = _closed()


class Activation:
    """An `async def` handler that has begun."""

    mailbox = None
    state = State.RUNNING

    __slots__ = ("cell", "coroutine", "envelope", "foreign", "reply", "scope", "starting")

    def __init__(self, cell: "Cell", coroutine: "Stepped", envelope: Envelope, *, starting: bool) -> None:
        self.cell = cell
        self.coroutine = coroutine
        self.envelope = envelope
        self.reply = envelope[2]
        self.starting = starting
        self.foreign: object = None  # what it awaits that is not the kernel's
        self.scope: Callable[[], object] | None = None  # cancels the task that it runs in, if it has one

    @property
    def label(self) -> str:
        """What a schedule knows the next step by."""
        return f"resume:{self.cell.path}"

    def run(self) -> "Activation | None":
        """Step it: from its start, or after what it waited for has come."""
        cell, kernel = self.cell, self.cell.kernel
        if self.coroutine is CLOSED:
            return None
        previous, kernel.current = kernel.current, cell
        cell.envelope = self.envelope
        try:
            awaited = self.coroutine.send(None)
        except StopIteration as stop:
            kernel.current = previous
            self.finished(stop.value)
            return None
        except Exception as error:  # noqa: BLE001 -- any failure is the supervisor's
            kernel.current = previous
            self.failed(error)
            return None
        finally:
            kernel.current = previous
            cell.envelope = None
        return self.suspended(awaited)

    def suspended(self, awaited: object) -> "Activation | None":
        """It waits: for the kernel, and is resumed by it; or for something foreign, and is returned."""
        cell, kernel = self.cell, self.cell.kernel
        if cell.activations is None:
            cell.activations = {}
        cell.activations[self] = None
        cell.odd = True
        if type(awaited) is Wait and kernel.parks(cell):
            awaited.waiter = partial(kernel.enqueue, self)
            return None
        self.foreign = awaited
        return kernel.driver.foreign(self)

    def finished(self, result: object) -> None:
        """The handler has returned."""
        self.coroutine = CLOSED
        if self.reply is not None and not isinstance(result, Later):
            self.reply.set(result)
        self._leave()
        if self.starting:
            self.cell.has_started()

    def failed(self, error: BaseException) -> None:
        """The handler has raised."""
        self.coroutine = CLOSED
        if self.reply is not None:
            self.reply.fail(failure_of(self.cell.path, error))
        self._leave()
        self.cell.kernel.failed(self.cell, error)

    def _leave(self) -> None:
        cell = self.cell
        if cell.activations is None or self not in cell.activations:
            return  # it never waited
        del cell.activations[self]
        if not cell.activations:
            cell.activations = None
            cell.may_go_on()

    def close(self, error: ActorStopped) -> None:
        """Give up: its actor ends. It sees GeneratorExit, or the cancellation of its task."""
        coroutine, self.coroutine = self.coroutine, CLOSED
        if self.reply is not None:
            self.reply.fail(error)
        if self.scope is not None:
            self.scope()
        elif coroutine is not CLOSED:
            try:
                coroutine.close()
            except Exception as failure:  # noqa: BLE001 -- it is gone anyway; say so and go on
                self.cell.kernel.report("actor.close_failed", self.cell, failure)


def failure_of(path: str, cause: BaseException) -> ActorFailed:
    """What an asker is told when the handler has raised."""
    error = ActorFailed(f"{path} failed: {cause!r}")
    error.__cause__ = cause
    return error
