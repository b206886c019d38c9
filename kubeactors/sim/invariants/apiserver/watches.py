"""Invariants of watches, of the watch cache, and of LimitRanges."""

from bisect import bisect_right
from collections.abc import Iterator
from typing import ClassVar, cast

from kubeactors.actor.cell import Cell
from kubeactors.actor.supervision import SECOND
from kubeactors.api import SCHEME
from kubeactors.api.core.v1 import PersistentVolumeClaim, Pod
from kubeactors.api.core.v1.limitrange import CONTAINER, LimitRange, LimitRangeItem
from kubeactors.apimachinery import fieldselector
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.quantity import compare
from kubeactors.apimachinery.requests import (
    ADDED,
    BOOKMARK,
    DELETED,
    MODIFIED,
    ApiRequest,
    Watch,
    WatchClosed,
    WatchEvent,
    WatchEvents,
    WatchStarted,
)
from kubeactors.apimachinery.scheme import Kind
from kubeactors.apiserver.admission.limit_ranger import ANNOTATION as LIMIT_RANGER
from kubeactors.apiserver.selection import NODE, Selection
from kubeactors.apiserver.server import ApiServer
from kubeactors.sim.bounds.limit_ranges import exceeded_by, limits_in
from kubeactors.sim.invariants.apiserver.reads import Sight, only_name
from kubeactors.sim.invariants.inspection import differences, key_of
from kubeactors.sim.invariants.invariant import Invariant, ServerInvariant, WatchInvariant, title
from kubeactors.sim.network import Served, Stream
from kubeactors.sim.tree import actors_of
from kubeactors.sim.world import Commit, World

KNOWN = 10 * SECOND
"""How long after a write admission knows a LimitRange, without faults."""


class Position:
    """The position of a watch in the log of its kind."""

    __slots__ = ("index", "log", "revision", "sight")

    def __init__(self, index: int, log: list[Commit], revision: int, sight: Sight) -> None:
        self.index: int = index
        self.log: list[Commit] = log
        """All commits that it may see; for a watch of one name, or of one node's pods, only those."""
        self.revision: int = revision
        self.sight: Sight = sight

    @property
    def next_revision(self) -> int:
        """The revision of the next commit; 0 if there is none."""
        return self.log[self.index].revision if self.index < len(self.log) else 0


class WatchesAreGapFree(WatchInvariant, ServerInvariant):
    """A watch delivers every change after its list or its start revision once and in order, or is closed."""

    name: ClassVar[str] = "watches-are-gap-free"
    requests: ClassVar[tuple[type[ApiRequest[object]], ...]] = (Watch,)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._positions: dict[tuple[Cell, int], Position] = {}

    def watched(self, stream: Stream, subscriber: Cell, message: WatchEvents | WatchClosed) -> Iterator[str]:
        """Compare the events with the committed changes."""
        if isinstance(message, WatchClosed):
            return
        request = stream.request
        position = self._positions.get((subscriber, message.watch))
        if position is None and not request.lists and request.options.resource_version.strip("0"):
            position = self._start(request, request.options.resource_version)
        if position is None:
            return
        for event in message.events:
            problem = _advance(position, event)
            if problem:
                yield f"watch of {stream.resource} by {subscriber.path}: {problem}"

    def served(self, served: Served, answer: object) -> Iterator[str]:
        """Note the revision of a watch's initial list."""
        initial = answer.initial if isinstance(answer, WatchStarted) else None
        if isinstance(served.request, Watch) and initial is not None:
            self._start(served.request, initial.metadata.resource_version)
        yield from ()

    def _start(self, request: Watch, version: str) -> Position | None:
        kind = SCHEME.by_resource(request.resource)
        if kind is None:
            return None
        position = _position(request, kind, self.world, int(version))
        self._positions[cast("Cell", request.subscriber), request.watch] = position
        return position


def _position(request: Watch, kind: Kind[TypedObject], world: World, revision: int) -> Position:
    sight, name = Sight(kind, request.namespace, request.options), only_name(kind, request)
    node = fieldselector.parse(request.options.field_selector).exact(NODE) or ""
    log = world.history_of(kind.type, request.namespace, name) if name else world.log_of(kind.type, node)
    return Position(bisect_right(log, revision, key=lambda one: one.revision), log, revision, sight)


