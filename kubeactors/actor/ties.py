"""Who learns of whose end: death watch and links.

Source: monitors and links of Erlang.
"""

from typing import TYPE_CHECKING

from kubeactors.actor.errors import Terminated
from kubeactors.actor.states import State

if TYPE_CHECKING:
    from kubeactors.actor.cell import Cell


def watch(watcher: "Cell", watched: "Cell") -> None:
    """Tell the watcher when the other has ended; at once if it has already."""
    if watched.state is State.STOPPED:
        watcher.put_system(Terminated(ref=watched, reason="stopped"))
        return
    watchers = watched.own.watchers = watched.own.watchers or {}
    watchers[watcher] = None
    watching = watcher.own.watching = watcher.own.watching or {}
    watching[watched] = None


def unwatch(watcher: "Cell", watched: "Cell") -> None:
    """Do not tell the watcher."""
    (watched.extras.watchers or {}).pop(watcher, None)
    (watcher.extras.watching or {}).pop(watched, None)


def link(one: "Cell", other: "Cell") -> None:
    """Each fails with the other."""
    for cell, linked in ((one, other), (other, one)):
        links = cell.own.links = cell.own.links or {}
        links[linked] = None
