"""Activations: `async def` handlers that have been called, and how they are stepped."""

from collections.abc import Callable, Coroutine, Generator
from contextvars import Context, copy_context
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from kubeactors.actor.envelope import Envelope, Reply
from kubeactors.actor.errors import ActorFailed, ActorStopped, AskCycle
from kubeactors.actor.labels import Resume, label_for
from kubeactors.actor.later import Later
from kubeactors.actor.mailbox import remove_request
from kubeactors.actor.states import State
from kubeactors.actor.waits import Wait

if TYPE_CHECKING:
    from kubeactors.actor.cell import Cell


Stepped: TypeAlias = "Coroutine[object, object, object] | Generator[object, Any, object]"
"""A coroutine, or the crank's frame in which it runs."""


def _closed() -> Coroutine[object, object, object]:
    async def nothing() -> None:
        """Never awaited."""

    coroutine = nothing()
    coroutine.close()
    return coroutine


CLOSED = _closed()
"""Stands for the coroutine of an activation that is over."""


class Activation:
    """One call of an `async def` handler (or `started`, or background work). An entry of the run queue when it can resume."""

    mailbox = None
    queued = True
    state = State.RUNNING

    __slots__ = (
        "awaits",
        "background",
        "cell",
        "coroutine",
        "envelope",
        "foreign",
        "reply",
        "scope",
        "starting",
        "variables",
    )

    def __init__(
        self,
        cell: "Cell",
        coroutine: "Stepped",
        envelope: Envelope,
        *,
        starting: bool,
        variables: Context | None = None,
    ) -> None:
        self.cell: Cell = cell
        self.coroutine = coroutine
        self.envelope: Envelope = envelope
        self.reply: Reply = envelope[2]
        self.starting: bool = starting
        self.background: bool = False  # the actor handles messages meanwhile, reentrant or not
        self.awaits: Wait[object] | None = None
        self.foreign: object = None  # what it awaits if that is foreign: not one of the kernel's waits
        self.variables: Context = variables or copy_context()  # those that all of its steps see
        self.scope: Callable[[], object] | None = None  # cancels the task that it runs in, if it has one

    @property
    def label(self) -> str:
        """See `Entry.label`."""
        return label_for(self.cell, Resume)

    def run(self) -> "Activation | None":
        """See `Entry.run`: step the coroutine."""
        cell, kernel = self.cell, self.cell.kernel
        if self.coroutine is CLOSED:
            return None
        if kernel.helping and not kernel.parks(cell):
            kernel.stuck = True  # it may need a task of its own
            kernel.ready.appendleft(self)
            return None
        previous, kernel.current = kernel.current, cell
        cell.envelope = self.envelope
        self.awaits = None
        try:
            awaited = self.variables.run(self.coroutine.send, None)
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
        """It waits: for the kernel, which resumes it; or for something foreign, and is returned if the driver says so."""
        cell, kernel = self.cell, self.cell.kernel
        if self.background:
            cold = cell.ensure_cold()
            cold.background = cold.background or {}
            cold.background[self] = None
        else:
            cell.activations = cell.activations or {}
            cell.activations[self] = None
            cell.slow_path = True
        if type(awaited) is Wait:
            wait: Wait[object] = awaited  # pyright: ignore[reportUnknownVariableType] -- a cast is a call
            if kernel.parks(cell):
                wait.waiter = partial(kernel.enqueue, self)
                self.waits_for(wait)
                return None
            self.waits_for(wait)
        self.foreign = awaited
        return kernel.driver.foreign(self)

    def waits_for(self, wait: "Wait[object]") -> None:
        """Note what it waits for. If that is a reply that can never come, since actors ask in a cycle, fail the wait.

        Its request is withdrawn: handled after all, it would close the same cycle again, forever.
        """
        self.awaits = wait
        if wait.target is not None and not self.background and not wait.done:
            cycle = cycle_of(self.cell, wait.target)
            if cycle:
                names = " asks ".join(cell.path for cell in [*cycle, cycle[0]])
                if wait.target.mailbox is not None:
                    remove_request(wait.target.mailbox, wait)
                wait.fail(AskCycle(f"{names}, which waits for the reply: make one reentrant, or tell instead of ask"))

    def finished(self, result: object) -> None:
        """The handler has returned."""
        self.coroutine = CLOSED
        if self.reply is not None and not isinstance(result, Later):
            self.reply.set(result)
        self._leave()
        if self.starting:
            self.cell.finish_start()

    def failed(self, error: BaseException) -> None:
        """The handler has raised."""
        error = self.cell.kernel.driver.explained(self.cell.path, error)
        self.coroutine = CLOSED
        if self.reply is not None:
            self.reply.fail(error if self.background else failure_of(self.cell.display_name, error))
        self._leave()
        if not self.background:
            self.cell.kernel.actor_failed(self.cell, error)

    def _leave(self) -> None:
        cell = self.cell
        if self.background:
            (cell.cold.background or {}).pop(self, None)
            return
        if cell.activations is None or self not in cell.activations:
            return  # it was never suspended
        del cell.activations[self]
        if not cell.activations:
            cell.activations = None
            _last_has_left(cell)

    def close(self, error: ActorStopped) -> None:
        """Abort it, since its instance ends: the handler sees GeneratorExit, or the cancellation of its task."""
        coroutine, self.coroutine = self.coroutine, CLOSED
        if self.awaits is not None:
            self.awaits.abandon()
        if self.reply is not None:
            if self.background:
                self.reply.abandon()  # the instance that waited for it has ended
            self.reply.fail(error)
        if self.scope is not None:
            self.scope()
        elif coroutine is not CLOSED:
            try:
                coroutine.close()
            except Exception as failure:  # noqa: BLE001 -- it ends anyway; log the error and go on
                self.cell.kernel.log_failure("actor.close_failed", self.cell, failure)


def _last_has_left(cell: "Cell") -> None:
    """The last suspended handler has returned: the actor can stop, or handle messages again."""
    if cell.cold.graceful_stop is not None and cell.state is State.STOPPING:
        cell.kernel.defer(partial(cell.cold.graceful_stop.resume, cell))
    elif cell.state is State.RUNNING and not cell.dispatch.reentrant:
        cell.requeue()


def cycle_of(caller: "Cell", target: "Cell") -> "list[Cell]":
    """The cycle of actors that wait for one another if `caller` asks `target`, from `caller` on; empty if there is none."""
    cycle = [caller]
    cell: Cell | None = target
    while cell is not None and not cell.dispatch.reentrant and len(cycle) < _LONGEST_CYCLE:
        if cell is caller:
            return cycle
        cycle.append(cell)
        waiting = next(iter(cell.activations or ()), None)
        cell = waiting.awaits.target if waiting is not None and waiting.awaits is not None else None
    return []


_LONGEST_CYCLE = 100


def failure_of(name: str, cause: BaseException) -> ActorFailed:
    """The error that a caller gets when the handler has raised."""
    error = ActorFailed(f"{name} failed: {cause!r}")
    error.__cause__ = cause
    return error
