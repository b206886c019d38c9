"""Preemption candidates on every node, for pods of one signature; recomputed only where pods changed."""

import heapq

import numpy as np

from kubeactors.scheduler.cache import Cache
from kubeactors.scheduler.framework import Trial
from kubeactors.scheduler.handle import Budget
from kubeactors.scheduler.pod_info import PodInfo, anonymous
from kubeactors.scheduler.preemption import candidate
from kubeactors.scheduler.results import Candidate, Diagnosis, Status


class Candidates:
    """The candidate of each node. A heap of ranks may have stale entries, which are skipped."""

    def __init__(self, pod: PodInfo, cache: Cache) -> None:
        self._pod = anonymous(pod)
        self._cache = cache
        self._position = -1
        self._budgets: tuple[Budget, ...] = ()
        self._found: dict[int, Candidate] = {}
        self._refused: dict[int, Status] = {}
        self._counts: dict[Status, int] = {}
        self._heap: list[tuple[tuple[int, ...], int]] = []

    def close(self) -> None:
        """Nothing to release."""

    def best(
        self, diagnosis: Diagnosis, trial: Trial, budgets: tuple[Budget, ...]
    ) -> tuple[Candidate | None, dict[Status, int]]:
        """The least disruptive candidate; or None, and the statuses with their numbers of nodes."""
        preemptable = diagnosis.preemptable
        if preemptable is None:
            return None, {}
        log = self._cache.changes
        rows = None if self._position < 0 or budgets != self._budgets else log.since(self._position)
        if rows is None:
            self._found, self._refused, self._counts, self._heap = {}, {}, {}, []
            rows = [int(row) for row in np.flatnonzero(preemptable)]
        self._position, self._budgets = log.position, budgets
        for row in rows:
            self._ask(row, trial, is_worth_it=bool(preemptable[row]))
        while self._heap:
            rank, row = self._heap[0]
            one = self._found.get(row)
            if one is not None and one.rank == rank and preemptable[row]:
                return one, {}
            heapq.heappop(self._heap)
        return None, dict(self._counts)

    def _ask(self, row: int, trial: Trial, *, is_worth_it: bool) -> None:
        self._forget(row)
        info = self._cache.rows[row] if is_worth_it else None
        if info is None:
            return
        one = candidate(self._pod, info, lambda changed: trial.refusal(self._pod, changed), self._budgets)
        if isinstance(one, Status):
            self._refused[row] = one
            self._counts[one] = self._counts.get(one, 0) + 1
        else:
            self._found[row] = one
            heapq.heappush(self._heap, (one.rank, row))

    def _forget(self, row: int) -> None:
        self._found.pop(row, None)
        status = self._refused.pop(row, None)
        if status is not None:
            self._counts[status] -= 1
            if not self._counts[status]:
                del self._counts[status]
