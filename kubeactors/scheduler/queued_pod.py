"""A pod in the scheduling queue, its backoff, and heaps of such pods.

Source: QueuedPodInfo in pkg/scheduler/framework/types.go, pkg/scheduler/backend/heap/heap.go (v1.36).
"""

import heapq

import msgspec

from kubeactors.scheduler.pod_info import PodInfo

SECOND = 1_000_000_000


class Backoff(msgspec.Struct, frozen=True, kw_only=True):
    """The backoff after failures, in nanoseconds: it doubles from `initial` to `maximum`."""

    initial: int = 1 * SECOND
    maximum: int = 10 * SECOND

    def after(self, failures: int) -> int:
        """The backoff after this many failures.

        >>> [Backoff().after(failures) // SECOND for failures in range(6)]
        [0, 1, 2, 4, 8, 10]
        """
        return min(self.initial << min(failures - 1, 32), self.maximum) if failures else 0


DEFAULT_BACKOFF = Backoff()


class QueuedPod:
    """A pod in the queue, with its history.

    `plugins` rejected it last; none means that an error occurred. `pending` are the plugins that returned Pending: an
    event that they wait for requeues the pod without backoff. `was_assumed`: it was rejected after it was assumed; it
    waits for its full backoff, or it might be assumed and rejected again without end. `victims` are the pods, by UID,
    that were preempted for it.
    """

    __slots__ = (
        "attempts",
        "failures",
        "info",
        "pending",
        "plugins",
        "ready_at",
        "ticket",
        "timestamp",
        "uid",
        "victims",
        "was_assumed",
    )

    def __init__(self, info: PodInfo, now: int) -> None:
        self.info: PodInfo = info
        self.uid: str = info.uid
        """The pod's UID, which never changes."""
        self.timestamp: int = now
        self.attempts: int = 0
        self.failures: int = 0
        self.plugins: tuple[str, ...] = ()
        self.pending: tuple[str, ...] = ()
        self.was_assumed: bool = False
        self.victims: tuple[str, ...] = ()
        self.ready_at: int = 0
        """When its backoff ends."""
        self.ticket: int = 0
        """Identifies its only valid heap entry; older entries are skipped."""


class Heap:
    """A heap of queued pods by a sort key. Removed entries are skipped lazily."""

    def __init__(self) -> None:
        self._entries: list[tuple[tuple[int, ...], int, QueuedPod]] = []
        self.pods: dict[str, QueuedPod] = {}

    def __len__(self) -> int:
        return len(self.pods)

    def get(self, uid: str) -> QueuedPod | None:
        """The pod with this UID, if it is in the heap."""
        return self.pods.get(uid)

    def push(self, key: tuple[int, ...], ticket: int, queued: QueuedPod) -> None:
        """Add a pod. `ticket` must be greater than any before: it breaks ties, and invalidates older entries."""
        queued.ticket = ticket
        self.pods[queued.uid] = queued
        heapq.heappush(self._entries, (key, ticket, queued))

    def remove(self, uid: str) -> QueuedPod | None:
        """Remove and return the pod with this UID, if it is in the heap."""
        return self.pods.pop(uid, None)

    def first(self) -> QueuedPod | None:
        """The pod with the least key; None if the heap is empty."""
        while self._entries:
            _, ticket, queued = self._entries[0]
            if self.pods.get(queued.uid) is queued and queued.ticket == ticket:
                return queued
            heapq.heappop(self._entries)
        return None

    def pop(self) -> QueuedPod | None:
        """Remove and return the first pod."""
        first = self.first()
        if first is None:
            return None
        heapq.heappop(self._entries)
        return self.pods.pop(first.uid)
