"""NodeResourcesFit: the pod's requests must fit; by default the least allocated node is best.

Source: pkg/scheduler/framework/plugins/noderesources/{fit,least_allocated,resource_allocation}.go (v1.36).
"""

from functools import lru_cache

import numpy as np

from kubeactors.api.core.v1 import Node, Pod
from kubeactors.api.core.v1.demand import CPU, EPHEMERAL_STORAGE, MEMORY, PODS, Demand, demand
from kubeactors.scheduler.cluster_event import Action, Hint, Resource, Subject
from kubeactors.scheduler.framework import MAX_NODE_SCORE
from kubeactors.scheduler.node_info import NodeInfo, allocatable
from kubeactors.scheduler.node_table import NodeTable
from kubeactors.scheduler.plugins.scoring_strategy import ScoringStrategy, scorer_of, scores_of
from kubeactors.scheduler.pod_info import PodInfo
from kubeactors.scheduler.results import Code, Mask, Rows, Scores, Status

LEAST_ALLOCATED = ScoringStrategy()
_FIRST_ROW = np.zeros(1, np.intp)


class NodeResourcesFit:
    """Rejects nodes with insufficient resources, and scores by a strategy.

    Args:
        strategy: how nodes are scored.
        ignored_resources: extended resources that are not checked.
        ignored_resource_groups: the same for all resources with this prefix, such as `example.com`.
    """

    name = "NodeResourcesFit"
    static = False
    weight = 1

    def __init__(
        self,
        strategy: ScoringStrategy = LEAST_ALLOCATED,
        *,
        ignored_resources: tuple[str, ...] = (),
        ignored_resource_groups: tuple[str, ...] = (),
    ) -> None:
        self._ignored = ignored_resources
        self._ignored_groups = ignored_resource_groups
        self._strategy = strategy
        self._score = scorer_of(strategy)
        self._is_usual = strategy == LEAST_ALLOCATED

    def skips(self, pod: PodInfo) -> bool:
        """Skip no pod: each counts against the node's `pods`."""
        return False

    def filter(self, pod: PodInfo, node: NodeInfo) -> Status | None:
        """Name all insufficient resources."""
        wanted, free, used = pod.demand, node.allocatable, node.requested
        if (
            used[PODS] < free.get(PODS, 0)
            and used[CPU] + wanted.milli_cpu <= free.get(CPU, 0)
            and used[MEMORY] + wanted.memory <= free.get(MEMORY, 0)
            and not wanted.ephemeral_storage
            and not wanted.others
        ):
            return None
        asked = self._wanted(wanted)
        short = [one for one, size in asked.items() if size and used.get(one, 0) + size > free.get(one, 0)]
        if not short:
            return None
        never = any(asked[one] > free.get(one, 0) for one in short)
        return _refusal(tuple(short), never)

    def filter_rows(self, pod: PodInfo, table: NodeTable, rows: Rows) -> Mask:
        """The same, for many nodes."""
        mask = np.ones(len(rows), np.bool_)
        for resource, size in self._wanted(pod.demand).items():
            if not size:
                continue
            line = table.line(resource)
            if line is None:
                return np.zeros(len(rows), np.bool_)
            mask &= table.requested[line, rows] + size <= table.allocatable[line, rows]
        return mask

    def score(self, pod: PodInfo, node: NodeInfo) -> int:
        """The score by the strategy, with the pod on the node; pods without requests count with default minimums."""
        if not self._is_usual:
            return int(self.score_rows(pod, self._table_of(node), _FIRST_ROW)[0])
        free, total, resources = node.allocatable, 0, 0
        capacity = free.get(CPU, 0)
        if capacity:
            total += _least_requested(node.floor_milli_cpu + pod.demand.floor_milli_cpu, capacity)
            resources += 1
        capacity = free.get(MEMORY, 0)
        if capacity:
            total += _least_requested(node.floor_memory + pod.demand.floor_memory, capacity)
            resources += 1
        return total // resources if resources else 0

    def score_rows(self, pod: PodInfo, table: NodeTable, rows: Rows) -> Scores:
        """The same, for many nodes."""
        if not self._is_usual:
            return scores_of(self._strategy, self._score, pod.demand, table, rows)
        wanted = np.array([[pod.demand.floor_milli_cpu], [pod.demand.floor_memory]])
        capacity = table.allocatable[0:2, rows]
        requested = table.floor[:, rows] + wanted
        shares = (capacity - requested) * MAX_NODE_SCORE // np.maximum(capacity, 1)
        shares[(requested > capacity) | (capacity == 0)] = 0
        mean: Scores = shares.sum(axis=0) // np.maximum((capacity > 0).sum(axis=0), 1)
        return mean

    @staticmethod
    def _table_of(node: NodeInfo) -> NodeTable:
        """A table of this one node."""
        alone = NodeInfo(node.name, 0)
        alone.node, alone.allocatable, alone.requested = node.node, node.allocatable, node.requested
        alone.floor_milli_cpu, alone.floor_memory = node.floor_milli_cpu, node.floor_memory
        table = NodeTable()
        table.write_node(alone)
        table.write_pods(alone)
        return table

    def hints(self) -> tuple[Hint, ...]:
        """A pod is deleted or scaled down, a node is added or grows, or the pod itself requests less."""
        return (
            Hint(Resource.ASSIGNED_POD, Action.DELETE | Action.UPDATE_POD_SCALE_DOWN, self._freed_something_wanted),
            Hint(Resource.TARGET_POD, Action.UPDATE_POD_SCALE_DOWN),
            Hint(Resource.NODE, Action.ADD | Action.UPDATE_NODE_ALLOCATABLE, self._is_large_enough),
        )

    def _wanted(self, wanted: Demand) -> dict[str, int]:
        """The requests by resource, in the order in which reasons name them."""
        asked = {PODS: 1, CPU: wanted.milli_cpu, MEMORY: wanted.memory, EPHEMERAL_STORAGE: wanted.ephemeral_storage}
        asked.update((name, size) for name, size in wanted.others if not self._is_ignored(name))
        return asked

    def _is_ignored(self, name: str) -> bool:
        return name in self._ignored or ("/" in name and name.partition("/")[0] in self._ignored_groups)

    def _freed_something_wanted(self, pod: PodInfo, old: Subject, _: Subject) -> bool:
        """Whether the deleted pod had something that this one requests (each pod counts against the node's `pods`)."""
        if not isinstance(old, Pod) or pod.demand.is_nothing:
            return True
        freed = self._wanted(demand(old.spec))
        return any(size and freed.get(one) for one, size in self._wanted(pod.demand).items())

    def _is_large_enough(self, pod: PodInfo, _: Subject, new: Subject) -> bool:
        free = allocatable(new.status.allocatable) if isinstance(new, Node) else {}
        return all(size <= free.get(one, 0) for one, size in self._wanted(pod.demand).items())


@lru_cache(maxsize=1024)
def _refusal(short: tuple[str, ...], never: bool) -> Status:  # noqa: FBT001 - the cache's key
    """`never`: the node would be too small even if it were empty, so that preemption cannot help."""
    code = Code.UNSCHEDULABLE_AND_UNRESOLVABLE if never else Code.UNSCHEDULABLE
    reasons = ("Too many pods" if one == PODS else f"Insufficient {one}" for one in short)
    return Status(code, tuple(reasons), NodeResourcesFit.name)


def _least_requested(requested: int, capacity: int) -> int:
    return 0 if requested > capacity else (capacity - requested) * MAX_NODE_SCORE // capacity
