"""Which states of some objects the server may know: the present one, or one of the last seconds."""

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from kubeactors.actor.cell import Cell
from kubeactors.actor.supervision import SECOND
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.sim.world import Commit, World

KNOWN = 10 * SECOND
"""How long after a write the server's caches show it, without faults."""

Key: TypeAlias = tuple[type[TypedObject], str, str]
State: TypeAlias = Mapping[Key, TypedObject]
"""Objects by kind, namespace and name."""


class ServerView:
    """The present and past states of objects of some kinds.

    Args:
        world: tells when the server was disturbed: until some time after that, it may know any past state.
        root: the root of the supervision tree.
    """

    def __init__(self, world: World, root: Cell) -> None:
        self._world = world
        self._root = root
        self._now: dict[Key, TypedObject] = {}
        self._log: list[tuple[int, Key, TypedObject | None]] = []
        """Each write: its time (virtual nanoseconds), its key, and the state before."""

    def committed(self, commit: Commit, *, changes: bool = True) -> None:
        """Record a write; without `changes`, as if the object had always been like that."""
        metadata = commit.current.metadata
        key = type(commit.current), metadata.namespace, metadata.name
        if changes:
            self._log.append((self._root.kernel.now, key, self._now.get(key)))
        if commit.new is None:
            del self._now[key]
        else:
            self._now[key] = commit.new

    def states(self) -> Iterator[State]:
        """The states that the server may know, newest first. Each is valid only until the next one is requested."""
        now = self._root.kernel.now
        since = 0 if now < self._world.faults.affected_until() + 2 * KNOWN else now - KNOWN
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
