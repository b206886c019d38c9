"""Filter and score results for every node, cached for pods of one signature.

They are computed for all nodes once, and then only for the nodes that changed: scheduling the next pod of the same
signature costs one node's verdict and one search for the best.
"""

from collections.abc import Iterable, Mapping, Sequence
from random import Random
from typing import TypeAlias

import numpy as np

from kubeactors.scheduler.cache import Cache
from kubeactors.scheduler.extension_points import provides
from kubeactors.scheduler.framework import (
    FilterPlugin,
    PlainFilterPlugin,
    StaticScorePlugin,
    VectorFilterPlugin,
    VectorScorePlugin,
    View,
)
from kubeactors.scheduler.node_info import NodeInfo
from kubeactors.scheduler.pod_info import PodInfo
from kubeactors.scheduler.results import Code, Diagnosis, Mask, Rows, Scores, Status

WeightedView: TypeAlias = tuple[int, View]
"""The weight of a view's scores, and the view."""

_ROW_BY_ROW = 16
"""Up to this many changed rows are evaluated faster one by one than as vectors."""


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
        self.has_preferences: bool = False
        """Whether any node has a nonzero raw score."""
        self._evaluate_all()

    def refresh(self) -> None:
        """Catch up with changes of nodes."""
        rows = self._cache.node_changes.since(self._position)
        if rows is None or len(self.allowed) != self._cache.table.capacity:
            self._evaluate_all()
            return
        if rows:
            self._evaluate_rows(rows)

    def preferences(self, feasible: Mask) -> Scores:
        """The weighted sum of the normalized scores; valid where `feasible`."""
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
        self._by_rows = [one if provides(one, VectorFilterPlugin) else None for one in self._filters]
        self._plugins = [one for one in scores if not one.skips(pod)]
        self._position = 0
        self._total: Scores = np.zeros(0, np.int64)
        """The weighted sum of the vector scores; -1 where the pod does not fit."""
        self._refusals: Refusals | None = None
        """Created on first use: most pods find a node."""
        self._evaluate_all()

    def refresh(self) -> None:
        """Catch up with changes."""
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

    def best(self, random: Random, views: Sequence[WeightedView] = ()) -> NodeInfo | None:
        """The best node; among equals a random one, as in the original. None if no node fits."""
        total = self.totals(views)
        top = np.maximum.reduce(total)  # `max`, and on the next line `flatnonzero`, without their overhead
        if top < 0:
            return None
        (ties,) = (total == top).nonzero()
        row = int(ties[0] if len(ties) == 1 else ties[random.randrange(len(ties))])
        info = self._cache.rows[row]
        assert info is not None  # rows without a node score -1
        return info

    def totals(self, views: Sequence[WeightedView] = ()) -> Scores:
        """The score of each row; -1 where the pod does not fit."""
        total = self._total
        if not views and not self._static.has_preferences:
            return total
        feasible = total >= 0
        for _, view in views:
            for _, refused in view.refusals():
                feasible &= ~refused
        if views and not feasible.any():
            return np.full(len(total), -1, np.int64)
        if self._static.has_preferences:
            total = total + self._static.preferences(feasible)
        for weight, view in views:
            scores = view.scores(feasible) if weight else None
            if scores is not None:
                total = total + weight * scores
        return np.where(feasible, total, -1)

    def diagnose(self, views: Sequence[WeightedView] = ()) -> Diagnosis:
        """Why no node fits."""
        refusals = self._refusals
        if refusals is None:
            refusals = self._refusals = Refusals(self._pod, self._static, self._filters, self._cache)
        refusals.refresh()
        counts, preemptable = dict(refusals.counts), refusals.preemptable.copy()
        left = self._total >= 0
        for _, view in views:
            for status, refused in view.refusals():
                newly = left & refused
                left &= ~refused
                count = int(np.count_nonzero(newly))
                if count:
                    counts[status] = counts.get(status, 0) + count
                    if status.code == Code.UNSCHEDULABLE:
                        preemptable |= newly
        return diagnosis(counts, self._cache.node_count, preemptable)

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
        if info.nominated and first_refusal(self._filters, self._pod, info.for_pod(self._pod)) is not None:
            return -1
        total = 0
        for one in self._plugins:
            total += one.weight * one.score(self._pod, info)
        return total

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
        for info in self._cache.nominated_nodes():
            self._total[info.row] = self._evaluate(info.row)

    def _one_by_one(self, plugin: FilterPlugin, rows: Rows) -> Mask:
        infos = (self._cache.rows[int(row)] for row in rows)
        passing = (one is not None and plugin.filter(self._pod, one) is None for one in infos)
        return np.fromiter(passing, np.bool_, len(rows))


