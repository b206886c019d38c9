"""Calls of functions that an actor has given for later."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kubeactors.actor.cell import Cell


def run_callback(cell: "Cell", function: Callable[[], object]) -> None:
    """Call a function on behalf of the actor; an error of it is a failure of the actor."""
    kernel = cell.kernel
    previous, kernel.current = kernel.current, cell
    try:
        function()
    except kernel.failures as error:
        cell.fail(error, None)
    finally:
        kernel.current = previous
