"""Which nodes satisfy a rule on the Node object alone; cached, and recomputed only for nodes that change."""

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

import numpy as np

from kubeactors.api.core.v1 import Node
from kubeactors.scheduler.cache import Cache
from kubeactors.scheduler.results import Mask, Scores, Status
from kubeactors.scheduler.views import Views

K = TypeVar("K", bound=Hashable)


class NodeMask:
    """The result for every row; False where there is no node."""

    def __init__(self, cache: Cache, rule: Callable[[Node], bool]) -> None:
        self._cache = cache
        self._rule = rule
        self._position = -1
        self._mask: Mask = np.zeros(0, np.bool_)

    def close(self) -> None:
        """Nothing to release."""

    def rows(self) -> Mask:
        """The rows that satisfy the rule now."""
        log = self._cache.node_changes
        changed = log.since(self._position) if self._position >= 0 else None
        if changed is None or len(self._mask) != self._cache.table.capacity:
            self._mask = np.zeros(self._cache.table.capacity, np.bool_)
            changed = list(range(len(self._cache.rows)))
        for row in changed:
            info = self._cache.rows[row]
            self._mask[row] = info is not None and info.node is not None and self._rule(info.node)
        self._position = log.position
        return self._mask


class NodeMasks(Generic[K]):
    """Masks by a key that identifies their rule; the most recently used are kept."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self._kept: Views[K, NodeMask] = Views()

    def rows(self, key: K, rule: Callable[[Node], bool]) -> Mask:
        """The rows that satisfy the rule of this key."""
        return self._kept.get(key, lambda: NodeMask(self._cache, rule)).rows()


class RefusalView:
    """A view for one pod that only filters, evaluated lazily."""

    def __init__(self, refusals: Callable[[], list[tuple[Status, Mask]]]) -> None:
        self._refusals = refusals

    def refresh(self) -> None:
        """Nothing to refresh."""

    def refusals(self) -> list[tuple[Status, Mask]]:
        """See `View.refusals`."""
        return self._refusals()

    def scores(self, feasible: Mask) -> Scores | None:
        """None."""
        del feasible
        return None
