"""Who learns of whose end: death watch and links.

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

_GONE = "had ended already"


class UntilEnded:
    """Awaitable, or not to be awaited: an actor has ended for good. Gives what its watchers are told."""

    __slots__ = ("_cell",)

    def __init__(self, cell: "Cell") -> None:
        self._cell = cell

    def __await__(self) -> Generator[object, object, Terminated]:
        cell, driver = self._cell, self._cell.kernel.driver
        wait: Wait[Terminated] = Wait()
        if cell.state is State.STOPPED:
            wait.set(Terminated(ref=cell, reason=_GONE, exit=Exit.NOPROC))
        else:
            waits = cell.ensure_cold().ended = cell.ensure_cold().ended or {}
            waits[wait] = None
            wait.on_settled = partial(_forget, cell)
        outside = cell.kernel.current is None
        return (driver.outside(wait, helps=False) if outside else driver.inside(wait)).__await__()


def _forget(cell: "Cell", wait: "Wait[object]") -> None:
    (cell.cold.ended or {}).pop(cast("Wait[Terminated]", wait), None)


def watch(watcher: "Cell", watched: "Cell") -> None:
    """Tell the watcher when the other has ended; at once if it has already."""
    if watched.state is State.STOPPED:
        watcher.put_system(Terminated(ref=watched, reason=_GONE, exit=Exit.NOPROC))
        return
    watchers = watched.ensure_cold().watchers = watched.ensure_cold().watchers or {}
    watchers[watcher] = None
    watching = watcher.ensure_cold().watching = watcher.ensure_cold().watching or {}
    watching[watched] = None


def unwatch(watcher: "Cell", watched: "Cell") -> None:
    """Do not tell the watcher."""
    (watched.cold.watchers or {}).pop(watcher, None)
    (watcher.cold.watching or {}).pop(watched, None)


def link(one: "Cell", other: "Cell") -> None:
    """Each fails with the other; one that links to who has ended already fails at once."""
    if other.state is State.STOPPED:
        one.kernel.actor_failed(one, LinkedActorFailed(f"{other.path} {_GONE}"))
        return
    for cell, linked in ((one, other), (other, one)):
        links = cell.ensure_cold().links = cell.ensure_cold().links or {}
        links[linked] = None
