"""How an instance starts: in a turn of its own, or in its parent's if it need not wait.

Source: gen_server:start_link of Erlang/OTP, which returns when `init` has.
"""

import inspect
from collections.abc import Coroutine
from functools import partial
from typing import TYPE_CHECKING, cast

from kubeactors.actor.activation import Activation
from kubeactors.actor.behaviour import change_class
from kubeactors.actor.cold_state import EMPTY
from kubeactors.actor.errors import ActorStopped, Exit
from kubeactors.actor.states import State
from kubeactors.actor.waits import Wait

if TYPE_CHECKING:
    from kubeactors.actor.cell import Cell


def start(cell: "Cell") -> Activation | None:
    """Make an instance and call its `started`. Messages wait until that has returned (unless it is reentrant)."""
    kernel = cell.kernel
    cell.state = State.STARTING
    try:
        actor = cell.actor = cell.factory()
        dispatch = kernel.dispatch_of(type(actor))
        if dispatch is not cell.dispatch and cell.cold.restarted:
            change_class(cell, dispatch)
        cell.dispatch = dispatch
        actor.cell = cell
        starting = cell.call_started() if dispatch.start is not None else None
    except Exception as error:  # noqa: BLE001 -- any failure is the supervisor's
        kernel.actor_failed(cell, error)
        return None
    if starting is None:
        if cell.mailbox or cell.cold is not EMPTY or cell.activations is not None:
            cell.finish_start()
        else:
            cell.state = State.RUNNING
            cell.queued = False
        return None
    if dispatch.reentrant:
        cell.mark_running()
    coroutine = cast("Coroutine[object, object, object]", starting)
    return Activation(cell, coroutine, (None, None, None), starting=True).run()


def start_inline(cell: "Cell") -> bool:
    """Start an actor that is not in the run queue yet in the caller's turn. False if its `started` might wait."""
    started = getattr(cell.factory, "started", None)  # it has one if it is a class
    if started is None or inspect.iscoroutinefunction(started):
        return False
    start(cell)
    return True


def reject_failed_start(cell: "Cell", error: BaseException) -> bool:
    """If a caller waits for this first start, raise the error there in place of a restart, and terminate the actor.

    The caller can handle it, or fails itself; another attempt at once would mostly fail again.

    Source: supervisor:start_child of Erlang/OTP, which returns the error of a child whose `init` fails.
    """
    started = cell.cold.started
    if started is None or cell.kernel.driver.is_cancelled(started):
        return False
    rejection = ActorStopped(f"{cell.display_name} did not start: {error!r}")
    rejection.__cause__ = error
    started.fail(rejection)
    cell.kernel.stop_subtree(cell, f"did not start: {error!r}", Exit.FAILED)
    return True


def until_started(cell: "Cell") -> Wait[None]:
    """Awaitable, to be made right after the actor was added: done when its `started` has returned."""
    started: Wait[None] = Wait()
    if cell.state is State.RUNNING and cell.activations is None:
        started.set(None)
    else:
        cell.ensure_cold().started = started
        started.on_settled = partial(_forget, cell)
    return started


def _forget(cell: "Cell", _wait: Wait[object]) -> None:
    if cell.cold.started is not None:
        cell.ensure_cold().started = None
