"""What holds of the API server: watches are ordered and complete, the cache equals the store when all is quiet."""

from bisect import bisect_right
from collections.abc import Iterator
from typing import ClassVar, cast

from kubeactors.actor.cell import Cell
from kubeactors.actor.supervision import SECOND
from kubeactors.api import SCHEME
from kubeactors.api.core.v1 import Pod
from kubeactors.api.core.v1.resourcequota import ResourceQuota
from kubeactors.apimachinery import fieldselector
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import ADDED, BOOKMARK, DELETED, MODIFIED, WatchClosed, WatchEvent, WatchEvents
from kubeactors.apimachinery.scheme import Kind
from kubeactors.apimachinery.time import parse_time
from kubeactors.apiserver.selection import NODE, Selection, select
from kubeactors.apiserver.server import ApiServer
from kubeactors.sim.invariants.invariant import Invariant, WatchInvariant, title
from kubeactors.sim.invariants.looking import actors_of, differences, key_of
from kubeactors.sim.network import Stream
from kubeactors.sim.rollouts import FINISHED
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


KNOWN = 10 * SECOND
"""So soon after it was written a quota is known to everybody, if nothing is broken."""


class QuotasHold(Invariant):
    """No pod is created beyond the quotas of its namespace; when all is quiet they say how many there are."""

    name: ClassVar[str] = "quotas-hold"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Pod, ResourceQuota)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._since: dict[str, int] = {}
        """By uid: since when a quota is as it is."""

    def committed(self, commit: Commit) -> Iterator[str]:
        """Look at each pod that is created."""
        now, current = self.root.kernel.now, commit.current
        if isinstance(current, ResourceQuota):
            if not isinstance(commit.old, ResourceQuota) or commit.old.spec != current.spec:
                self._since[current.metadata.uid] = now
        elif isinstance(current, Pod) and commit.old is None:
            for quota in self._quotas(current.metadata.namespace):
                known = max(self._since[quota.metadata.uid], self.world.disturbed_until()) + KNOWN
                if self._used(quota) > _hard(quota) and known < now:
                    yield f"{title(current)} is one of {self._used(quota)} pods, and there may be {_hard(quota)}"

    def settled(self) -> Iterator[str]:
        """Compare what each quota says with what there is."""
        for quota in self.world.of(ResourceQuota).values():
            used = int(quota.status.used.get("pods", "0"))
            if used != self._used(quota):
                yield f"{title(quota)} says that {used} pods are there, and there are {self._used(quota)}"

    def _quotas(self, namespace: str) -> Iterator[ResourceQuota]:
        return (one for one in self.world.of(ResourceQuota).values() if one.metadata.namespace == namespace)

    def _used(self, quota: ResourceQuota) -> int:
        return sum(
            1
            for pod in self.world.of(Pod).values()
            if pod.metadata.namespace == quota.metadata.namespace
            and pod.status.phase not in FINISHED
            and not self._is_overdue(pod)
        )

    def _is_overdue(self, pod: Pod) -> bool:
        """Whether its node should have let it go by now: it counts no more then.

        Source: QuotaV1Pod in pkg/quota/v1/evaluator/core/pods.go (v1.36).
        """
        kernel, end = self.root.kernel, pod.metadata.deletion_timestamp
        return end is not None and parse_time(end) < kernel.wall + kernel.now


def _hard(quota: ResourceQuota) -> int:
    return int(quota.spec.hard.get("pods", "0"))


INVARIANTS: tuple[type[Invariant], ...] = (WatchesAreComplete, WatchCacheEqualsStore, QuotasHold)
