"""PrioritySort: by priority, then by how long pods wait.

Source: pkg/scheduler/framework/plugins/queuesort/priority_sort.go (v1.36).
"""

from kubeactors.scheduler.pod_info import PodInfo


class PrioritySort:
    """The order in which pods are tried."""

    name = "PrioritySort"

    def sort_key(self, pod: PodInfo, timestamp: int) -> tuple[int, ...]:
        """Higher priorities first; among equals, who waits longest."""
        return (-pod.priority, timestamp)
