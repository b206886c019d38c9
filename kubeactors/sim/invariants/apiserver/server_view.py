"""What the server may know of some objects: as they are, or as they were a few seconds ago."""

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from kubeactors.actor.cell import Cell
from kubeactors.actor.supervision import SECOND
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.sim.world import Commit, World

KNOWN = 10 * SECOND
"""So soon after it was written something is known to the server, if nothing is broken."""

Key: TypeAlias = tuple[type[TypedObject], str, str]
State: TypeAlias = Mapping[Key, TypedObject]
"""Objects by kind, namespace and name."""


class Known:
    """Objects of some kinds, as they are and were.

    Args:
        world: knows when the server was disturbed: then it may know them as they were at any time.
        root: of the supervision tree.
    """

    def __init__(self, world: World, root: Cell) -> None:
        self._world = world
        self._root = root
        self._now: dict[Key, TypedObject] = {}
        self._log: list[tuple[int, Key, TypedObject | None]] = []
        """When something was written (virtual nanoseconds), under what key, and what was there before."""

    def committed(self, commit: Commit, *, changes: bool = True) -> None:
        """Note what was written; what every cluster has, and nobody changes, never was otherwise."""
        metadata = commit.current.metadata
        key = type(commit.current), metadata.namespace, metadata.name
        if changes:
            self._log.append((self._root.kernel.now, key, self._now.get(key)))
        if commit.new is None:
            del self._now[key]
        else:
            self._now[key] = commit.new

    def states(self) -> Iterator[State]:
        """What the server may know, the newest first. Each holds only until the next is asked for."""
        now = self._root.kernel.now
        since = 0 if now < self._world.faults.disturbed_until() + 2 * KNOWN else now - KNOWN
        state = dict(self._now)
        yield state
        for at, key, before in reversed(self._log):
            if at < since:
                return
            if before is None:
                state.pop(key, None)
            else:
                state[key] = before
            yield state
