"""What holds of the API server: watches are ordered and complete, the cache equals the store when all is quiet."""

from bisect import bisect_right
from collections.abc import Iterator
from typing import ClassVar, cast

from kubeactors.actor.cell import Cell
from kubeactors.api import SCHEME
from kubeactors.apimachinery import fieldselector
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import ADDED, BOOKMARK, DELETED, MODIFIED, WatchClosed, WatchEvent, WatchEvents
from kubeactors.apimachinery.scheme import Kind
from kubeactors.apiserver.selection import NODE, Selection, select
from kubeactors.apiserver.server import ApiServer
from kubeactors.sim.invariants.invariant import Invariant, WatchInvariant
from kubeactors.sim.invariants.looking import actors_of, differences, key_of
from kubeactors.sim.network import Stream
from kubeactors.sim.world import Commit, World


class Position:
    """How far a watch has come in the log of its kind."""

    __slots__ = ("index", "log", "revision", "selection")

    def __init__(self, index: int, log: list[Commit], revision: int, selection: Selection) -> None:
        self.index: int = index
        self.log: list[Commit] = log
        """All commits that it may see: of a watch of one node's pods these only."""
        self.revision: int = revision
        self.selection: Selection = selection

    @property
    def next_revision(self) -> int:
        """Of the next commit; 0 if there is none."""
        return self.log[self.index].revision if self.index < len(self.log) else 0


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
        position = self._positions.get((subscriber, message.watch))
        if position is None:
            position = self._positions[subscriber, message.watch] = _start(stream, kind, self.world)
        for event in message.events:
            problem = _advance(position, event)
            if problem:
                yield f"watch of {stream.resource} by {subscriber.path}: {problem}"


def _start(stream: Stream, kind: Kind[TypedObject], world: World) -> Position:
    request = stream.request
    options = request.options
    revision = int(options.resource_version)
    selection = select(kind, request.namespace, options.label_selector, options.field_selector)
    log = world.log_of(kind.type, fieldselector.parse(options.field_selector).exact(NODE) or "")
    return Position(bisect_right(log, revision, key=lambda one: one.revision), log, revision, selection)


def _advance(position: Position, event: WatchEvent) -> str:
    """Take one event in; what is wrong with it. One transaction may write several objects at one revision."""
    revision = int(event.object.metadata.resource_version)
    before, position.revision = position.revision, max(revision, position.revision)
    if event.type == BOOKMARK:
        missed = _missed(position, revision + 1)
        return f"a bookmark at {revision} leaves out {missed}" if missed else ""
    if revision < before or (revision == before and position.next_revision != revision):
        return f"{event.type} at {revision} came after {before}"
    missed = _missed(position, revision)
    if missed:
        return f"{event.type} at {revision} leaves out {missed}"
    while position.next_revision == revision:
        commit = position.log[position.index]
        position.index += 1
        expected = _seen(position.selection, commit)
        if expected:
            same = key_of(commit.current) == key_of(event.object)
            what = expected if same else f"{expected} of {commit.key}"
            return "" if what == event.type else f"{event.type} at {revision} should be {what}"
    return f"{event.type} at {revision} never happened"


def _missed(position: Position, end: int) -> str:
    """Go on to the revision `end`; the first change on the way that the watcher should have been told."""
    while 0 < position.next_revision < end:
        commit = position.log[position.index]
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


INVARIANTS: tuple[type[Invariant], ...] = (WatchesAreComplete, WatchCacheEqualsStore)
