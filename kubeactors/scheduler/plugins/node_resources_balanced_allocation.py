"""NodeResourcesBalancedAllocation: prefers nodes whose resources would be used evenly.

Source: pkg/scheduler/framework/plugins/noderesources/balanced_allocation.go (v1.36).
"""

import numpy as np
import numpy.typing as npt

from kubeactors.api.core.v1.demand import CPU, EPHEMERAL_STORAGE, MEMORY, Demand
from kubeactors.scheduler.framework import MAX_NODE_SCORE
from kubeactors.scheduler.node_info import NodeInfo
from kubeactors.scheduler.node_table import NodeTable
from kubeactors.scheduler.pod_info import PodInfo
from kubeactors.scheduler.results import Rows, Scores

USUAL = (CPU, MEMORY)


class NodeResourcesBalancedAllocation:
    """Scores by how close the used fractions of the resources would be: 100 if they would be equal.

    Resources that a node lacks are left out, and so are extended ones that the pod does not request.
    """

    name = "NodeResourcesBalancedAllocation"
    weight = 1

    def __init__(self, resources: tuple[str, ...] = USUAL) -> None:
        self._resources = resources
        self._is_usual = resources == USUAL

    def skips(self, pod: PodInfo) -> bool:
        """Skip pods without such requests: they would all go to the most balanced node."""
        return not any(_wanted(pod.demand, one) for one in self._resources)

    def score(self, pod: PodInfo, node: NodeInfo) -> int:
        """The score of one node."""
        if not self._is_usual:
            shares = [
                min((node.requested.get(one, 0) + _wanted(pod.demand, one)) / node.allocatable[one], 1.0)
                for one in self._relevant(pod)
                if node.allocatable.get(one)
            ]
            return int((1 - _deviation(shares)) * MAX_NODE_SCORE)
        cpu, memory = node.allocatable.get(CPU, 0), node.allocatable.get(MEMORY, 0)
        if not (cpu and memory):
            return MAX_NODE_SCORE
        used_cpu = min((node.requested[CPU] + pod.demand.milli_cpu) / cpu, 1.0)
        used_memory = min((node.requested[MEMORY] + pod.demand.memory) / memory, 1.0)
        return int((1 - abs((used_cpu - used_memory) / 2)) * MAX_NODE_SCORE)

    def score_rows(self, pod: PodInfo, table: NodeTable, rows: Rows) -> Scores:
        """The same, for many nodes."""
        names = [one for one in self._relevant(pod) if table.line(one) is not None]
        lines = np.array([table.line(one) for one in names], np.intp)
        if not len(lines):
            return np.full(len(rows), MAX_NODE_SCORE, np.int64)
        wanted = np.array([[_wanted(pod.demand, one)] for one in names])
        capacity = table.allocatable[lines[:, None], rows]
        shares = np.minimum((table.requested[lines[:, None], rows] + wanted) / np.maximum(capacity, 1), 1.0)
        scores: Scores = ((1 - _deviations(shares, capacity > 0)) * MAX_NODE_SCORE).astype(np.int64)
        return scores

    def _relevant(self, pod: PodInfo) -> list[str]:
        return [one for one in self._resources if "/" not in one or _wanted(pod.demand, one)]


def _wanted(wanted: Demand, resource: str) -> int:
    match resource:
        case "cpu":
            return wanted.milli_cpu
        case "memory":
            return wanted.memory
        case other if other == EPHEMERAL_STORAGE:
            return wanted.ephemeral_storage
        case other:
            return dict(wanted.others).get(other, 0)


def _deviation(shares: list[float]) -> float:
    """The standard deviation; 0 for fewer than two.

    >>> _deviation([0.5]), _deviation([0.5, 0.25]), _deviation([1.0, 0.5, 0.0]) > 0.4
    (0.0, 0.125, True)
    """
    if len(shares) < 2:
        return 0.0
    if len(shares) == 2:
        return abs((shares[0] - shares[1]) / 2)
    mean = sum(shares) / len(shares)
    return float(np.sqrt(sum((one - mean) ** 2 for one in shares) / len(shares)))


def _deviations(shares: npt.NDArray[np.float64], counts: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """As `_deviation`, for each column, of the shares that count."""
    if len(shares) == 2:
        found: npt.NDArray[np.float64] = np.abs((shares[0] - shares[1]) / 2)
        found[~counts.all(axis=0)] = 0.0
        return found
    return np.array([_deviation(shares[counts[:, column], column].tolist()) for column in range(shares.shape[1])])
