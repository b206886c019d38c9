"""What holds of components' caches."""

from collections.abc import Iterator
from typing import ClassVar, cast

from kubeactors.apimachinery.meta import TypedObject
from kubeactors.client import Informer
from kubeactors.sim.invariants.invariant import Invariant
from kubeactors.sim.invariants.looking import actors_of, differences, key_of


class InformersEqualStore(Invariant):
    """When all is quiet, every informer has what the store has."""

    name: ClassVar[str] = "informers-equal-store"

    def settled(self) -> Iterator[str]:
        """Compare informer by informer."""
        for path, actor in actors_of(self.root, Informer):
            shared = cast("Informer[TypedObject]", actor)._shared  # noqa: SLF001 -- an invariant looks inside
            cached = {key_of(one): one for one in shared.indexer.objects.values()}
            yield from differences(self.world, shared.type, cached, path)


INVARIANTS: tuple[type[Invariant], ...] = (InformersEqualStore,)
