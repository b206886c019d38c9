"""Evaluates plugins that compare nodes as if nominated pods were running on their nominated nodes.

Plugins that evaluate a single node are given that node with its nominated pods (`NodeInfo.for_pod`).

Source: `RunFilterPluginsWithNominatedPods` in pkg/scheduler/framework/runtime/framework.go (v1.36).
"""

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from kubeactors.scheduler.cache import Cache
from kubeactors.scheduler.node_info import NodeInfo
from kubeactors.scheduler.pod_info import PodInfo
from kubeactors.scheduler.results import Mask, Scores, Status
from kubeactors.scheduler.verdicts import WeightedView

Looks = Callable[[], Iterable[WeightedView]]
"""The views of the plugins with pods as they are counted now."""


class NominationsView:
    """Rejects the nodes on which the pod would conflict with a nominated pod.

    Args:
        refused: those nodes, by status.
    """

    def __init__(self, refused: Sequence[tuple[Status, Mask]]) -> None:
        self._refused = refused

    def refresh(self) -> None:
        """Nothing to refresh: the view is made for one pod."""

    def refusals(self) -> Sequence[tuple[Status, Mask]]:
        """The rejected nodes, by status."""
        return self._refused

    def scores(self, feasible: Mask) -> Scores | None:
        """None: nominated pods count for filters only."""
        del feasible
        return None


def nominations_view(pod: PodInfo, cache: Cache, looks: Looks) -> NominationsView | None:
    """The view of all nodes with nominated pods; None if there is nothing to reject."""
    if not cache.nominated_with_terms and not any(view.refusals() for _, view in looks()):
        return None  # no result depends on where pods are
    found: dict[Status, Mask] = {}
    for info in cache.nominated_nodes():
        status = refusal_beside_nominated(pod, info, cache, looks)
        if status is not None:
            found.setdefault(status, np.zeros(cache.table.capacity, np.bool_))[info.row] = True
    return NominationsView(tuple(found.items())) if found else None


def refusal_beside_nominated(pod: PodInfo, info: NodeInfo, cache: Cache, looks: Looks) -> Status | None:
    """The rejection of a node because of nominated pods of equal or higher priority; None if there is none."""
    ahead = info.nominated_ahead_of(pod)
    if not ahead:
        return None
    for one in ahead:
        cache.population.add(one, info.row, 1)
    try:
        return refusal_of(looks(), info.row)
    finally:
        for one in ahead:
            cache.population.add(one, info.row, -1)


def refusal_of(views: Iterable[WeightedView], row: int) -> Status | None:
    """The status of the first view that rejects the row; None if none does."""
    for _, view in views:
        for status, refused in view.refusals():
            if refused[row]:
                return status
    return None
