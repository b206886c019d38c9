"""Work whose result an actor tells itself."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING

from kubeactors.actor.activation import Activation
from kubeactors.actor.waits import Wait

if TYPE_CHECKING:
    from kubeactors.actor.cell import Cell


def pipe(
    cell: "Cell",
    work: Awaitable[object],
    then: Callable[[object], object],
    failed: Callable[[Exception], object] | None,
) -> None:
    """Tell the actor what comes of the work."""
    wait: Wait[object] = Wait()
    activation = Activation(cell, _run(work), (None, None, wait), starting=False)
    activation.background = True
    cell.background = cell.background or {}
    cell.background[activation] = None
    wait.waiter = partial(_tell, cell, wait, then, failed)
    cell.kernel.enqueue(activation)


async def _run(work: Awaitable[object]) -> object:
    return await work


def _tell(
    cell: "Cell",
    wait: Wait[object],
    then: Callable[[object], object],
    failed: Callable[[Exception], object] | None,
) -> None:
    try:
        result = wait.result()
    except Exception as error:  # noqa: BLE001 -- whatever the work raised
        if failed is None:
            cell.kernel.failed(cell, error)
        else:
            cell.put_system(failed(error))
    else:
        cell.put_system(then(result))
