"""What holds of the API server: watches are ordered and complete, the cache equals the store when all is quiet."""

from collections.abc import Iterator
from typing import ClassVar, cast

from kubeactors.actor.cell import Cell
from kubeactors.api import SCHEME
from kubeactors.apimachinery.requests import ADDED, BOOKMARK, DELETED, MODIFIED, WatchClosed, WatchEvent, WatchEvents
from kubeactors.apiserver.selection import Selection, select
from kubeactors.apiserver.server import ApiServer
from kubeactors.sim.invariants.invariant import Invariant, WatchInvariant
from kubeactors.sim.invariants.looking import actors_of, differences, key_of
from kubeactors.sim.network import Stream
from kubeactors.sim.world import Commit, World


class Position:
    """How far a watch has come in the log of its kind."""

    __slots__ = ("index", "revision", "selection")

    def __init__(self, index: int, revision: int, selection: Selection) -> None:
        self.index: int = index
        self.revision: int = revision
        self.selection: Selection = selection


class WatchesAreComplete(WatchInvariant):
    """A watch from a revision tells every change after it, once, in order, and ends when it cannot."""

    name: ClassVar[str] = "watches-are-complete"

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._positions: dict[tuple[Cell, int], Position] = {}

    def watched(self, stream: Stream, subscriber: Cell, message: WatchEvents | WatchClosed) -> Iterator[str]:
        """Compare what is told with what was committed."""
        if isinstance(message, WatchClosed) or not stream.request.options.resource_version.strip("0"):
            return
        kind = SCHEME.by_resource(stream.request.resource)
        if kind is None:
            return
        log = self.world.log.get(kind.type, [])
        position = self._positions.get((subscriber, message.watch))
        if position is None:
            position = self._positions[subscriber, message.watch] = _start(stream, log)
        for event in message.events:
            problem = _advance(position, log, event)
            if problem:
                yield f"watch of {stream.resource} by {subscriber.path}: {problem}"


def _start(stream: Stream, log: list[Commit]) -> Position:
    request = stream.request
    kind = SCHEME.by_resource(request.resource)
    assert kind is not None  # the caller has looked
    options = request.options
    revision = int(options.resource_version)
    selection = select(kind, request.namespace, options.label_selector, options.field_selector)
    index = 0
    while index < len(log) and log[index].revision <= revision:
        index += 1
    return Position(index, revision, selection)


def _advance(position: Position, log: list[Commit], event: WatchEvent) -> str:
    """Take one event in; what is wrong with it."""
    revision = int(event.object.metadata.resource_version)
    before, position.revision = position.revision, max(revision, position.revision)
    if event.type == BOOKMARK:
        missed = _missed(position, log, revision + 1)
        return f"a bookmark at {revision} leaves out {missed}" if missed else ""
    if revision <= before:
        return f"{event.type} at {revision} came after {before}"
    missed = _missed(position, log, revision)
    if missed:
        return f"{event.type} at {revision} leaves out {missed}"
    if position.index >= len(log) or log[position.index].revision != revision:
        return f"{event.type} at {revision} never happened"
    expected = _seen(position.selection, log[position.index])
    position.index += 1
    return "" if expected == event.type else f"{event.type} at {revision} should be {expected or 'nothing'}"


def _missed(position: Position, log: list[Commit], end: int) -> str:
    """Go on to the revision `end`; the first change on the way that the watcher should have been told."""
    while position.index < len(log) and log[position.index].revision < end:
        commit = log[position.index]
        position.index += 1
        if _seen(position.selection, commit):
            return f"revision {commit.revision} of {commit.key}"
    return ""


def _seen(selection: Selection, commit: Commit) -> str:
    """What a watcher sees of a commit; empty if nothing."""
    before = commit.old is not None and selection.sees(commit.old)
    after = commit.new is not None and selection.sees(commit.new)
    if after:
        return MODIFIED if before else ADDED
    return DELETED if before else ""


class WatchCacheEqualsStore(Invariant):
    """The API server's cache has what the store has."""

    name: ClassVar[str] = "watch-cache-equals-store"

    def settled(self) -> Iterator[str]:
        """Compare kind by kind."""
        for path, actor in actors_of(self.root, ApiServer):
            for cache in cast("ApiServer", actor)._cacher:  # noqa: SLF001 -- an invariant looks inside
                cached = {key_of(one): one for one in cache.objects.select(Selection())}
                yield from differences(self.world, cache.kind.type, cached, path)


INVARIANTS = (WatchesAreComplete, WatchCacheEqualsStore)
