"""What the plugins say of every node, for all pods of one signature.

Filters and scores are worked out for all nodes once, and afterwards only for the nodes that changed: placing the next
pod of the same shape costs one node's verdict and one search for the best.
"""

from collections.abc import Iterable
from random import Random

import numpy as np

from kubeactors.scheduler.cache import Cache
from kubeactors.scheduler.framework import (
    Diagnosis,
    FilterPlugin,
    Mask,
    Rows,
    Scores,
    StaticScorePlugin,
    Status,
    VectorFilterPlugin,
    VectorScorePlugin,
)
from kubeactors.scheduler.node_info import NodeInfo
from kubeactors.scheduler.pod_info import PodInfo

_ROW_BY_ROW = 16
"""Up to so many changed rows are cheaper one at a time than as vectors."""


class StaticVerdicts:
    """Verdicts that depend on Node objects alone, shared by all signatures with the same static part."""

    def __init__(
        self, pod: PodInfo, filters: Iterable[FilterPlugin], scores: Iterable[StaticScorePlugin], cache: Cache
    ) -> None:
        self._pod = pod
        self._cache = cache
        self._filters = [one for one in filters if not one.skips(pod)]
        self._plugins = [one for one in scores if not one.skips(pod)]
        self._position = 0
        self.statuses: list[Status | None] = []
        self.allowed: Mask = np.zeros(0, np.bool_)
        self._raw: list[Scores] = []
        self.has_preferences = False
        """Whether nodes differ in anything that is preferred."""
        self._evaluate_all()

    def refresh(self) -> None:
        """Catch up with the nodes that changed."""
        rows = self._cache.node_changes.since(self._position)
        if rows is None or len(self.allowed) != self._cache.table.capacity:
            self._evaluate_all()
            return
        if rows:
            self._evaluate_rows(rows)

    def preferences(self, feasible: Mask) -> Scores:
        """The weighted sum of the normalized scores; right where `feasible`."""
        total = np.zeros(len(feasible), np.int64)
        for plugin, raw in zip(self._plugins, self._raw, strict=True):
            total += plugin.weight * plugin.normalize(np.where(feasible, raw, 0))
        return total

    def _evaluate_all(self) -> None:
        capacity = self._cache.table.capacity
        self.statuses = [None] * capacity
        self.allowed = np.zeros(capacity, np.bool_)
        self._raw = [np.zeros(capacity, np.int64) for _ in self._plugins]
        self._evaluate_rows(range(len(self._cache.rows)))

    def _evaluate_rows(self, rows: Iterable[int]) -> None:
        for row in rows:
            self._evaluate(row)
        self._position = self._cache.node_changes.position
        self.has_preferences = any(bool(raw.any()) for raw in self._raw)

    def _evaluate(self, row: int) -> None:
        info = self._cache.rows[row]
        present = info is not None and info.node is not None
        status = first_refusal(self._filters, self._pod, info) if info is not None and present else None
        self.statuses[row] = status
        self.allowed[row] = present and status is None
        for plugin, raw in zip(self._plugins, self._raw, strict=True):
            raw[row] = plugin.score(self._pod, info) if info is not None and present else 0


class Verdicts:
    """All verdicts of one signature."""

    def __init__(
        self,
        pod: PodInfo,
        static: StaticVerdicts,
        filters: Iterable[FilterPlugin],
        scores: Iterable[VectorScorePlugin],
        cache: Cache,
    ) -> None:
        self._pod = pod
        self._static = static
        self._cache = cache
        self._filters = [one for one in filters if not one.skips(pod)]
        self._by_rows = [one if isinstance(one, VectorFilterPlugin) else None for one in self._filters]
        self._plugins = [one for one in scores if not one.skips(pod)]
        self._position = 0
        self._total: Scores = np.zeros(0, np.int64)
        """The weighted sum of the vector scores; -1 where the pod cannot be."""
        self._evaluate_all()

    def refresh(self) -> None:
        """Catch up with what changed."""
        self._static.refresh()
        rows = self._cache.changes.since(self._position)
        if rows is None or len(self._total) != self._cache.table.capacity:
            self._evaluate_all()
        elif len(rows) <= _ROW_BY_ROW:
            for row in rows:
                self._total[row] = self._evaluate(row)
        else:
            self._evaluate_rows(np.array(rows, np.intp))
        self._position = self._cache.changes.position

    def best(self, random: Random) -> NodeInfo | None:
        """The node to take: among equally good ones a random one, as in the original. None if no node fits."""
        total = self._total
        if self._static.has_preferences:
            feasible = total >= 0
            total = np.where(feasible, total + self._static.preferences(feasible), -1)
        top = total.max()
        if top < 0:
            return None
        ties = np.flatnonzero(total == top)
        row = int(ties[0] if len(ties) == 1 else ties[random.randrange(len(ties))])
        info = self._cache.rows[row]
        assert info is not None  # absent rows have no score
        return info

    def diagnose(self) -> Diagnosis:
        """Why no node fits."""
        statuses: dict[str, Status] = {}
        for info in self._cache:
            status = self._static.statuses[info.row] or first_refusal(self._filters, self._pod, info)
            assert status is not None  # a node that passes everything would have been taken
            statuses[info.name] = status
        return diagnosis(statuses, self._cache.node_count)

    def _evaluate_all(self) -> None:
        self._total = np.full(self._cache.table.capacity, -1, np.int64)
        self._position = self._cache.changes.position
        self._evaluate_rows(np.arange(len(self._cache.rows), dtype=np.intp))

    def _evaluate(self, row: int) -> int:
        info = self._cache.rows[row]
        if info is None or not self._static.allowed[row]:
            return -1
        if first_refusal(self._filters, self._pod, info) is not None:
            return -1
        return sum(one.weight * one.score(self._pod, info) for one in self._plugins)

    def _evaluate_rows(self, rows: Rows) -> None:
        self._total[rows] = -1
        rows = rows[self._static.allowed[rows]]
        for plugin, by_rows in zip(self._filters, self._by_rows, strict=True):
            if by_rows is not None:
                rows = rows[by_rows.filter_rows(self._pod, self._cache.table, rows)]
            else:
                rows = rows[self._one_by_one(plugin, rows)]
        total = np.zeros(len(rows), np.int64)
        for scorer in self._plugins:
            total += scorer.weight * scorer.score_rows(self._pod, self._cache.table, rows)
        self._total[rows] = total

    def _one_by_one(self, plugin: FilterPlugin, rows: Rows) -> Mask:
        infos = (self._cache.rows[int(row)] for row in rows)
        passing = (one is not None and plugin.filter(self._pod, one) is None for one in infos)
        return np.fromiter(passing, np.bool_, len(rows))


def first_refusal(filters: Iterable[FilterPlugin], pod: PodInfo, info: NodeInfo) -> Status | None:
    """What the first plugin that refuses says; the others are not asked."""
    for plugin in filters:
        status = plugin.filter(pod, info)
        if status is not None:
            return status
    return None


def diagnosis(statuses: dict[str, Status], nodes: int, absent: Status | None = None) -> Diagnosis:
    """A diagnosis that names the plugins of the statuses."""
    plugins = {one.plugin: None for one in statuses.values()}
    return Diagnosis(nodes=nodes, statuses=statuses, absent=absent, plugins=tuple(sorted(plugins)))