class ScoresOnly:
    """A view whose plugin is disabled at the Filter extension point."""

    def __init__(self, view: View) -> None:
        self._view = view

    def refresh(self) -> None:
        """See `View.refresh`."""
        self._view.refresh()

    def refusals(self) -> Sequence[tuple[Status, Mask]]:
        """None."""
        return ()

    def scores(self, feasible: Mask) -> Scores | None:
        """See `View.scores`."""
        return self._view.scores(feasible)


class Refusals:
    """The rejection of each node for pods of one signature, and their counts."""

    def __init__(self, pod: PodInfo, static: StaticVerdicts, filters: Sequence[FilterPlugin], cache: Cache) -> None:
        self._pod = pod
        self._static = static
        self._filters = filters
        self._cache = cache
        self._position = -1
        self._statuses: list[Status | None] = []
        self.counts: dict[Status, int] = {}
        self.preemptable: Mask = np.zeros(0, np.bool_)
        """The rows where preemption may help."""

    def refresh(self) -> None:
        """Catch up with changes."""
        log = self._cache.changes
        rows: Iterable[int] | None = None if self._position < 0 else log.since(self._position)
        if rows is None or len(self._statuses) != self._cache.table.capacity:
            self._statuses = [None] * self._cache.table.capacity
            self.counts.clear()
            self.preemptable = np.zeros(self._cache.table.capacity, np.bool_)
            rows = range(len(self._cache.rows))
        for row in rows:
            self._ask(row)
        self._position = log.position

    def _ask(self, row: int) -> None:
        old, new = self._statuses[row], self._status(row)
        if old is new:
            return
        if old is not None:
            self.counts[old] -= 1
            if not self.counts[old]:
                del self.counts[old]
        if new is not None:
            self.counts[new] = self.counts.get(new, 0) + 1
        self._statuses[row] = new
        self.preemptable[row] = new is not None and new.code == Code.UNSCHEDULABLE

    def _status(self, row: int) -> Status | None:
        info = self._cache.rows[row]
        if info is None or info.node is None:
            return None
        static = self._static.statuses[row]
        if static is not None:
            return static
        return first_refusal(self._filters, self._pod, info) or (
            first_refusal(self._filters, self._pod, info.for_pod(self._pod)) if info.nominated else None
        )


def first_refusal(filters: Iterable[PlainFilterPlugin], pod: PodInfo, info: NodeInfo) -> Status | None:
    """The status of the first plugin that rejects the node; the others are not called."""
    for plugin in filters:
        status = plugin.filter(pod, info)
        if status is not None:
            return status
    return None


def diagnosis(counts: Mapping[Status, int], nodes: int, preemptable: Mask | None = None) -> Diagnosis:
    """A diagnosis with the plugins of these statuses."""
    plugins = dict.fromkeys(one.plugin for one in counts if one.plugin)
    pending = dict.fromkeys(one.plugin for one in counts if one.code == Code.PENDING)
    return Diagnosis(
        nodes=nodes,
        counts=counts,
        preemptable=preemptable,
        plugins=tuple(sorted(plugins)),
        pending=tuple(sorted(pending)),
    )
