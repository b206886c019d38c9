"""PrioritySort: orders the queue by priority, then by waiting time.

Source: pkg/scheduler/framework/plugins/queuesort/priority_sort.go (v1.36).
"""

from kubeactors.scheduler.pod_info import PodInfo


class PrioritySort:
    """The default QueueSort plugin."""

    name = "PrioritySort"

    def sort_key(self, pod: PodInfo, timestamp: int) -> tuple[int, ...]:
        """Higher priorities first; among equals, the pod that has waited longest."""
        return (-pod.priority, timestamp)
