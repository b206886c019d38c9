"""The cluster, as the invariants of an operator see it."""

from collections.abc import Mapping
from typing import TypeVar

from kubeactors.actor.kernel import Kernel
from kubeactors.actor.supervision import SECOND
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.client import check_is_kind
from kubeactors.sim.world import World

T = TypeVar("T", bound=TypedObject)


class ClusterView:
    """The contents of the store, read-only. Objects are shared: do not mutate them."""

    def __init__(self, world: World, kernel: Kernel) -> None:
        self._world = world
        self._kernel = kernel

    @property
    def seconds(self) -> float:
        """Virtual seconds since the start."""
        return self._kernel.now / SECOND

    @property
    def revision(self) -> int:
        """Of the store."""
        return self._world.revision

    def list(self, type_: type[T], namespace: str = "", *, labels: Mapping[str, str] | None = None) -> tuple[T, ...]:
        """The objects of a kind, in all namespaces or in one, with all of these labels, by namespace and name.

        Raises:
            TypeError: `type_` is not a kind, but perhaps the name of one.
        """
        check_is_kind(type_)
        wanted = (labels or {}).items()
        found = [
            one
            for one in self._world.of(type_).values()
            if namespace in ("", one.metadata.namespace) and wanted <= one.metadata.labels.items()
        ]
        return tuple(sorted(found, key=lambda one: (one.metadata.namespace, one.metadata.name)))

    def find(self, type_: type[T], name: str, namespace: str = "default") -> T | None:
        """The object of that name, or None. Raises what `list` raises."""
        check_is_kind(type_)
        return self._world.find(type_, name, namespace)