def _advance(position: Position, event: WatchEvent) -> str:
    """Advance by one event; return what is wrong with it. A transaction may write several objects at one revision."""
    revision = int(event.object.metadata.resource_version)
    before, position.revision = position.revision, max(revision, position.revision)
    if event.type == BOOKMARK:
        missed = _missed(position, revision + 1)
        return f"the bookmark at {revision} skipped {missed}" if missed else ""
    if revision < before or (revision == before and position.next_revision != revision):
        return f"{event.type} at {revision} came after {before}"
    missed = _missed(position, revision)
    if missed:
        return f"{event.type} at {revision} skipped {missed}"
    while position.next_revision == revision:
        commit = position.log[position.index]
        position.index += 1
        expected = _seen(position.sight, commit)
        if expected:
            same = key_of(commit.current) == key_of(event.object)
            what = expected if same else f"{expected} of {commit.key}"
            return "" if what == event.type else f"{event.type} at {revision} should be {what}"
    return f"{event.type} at {revision} matches no committed change"


def _missed(position: Position, end: int) -> str:
    """Advance to the revision `end`; return the first change before it that the watcher should have received."""
    while 0 < position.next_revision < end:
        commit = position.log[position.index]
        position.index += 1
        if _seen(position.sight, commit):
            return f"revision {commit.revision} of {commit.key}"
    return ""


def _seen(sight: Sight, commit: Commit) -> str:
    """The type of event that a watcher receives for a commit; empty if none."""
    before = commit.old is not None and sight.has(commit.old)
    after = commit.new is not None and sight.has(commit.new)
    if after:
        return MODIFIED if before else ADDED
    return DELETED if before else ""


class WatchCacheEqualsStore(Invariant):
    """When all is quiet, the API server's watch cache equals the store."""

    name: ClassVar[str] = "watch-cache-equals-store"

    def settled(self) -> Iterator[str]:
        """Compare each kind."""
        for path, actor in actors_of(self.root, ApiServer):
            for cache in cast("ApiServer", actor)._cacher:  # noqa: SLF001 -- an invariant looks inside
                cached = {key_of(one): one for one in cache.objects.select(Selection())}
                yield from differences(self.world, cache.kind.type, cached, path)


class LimitRangesAreEnforced(Invariant):
    """New containers and claims have the defaults of their namespace's LimitRanges, and keep within their bounds.

    Computed from the stored objects, without the code of admission.
    """

    name: ClassVar[str] = "limit-ranges-are-enforced"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (LimitRange, Pod, PersistentVolumeClaim)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._since: dict[str, int] = {}
        """By namespace: when its LimitRanges last changed; only namespaces that have had one."""

    def committed(self, commit: Commit) -> Iterator[str]:
        """Follow LimitRanges; check created pods and claims."""
        new, namespace = commit.new, commit.current.metadata.namespace
        if isinstance(commit.current, LimitRange):
            self._since[namespace] = self.root.kernel.now
        elif commit.old is None and new is not None and namespace in self._since:
            known = max(self._since[namespace], self.world.faults.affected_until()) + KNOWN
            if known < self.root.kernel.now:
                yield from (f"{title(new)} was created {wrong}" for wrong in self._wrong(new, namespace))

    def _wrong(self, new: TypedObject, namespace: str) -> Iterator[str]:
        if isinstance(new, PersistentVolumeClaim):
            amount = new.spec.resources.requests.get("storage", "0")
            yield from (
                f"with a request of {amount}, but the maximum is {most}" for most in exceeded_by(self.world, new)
            )
        elif isinstance(new, Pod):
            yield from _wrong_with(new, [one for one in limits_in(self.world, namespace) if one.type == CONTAINER])


def _wrong_with(pod: Pod, items: list[LimitRangeItem]) -> Iterator[str]:
    for container in (*pod.spec.init_containers, *pod.spec.containers):
        for what, said in (("request", container.resources.requests), ("limit", container.resources.limits)):
            for item in items:
                amount, least, most = said.get("cpu"), item.min.get("cpu"), item.max.get("cpu")
                given = item.default_request if what == "request" else item.default
                if amount is None and "cpu" in given:
                    yield f"without a {what} of {container.name}, though its default is {given['cpu']}"
                if amount is not None and least is not None and compare(amount, least) < 0:
                    yield f"with a {what} of {amount} for {container.name}, but the minimum is {least}"
                if amount is not None and most is not None and compare(amount, most) > 0:
                    yield f"with a {what} of {amount} for {container.name}, but the maximum is {most}"
    if LIMIT_RANGER in pod.metadata.annotations and not items:
        yield f'annotated with "{pod.metadata.annotations[LIMIT_RANGER]}", though there is no LimitRange'


INVARIANTS: tuple[type[Invariant], ...] = (WatchesAreGapFree, WatchCacheEqualsStore, LimitRangesAreEnforced)
