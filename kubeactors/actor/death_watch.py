"""Death watch and links: how actors learn that others have stopped.

Source: monitors and links of Erlang.
"""

from collections.abc import Generator
from functools import partial
from typing import TYPE_CHECKING, cast

from kubeactors.actor.errors import Exit, LinkedActorFailed, Terminated
from kubeactors.actor.states import State
from kubeactors.actor.waits import Wait

if TYPE_CHECKING:
    from kubeactors.actor.cell import Cell

_STOPPED = "had stopped already"


class UntilEnded:
    """Awaitable: done when an actor has stopped for good. Gives what its watchers receive. It need not be awaited."""

    __slots__ = ("_cell",)

    def __init__(self, cell: "Cell") -> None:
        self._cell = cell

    def __await__(self) -> Generator[object, object, Terminated]:
        driver, wait = self._cell.kernel.driver, wait_for_end(self._cell)
        outside = self._cell.kernel.current is None
        return (driver.outside(wait, helps=False) if outside else driver.inside(wait)).__await__()


def wait_for_end(cell: "Cell") -> Wait[Terminated]:
    """A wait for what watchers receive from now on when the actor has stopped for good."""
    wait: Wait[Terminated] = Wait()
    if cell.state is State.STOPPED:
        wait.set(Terminated(ref=cell, reason=_STOPPED, exit=Exit.NOPROC))
    else:
        waits = cell.ensure_cold().ended = cell.ensure_cold().ended or {}
        waits[wait] = None
        wait.on_settled = partial(_forget, cell)
    return wait


def _forget(cell: "Cell", wait: "Wait[object]") -> None:
    (cell.cold.ended or {}).pop(cast("Wait[Terminated]", wait), None)


def watch(watcher: "Cell", watched: "Cell") -> None:
    """Send the watcher `Terminated` when the other has stopped; at once if it has already."""
    if watched.state is State.STOPPED:
        watcher.put_system(Terminated(ref=watched, reason=_STOPPED, exit=Exit.NOPROC))
        return
    watchers = watched.ensure_cold().watchers = watched.ensure_cold().watchers or {}
    watchers[watcher] = None
    watching = watcher.ensure_cold().watching = watcher.ensure_cold().watching or {}
    watching[watched] = None


def unwatch(watcher: "Cell", watched: "Cell") -> None:
    """Undo `watch`."""
    (watched.cold.watchers or {}).pop(watcher, None)
    (watcher.cold.watching or {}).pop(watched, None)


def link(one: "Cell", other: "Cell") -> None:
    """Let each fail with the other. If the other has stopped already, the first fails at once."""
    if other.state is State.STOPPED:
        one.kernel.actor_failed(one, LinkedActorFailed(f"{other.path} {_STOPPED}"))
        return
    for cell, linked in ((one, other), (other, one)):
        links = cell.ensure_cold().links = cell.ensure_cold().links or {}
        links[linked] = None
