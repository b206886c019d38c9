"""Invariants of informers, controllers' queues and leader election."""

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
    """When all is quiet, every informer's cache equals the store."""

    name: ClassVar[str] = "informer-caches-equal-store"

    def settled(self) -> Iterator[str]:
        """Compare each informer's cache."""
        for path, actor in actors_of(self.root, Informer):
            shared = cast("Informer[TypedObject]", actor)._shared  # noqa: SLF001 -- an invariant looks inside
            cached = {key_of(one): one for one in shared.indexer.objects.values()}
            yield from differences(self.world, shared.type, cached, path)


class InformersKeepWatching(Invariant):
    """When all is quiet, every informer has a live watch; none still has to list."""

    name: ClassVar[str] = "informers-keep-watching"

    def settled(self) -> Iterator[str]:
        """Look at each reflector."""
        for path, actor in actors_of(self.root, Informer):
            reflector = cast("Informer[TypedObject]", actor)._reflector  # noqa: SLF001 -- an invariant looks inside
            if reflector.broken or reflector.must_list:
                yield f"{path} has no live watch, though no fault prevents it"


class NoStaleOwnWrites(Invariant):
    """When all is quiet, no controller's overlay of its own writes differs from its cache.

    Others may have changed or deleted the object since, even before the reply to the write arrived.
    """

    name: ClassVar[str] = "no-stale-own-writes"

    def settled(self) -> Iterator[str]:
        """Look at each controller's overlays."""
        for path, actor in actors_of(self.root, Controller):
            for one in vars(actor).values():
                yield from _stale(path, cast("Overlay[TypedObject]", one)) if isinstance(one, Overlay) else ()


def _stale(path: str, overlay: "Overlay[TypedObject]") -> Iterator[str]:
    for key in overlay._written:  # noqa: SLF001 -- an invariant looks inside
        cached = overlay._cache.by_key(key)  # noqa: SLF001
        newest = overlay.newest(key, cached)
        if newest is not None and newest is not cached:
            yield f"{path} still overlays its own write of {title(newest)}, which was changed or deleted since"


class BackOffIsReset(Invariant):
    """When all is quiet, no controller counts failures of a key that it will not retry.

    The key's next failure then starts with the shortest delay again.
    """

    name: ClassVar[str] = "back-off-is-reset"

    def settled(self) -> Iterator[str]:
        """Look at each controller's queue."""
        for path, actor in actors_of(self.root, Controller):
            queue = cast("Controller", actor).queue
            for key in queue._backoff._failures:  # noqa: SLF001 -- an invariant looks inside
                if key not in queue._due:  # noqa: SLF001
                    yield f"{path} still counts {queue.failures(key)} failures of {key}, which it does not retry"


class LeadersHoldTheirLease(Invariant):
    """No leader acts after the Lease that it last renewed, as stored, has expired: another candidate may take it then.

    A paused process does not act; it may notice only after it resumes that it has lost the Lease.
    """

    name: ClassVar[str] = "leaders-hold-their-lease"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Lease,)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._ends: dict[tuple[str, str], int] = {}
        """By Lease and holder: when it ends (virtual nanoseconds)."""
        self._stood: dict[str, int] = {}
        """When a process was last seen paused."""

    def committed(self, commit: Commit) -> Iterator[str]:
        """Follow the Leases of elections."""
        new, now = commit.new, self.root.kernel.now
        if isinstance(new, Lease) and new.metadata.namespace == SYSTEM and _renewed(new) != _renewed(commit.old):
            self._ends[new.metadata.name, _holder(new)] = now + (new.spec.lease_duration_seconds or 0) * SECOND
        yield from ()

    def looked(self) -> Iterator[str]:
        """Look at each leader."""
        now = self.root.kernel.now
        self._stood.update(dict.fromkeys(self.world.faults.paused, now))
        for path, actor in actors_of(self.root, Tenure) if self._ends else ():
            tenure = cast("Tenure[object]", actor)
            end = self._ends.get((tenure.lease, tenure.identity), now)
            if max(end, self._stood.get(_process(path), 0) + SECOND) < now:
                yield f"{path} still leads {(now - end) / SECOND:g} s after its Lease {tenure.lease} expired"


class AtMostOneLeader(Invariant):
    """When a candidate acquires a Lease, no other one acts as leader any more, unless its process is paused.

    A corrupted Lease may name a holder that does not exist, and so does not act; the true one has yet to read that.
    """

    name: ClassVar[str] = "at-most-one-leader"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Lease,)

    def committed(self, commit: Commit) -> Iterator[str]:
        """Look at the leaders when the holder of a Lease has changed."""
        new, old = commit.new, commit.old
        if isinstance(new, Lease) and new.metadata.namespace == SYSTEM and _holder(new) not in {_holder(old), NOWHERE}:
            for path, actor in actors_of(self.root, Tenure):
                tenure = cast("Tenure[object]", actor)
                paused = _process(path) in self.world.faults.paused
                if not paused and tenure.lease == new.metadata.name and tenure.identity != _holder(new):
                    yield f"{path} still leads, though {title(new)} is held by {_holder(new) or 'nobody'}"


def _process(path: str) -> str:
    """The process of the actor with this path; see `Disturbances.paused`."""
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
