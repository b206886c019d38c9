"""What plugins that compare nodes say where room is being made, as if those were there for whom it is made.

Plugins that look at one node are given that node with them on it (`NodeInfo.for_pod`).

Source: `RunFilterPluginsWithNominatedPods` in pkg/scheduler/framework/runtime/framework.go (v1.36).
"""

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from kubeactors.scheduler.cache import Cache
from kubeactors.scheduler.framework import Mask, Scores, Status
from kubeactors.scheduler.node_info import NodeInfo
from kubeactors.scheduler.pod_info import PodInfo
from kubeactors.scheduler.verdicts import WeightedView

Looks = Callable[[], Iterable[WeightedView]]
"""What the plugins say of all nodes as pods are counted now."""


class NominationsView:
    """Refuses the nodes where a pod would be in the way of one that is nominated for that node, or the other way round.

    Args:
        refused: those nodes by what is said.
    """

    def __init__(self, refused: Sequence[tuple[Status, Mask]]) -> None:
        self._refused = refused

    def refresh(self) -> None:
        """It is made afresh for each pod."""

    def refusals(self) -> Sequence[tuple[Status, Mask]]:
        """By what is said."""
        return self._refused

    def scores(self, feasible: Mask) -> Scores | None:
        """None: only filters count those who are not there yet."""
        del feasible
        return None


def nominations_view(pod: PodInfo, cache: Cache, looks: Looks) -> NominationsView | None:
    """What is said of all nodes where room is being made; None if nothing."""
    if not cache.nominated_with_terms and not any(view.refusals() for _, view in looks()):
        return None  # nothing depends on who is where
    found: dict[Status, Mask] = {}
    for info in cache.nominated_nodes():
        status = refusal_beside_nominated(pod, info, cache, looks)
        if status is not None:
            found.setdefault(status, np.zeros(cache.table.capacity, np.bool_))[info.row] = True
    return NominationsView(tuple(found.items())) if found else None


def refusal_beside_nominated(pod: PodInfo, info: NodeInfo, cache: Cache, looks: Looks) -> Status | None:
    """What is said of one node where room is being made for pods that are not below this one."""
    ahead = info.ahead_of(pod)
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
    """What the first view that refuses a node says of it."""
    for _, view in views:
        for status, refused in view.refusals():
            if refused[row]:
                return status
    return None
