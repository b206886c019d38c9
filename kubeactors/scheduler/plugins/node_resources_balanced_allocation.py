"""NodeResourcesBalancedAllocation: prefer nodes where CPU and memory would be used evenly.

Source: pkg/scheduler/framework/plugins/noderesources/balanced_allocation.go (v1.36).
"""

import numpy as np

from kubeactors.api.core.v1.demand import CPU, MEMORY
from kubeactors.scheduler.framework import MAX_NODE_SCORE, Rows, Scores
from kubeactors.scheduler.node_info import NodeInfo
from kubeactors.scheduler.node_table import NodeTable
from kubeactors.scheduler.pod_info import PodInfo


class NodeResourcesBalancedAllocation:
    """Scores by how close the used shares of CPU and memory would be."""

    name = "NodeResourcesBalancedAllocation"
    weight = 1

    def skips(self, pod: PodInfo) -> bool:
        """Pods that ask for neither would all go to the most balanced node."""
        return not (pod.demand.milli_cpu or pod.demand.memory)

    def score(self, pod: PodInfo, node: NodeInfo) -> int:
        """100 if the shares would be equal; a resource that the node does not have is left out."""
        cpu, memory = node.allocatable.get(CPU, 0), node.allocatable.get(MEMORY, 0)
        if not (cpu and memory):
            return MAX_NODE_SCORE
        used_cpu = min((node.requested[CPU] + pod.demand.milli_cpu) / cpu, 1.0)
        used_memory = min((node.requested[MEMORY] + pod.demand.memory) / memory, 1.0)
        return int((1 - abs((used_cpu - used_memory) / 2)) * MAX_NODE_SCORE)

    def score_rows(self, pod: PodInfo, table: NodeTable, rows: Rows) -> Scores:
        """The same for many nodes."""
        wanted = np.array([[pod.demand.milli_cpu], [pod.demand.memory]])
        capacity = table.allocatable[0:2, rows]
        shares = np.minimum((table.requested[0:2, rows] + wanted) / np.maximum(capacity, 1), 1.0)
        scores: Scores = ((1 - np.abs((shares[0] - shares[1]) / 2)) * MAX_NODE_SCORE).astype(np.int64)
        scores[(capacity == 0).any(axis=0)] = MAX_NODE_SCORE
        return scores
