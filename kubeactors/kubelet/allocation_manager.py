"""Allocates the node's resources: admits pods, and resizes them.

Source: pkg/kubelet/allocation/allocation_manager.go (v1.36).
"""

from collections.abc import Iterator, Mapping

from kubeactors.kubelet.admission import NODE_AFFINITY, TAINT_TOLERATION, Rejection, rejection
from kubeactors.kubelet.eviction import pressed
from kubeactors.kubelet.heartbeat import NodeReporter
from kubeactors.kubelet.ledger import Ledger
from kubeactors.kubelet.pod_worker import PodWorker
from kubeactors.kubelet.resizing import DEFERRED, obstacle

FRESH_NODE_NEEDED = (NODE_AFFINITY, TAINT_TOLERATION)
"""The rejections that depend on what other clients may have changed in the Node."""


class AllocationManager:
    """Tracks the allocations of pods.

    Args:
        reporter: has the Node, which is registered before any pod is seen.
    """

    __slots__ = ("_deferred", "_ledger", "_reporter")

    def __init__(self, reporter: NodeReporter) -> None:
        self._reporter = reporter
        self._ledger = Ledger()
        self._deferred: dict[str, None] = {}
        """The pods with a deferred resize, by UID."""

    def __contains__(self, uid: str) -> bool:
        return uid in self._ledger

    def refusal(self, worker: PodWorker) -> Rejection | None:
        """Why the node rejects the pod; None if it admits it."""
        node = self._reporter.node
        assert node is not None
        return pressed(self._reporter.pressures, worker.pod) or rejection(worker.pod, node, self._ledger)

    def add(self, worker: PodWorker, now: int) -> None:
        """Allocate the pod's requests."""
        self._ledger.add(worker.uid, worker.size.allocated)
        if worker.size.is_wanted:
            self.resize(worker, now)

    def resize(self, worker: PodWorker, now: int) -> None:
        """Resize the pod; if that does not fit now, defer it until another pod is removed."""
        assert self._reporter.node is not None
        why = obstacle(worker.pod, self._reporter.node, self._ledger)
        worker.size.apply(why, now)
        self._deferred.pop(worker.uid, None)
        if why is None:
            self._ledger.add(worker.uid, worker.pod.spec)
        elif why.reason == DEFERRED:
            self._deferred[worker.uid] = None

    def remove(self, uid: str, workers: Mapping[str, PodWorker], now: int) -> Iterator[PodWorker]:
        """Release the pod's requests, and retry deferred resizes. Yields the retried pods, which must be stepped."""
        self._deferred.pop(uid, None)
        self._ledger.remove(uid)
        for waiting in tuple(self._deferred):
            worker = workers.get(waiting)
            if worker is not None and worker.holds_resources and worker.size.is_wanted:
                self.resize(worker, now)
                yield worker
