"""What holds of components' caches, and of who leads."""

from collections.abc import Iterator
from typing import ClassVar, cast

from kubeactors.actor.cell import Cell
from kubeactors.actor.supervision import SECOND
from kubeactors.api.coordination.v1 import Lease
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.client import Controller, Informer, Overlay
from kubeactors.client.leaderelector import Tenure
from kubeactors.sim.chaos.corruption import NOWHERE
from kubeactors.sim.invariants.inspection import differences, key_of
from kubeactors.sim.invariants.invariant import Invariant, title
from kubeactors.sim.tree import actors_of
from kubeactors.sim.world import Commit, World

SYSTEM = "kube-system"
"""The namespace of the Leases of the control plane."""


class InformerCachesEqualStore(Invariant):
    """When all is quiet, every informer has what the store has."""

    name: ClassVar[str] = "informer-caches-equal-store"

    def settled(self) -> Iterator[str]:
        """Compare informer by informer."""
        for path, actor in actors_of(self.root, Informer):
            shared = cast("Informer[TypedObject]", actor)._shared  # noqa: SLF001 -- an invariant looks inside
            cached = {key_of(one): one for one in shared.indexer.objects.values()}
            yield from differences(self.world, shared.type, cached, path)


class InformersKeepWatching(Invariant):
    """When all is quiet, every informer watches; none still tries to read its collection."""

    name: ClassVar[str] = "informers-keep-watching"

    def settled(self) -> Iterator[str]:
        """Ask informer by informer."""
        for path, actor in actors_of(self.root, Informer):
            reflector = cast("Informer[TypedObject]", actor)._reflector  # noqa: SLF001 -- an invariant looks inside
            if reflector.broken or reflector.must_list:
                yield f"{path} does not watch, though nothing is in its way"


class NoStaleOwnWrites(Invariant):
    """When all is quiet, what controllers remember of their own writes adds nothing to what their caches show.

    What was written may have been changed or deleted by others since, even before the reply to the write came.
    """

    name: ClassVar[str] = "no-stale-own-writes"

    def settled(self) -> Iterator[str]:
        """Look at what each controller remembers."""
        for path, actor in actors_of(self.root, Controller):
            for one in vars(actor).values():
                yield from _outlived(path, cast("Overlay[TypedObject]", one)) if isinstance(one, Overlay) else ()


def _outlived(path: str, overlay: "Overlay[TypedObject]") -> Iterator[str]:
    for key in overlay._written:  # noqa: SLF001 -- an invariant looks inside
        cached = overlay._cache.by_key(key)  # noqa: SLF001
        newest = overlay.newest(key, cached)
        if newest is not None and newest is not cached:
            yield f"{path} believes in {title(newest)} as it has written it, and that is gone, or is no longer so"


class BackOffIsReset(Invariant):
    """When all is quiet, no controller holds against anything that it has failed, but what is still to be tried again.

    The next failure waits a short time again.
    """

    name: ClassVar[str] = "back-off-is-reset"

    def settled(self) -> Iterator[str]:
        """Ask the queue of each controller."""
        for path, actor in actors_of(self.root, Controller):
            queue = cast("Controller", actor).queue
            for key in queue._backoff._failures:  # noqa: SLF001 -- an invariant looks inside
                if key not in queue._due:  # noqa: SLF001
                    yield f"{path} still holds against {key} that it has failed {queue.failures(key)} times"


class LeadersHoldTheirLease(Invariant):
    """Nobody leads longer than the Lease lasts that he has renewed last, as it is in the store: others may take it then.

    Who stands still does not act; he may notice only when he has gone on that he leads no more.
    """

    name: ClassVar[str] = "leaders-hold-their-lease"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Lease,)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._ends: dict[tuple[str, str], int] = {}
        """By Lease and holder: when it ends (virtual nanoseconds)."""
        self._stood: dict[str, int] = {}
        """When a process was last seen to stand still."""

    def committed(self, commit: Commit) -> Iterator[str]:
        """Follow the Leases that are stood for."""
        new, now = commit.new, self.root.kernel.now
        if isinstance(new, Lease) and new.metadata.namespace == SYSTEM and _renewed(new) != _renewed(commit.old):
            self._ends[new.metadata.name, _holder(new)] = now + (new.spec.lease_duration_seconds or 0) * SECOND
        yield from ()

    def looked(self) -> Iterator[str]:
        """Look at who leads."""
        now = self.root.kernel.now
        self._stood.update(dict.fromkeys(self.world.faults.paused, now))
        for path, actor in actors_of(self.root, Tenure) if self._ends else ():
            tenure = cast("Tenure[object]", actor)
            end = self._ends.get((tenure.lease, tenure.identity), now)
            if max(end, self._stood.get(_process(path), 0) + SECOND) < now:
                yield f"{path} still leads, {(now - end) / SECOND:g} s after the end of {tenure.lease}"


class AtMostOneLeader(Invariant):
    """When a Lease is somebody's, nobody else acts as its leader any more; who stands still does not act.

    Who does not exist does not act either: what a Lease wrongly says its holder has yet to read.
    """

    name: ClassVar[str] = "at-most-one-leader"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Lease,)

    def committed(self, commit: Commit) -> Iterator[str]:
        """Look at who leads when the holder of a Lease that is stood for has changed."""
        new, old = commit.new, commit.old
        if isinstance(new, Lease) and new.metadata.namespace == SYSTEM and _holder(new) not in {_holder(old), NOWHERE}:
            for path, actor in actors_of(self.root, Tenure):
                tenure = cast("Tenure[object]", actor)
                paused = _process(path) in self.world.faults.paused
                if not paused and tenure.lease == new.metadata.name and tenure.identity != _holder(new):
                    yield f"{path} still leads, and {title(new)} is held by {_holder(new) or 'nobody'}"


def _process(path: str) -> str:
    """The process of an actor by its path: see `World.paused`."""
    return path.split("/")[2]


def _renewed(lease: TypedObject | None) -> str | None:
    return lease.spec.renew_time if isinstance(lease, Lease) else None


def _holder(lease: TypedObject | None) -> str:
    return (lease.spec.holder_identity or "") if isinstance(lease, Lease) else ""


INVARIANTS: tuple[type[Invariant], ...] = (
    InformerCachesEqualStore,
    InformersKeepWatching,
    NoStaleOwnWrites,
    BackOffIsReset,
    LeadersHoldTheirLease,
    AtMostOneLeader,
)
