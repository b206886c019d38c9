"""Work whose result an actor tells itself."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from kubeactors.actor.activation import Activation
from kubeactors.actor.waits import Wait

if TYPE_CHECKING:
    from kubeactors.actor.cell import Cell


Done: TypeAlias = Callable[[object, Exception | None], object]
"""Gets the result, or None and the error."""


def run_apart(cell: "Cell", work: Awaitable[object], done: Done, because: Sequence[object] = ()) -> None:
    """Do work while the actor handles messages. It ends with the instance, and then nobody is told.

    Args:
        cell: whose work it is.
        work: what is awaited.
        done: is told what came of it; what it raises is a failure of the actor.
        because: the moments of the requests for which it is done, if it is for several: for tracing.
    """
    wait: Wait[object] = Wait()
    activation = Activation(cell, cell.carried(_run(work), because), (None, None, wait), starting=False)
    activation.background = True
    own = cell.own
    own.background = own.background or {}
    own.background[activation] = None
    wait.waiter = cell.bound(partial(cell.call_back, partial(_finish, wait, done)))
    cell.kernel.enqueue(activation)


def pipe(
    cell: "Cell",
    work: Awaitable[object],
    then: Callable[[object], object],
    failed: Callable[[Exception], object] | None,
) -> None:
    """Tell the actor what comes of the work."""

    def done(result: object, error: Exception | None) -> None:
        if error is None:
            cell.put_system(then(result))
        elif failed is not None:
            cell.put_system(failed(error))
        else:
            cell.kernel.failed(cell, error)

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
