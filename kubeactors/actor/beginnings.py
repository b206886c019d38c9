"""How an instance begins. Most begin in a turn of their own; one that need not wait may begin in its parent's.

Source: gen_server:start_link of Erlang/OTP, which returns when `init` has.
"""

import inspect
from collections.abc import Coroutine
from functools import partial
from typing import TYPE_CHECKING, cast

from kubeactors.actor.activation import Activation
from kubeactors.actor.errors import ActorStopped, Exit
from kubeactors.actor.extras import NONE
from kubeactors.actor.states import State
from kubeactors.actor.waits import Wait

if TYPE_CHECKING:
    from kubeactors.actor.cell import Cell


def begin(cell: "Cell") -> Activation | None:
    """Make an instance and call its `started`; mail waits until that is done (unless reentrant)."""
    kernel = cell.kernel
    cell.state = State.STARTING
    try:
        actor = cell.actor = cell.factory()
        dispatch = kernel.dispatch_of(type(actor))
        if dispatch is not cell.dispatch and cell.extras.restarted:
            cell.changes_class(dispatch)
        cell.dispatch = dispatch
        actor.cell = cell
        starting = cell.call_started() if dispatch.start is not None else None
    except Exception as error:  # noqa: BLE001 -- any failure is the supervisor's
        kernel.failed(cell, error)
        return None
    if starting is None:
        if cell.mailbox or cell.extras is not NONE or cell.activations is not None:
            cell.has_started()
        else:
            cell.state = State.RUNNING
            cell.queued = False
        return None
    if dispatch.reentrant:
        cell.begin_to_handle()
    coroutine = cast("Coroutine[object, object, object]", starting)
    return Activation(cell, coroutine, (None, None, None), starting=True).run()


def begin_at_once(cell: "Cell") -> bool:
    """Begin in the turn of somebody else, if `started` does not wait. It is not in the run queue yet."""
    started = getattr(cell.factory, "started", None)  # it has one if it is a class
    if started is None or inspect.iscoroutinefunction(started):
        return False
    begin(cell)
    return True


def refuse_start(cell: "Cell", error: BaseException) -> bool:
    """Its first start has failed: whether somebody waits for that, and is told. Then the actor ends, and nobody else is.

    Who waits can do something about it, or else fails himself; tried again at once, it would mostly fail again.

    Source: supervisor:start_child of Erlang/OTP, which returns the error of a child whose `init` fails.
    """
    started = cell.extras.started
    if started is None or cell.kernel.driver.gave_up(started):
        return False
    refusal = ActorStopped(f"{cell.path} did not start: {error!r}")
    refusal.__cause__ = error
    started.fail(refusal)
    cell.kernel.part_from(cell, f"did not start: {error!r}", Exit.FAILED)
    return True


def until_begun(cell: "Cell") -> Wait[None]:
    """Awaitable, right after the actor was added: done when its `started` has returned."""
    started: Wait[None] = Wait()
    if cell.state is State.RUNNING and cell.activations is None:
        started.set(None)
    else:
        cell.own.started = started
        started.leave = partial(_waits_no_more, cell)
    return started


def _waits_no_more(cell: "Cell", _wait: Wait[object]) -> None:
    if cell.extras.started is not None:
        cell.own.started = None
