"""Background work of an actor: coroutines that run while it handles messages."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from kubeactors.actor.activation import Activation
from kubeactors.actor.callbacks import run_callback
from kubeactors.actor.waits import Wait

if TYPE_CHECKING:
    from kubeactors.actor.cell import Cell


Done: TypeAlias = Callable[[object, Exception | None], object]
"""Called with the result, or with None and the error."""


def run_apart(cell: "Cell", work: Awaitable[object], done: Done, causes: Sequence[object] = ()) -> None:
    """Do work while the actor handles messages. It is cancelled when the instance ends; then `done` is not called.

    Args:
        cell: the actor.
        work: what is awaited.
        done: called with the outcome; an error of it is a failure of the actor.
        causes: for tracing: the trace contexts of the requests for which it is done, if there are several.
    """
    wait: Wait[object] = Wait()
    activation = Activation(cell, cell.traced_work(_run(work), causes), (None, None, wait), starting=False)
    activation.background = True
    cold = cell.ensure_cold()
    cold.background = cold.background or {}
    cold.background[activation] = None
    wait.waiter = cell.traced_callback(partial(run_callback, cell, partial(_finish, wait, done)))
    cell.kernel.enqueue(activation)


def pipe(
    cell: "Cell",
    work: Awaitable[object],
    then: Callable[[object], object],
    failed: Callable[[Exception], object] | None,
) -> None:
    """Have the actor tell itself the outcome of the work: see `Context.pipe_to_self`."""

    def done(result: object, error: Exception | None) -> None:
        if error is None:
            cell.put_system(then(result))
        elif failed is not None:
            cell.put_system(failed(error))
        else:
            cell.kernel.actor_failed(cell, error)

    run_apart(cell, work, done)


async def _run(work: Awaitable[object]) -> object:
    return await work


def _finish(wait: Wait[object], done: Done) -> None:
    try:
        result = wait.result()
    except Exception as error:  # noqa: BLE001 -- whatever the work raised
        done(None, error)
    else:
        done(result, None)
