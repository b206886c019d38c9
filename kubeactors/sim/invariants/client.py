"""What holds of components' caches, and of who leads."""

from collections.abc import Iterator
from typing import ClassVar, cast

from kubeactors.api.coordination.v1 import Lease
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.client import Informer
from kubeactors.client.leaderelector import Tenure
from kubeactors.sim.corruption import NOWHERE
from kubeactors.sim.invariants.invariant import Invariant, title
from kubeactors.sim.invariants.looking import actors_of, differences, key_of
from kubeactors.sim.world import Commit

SYSTEM = "kube-system"
"""The namespace of the Leases of the control plane."""


class InformersEqualStore(Invariant):
    """When all is quiet, every informer has what the store has."""

    name: ClassVar[str] = "informers-equal-store"

    def settled(self) -> Iterator[str]:
        """Compare informer by informer."""
        for path, actor in actors_of(self.root, Informer):
            shared = cast("Informer[TypedObject]", actor)._shared  # noqa: SLF001 -- an invariant looks inside
            cached = {key_of(one): one for one in shared.indexer.objects.values()}
            yield from differences(self.world, shared.type, cached, path)


class InformersWatch(Invariant):
    """When all is quiet, every informer watches; none still tries to read its collection."""

    name: ClassVar[str] = "informers-watch"

    def settled(self) -> Iterator[str]:
        """Ask informer by informer."""
        for path, actor in actors_of(self.root, Informer):
            reflector = cast("Informer[TypedObject]", actor)._reflector  # noqa: SLF001 -- an invariant looks inside
            if reflector.broken or reflector.must_list:
                yield f"{path} does not watch, though nothing is in its way"


class OneLeader(Invariant):
    """When a Lease is somebody's, nobody else acts as its leader any more; who stands still does not act.

    Who does not exist does not act either: what a Lease wrongly says its holder has yet to read.
    """

    name: ClassVar[str] = "one-leader"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Lease,)

    def committed(self, commit: Commit) -> Iterator[str]:
        """Look at who leads when the holder of a Lease that is stood for has changed."""
        new, old = commit.new, commit.old
        if isinstance(new, Lease) and new.metadata.namespace == SYSTEM and _holder(new) not in {_holder(old), NOWHERE}:
            for path, actor in actors_of(self.root, Tenure):
                tenure = cast("Tenure[object]", actor)
                paused = path.split("/")[2] in self.world.paused
                if not paused and tenure.lease == new.metadata.name and tenure.identity != _holder(new):
                    yield f"{path} still leads, and {title(new)} is held by {_holder(new) or 'nobody'}"


def _holder(lease: TypedObject | None) -> str:
    return (lease.spec.holder_identity or "") if isinstance(lease, Lease) else ""


INVARIANTS: tuple[type[Invariant], ...] = (InformersEqualStore, InformersWatch, OneLeader)
