"""Pods that wait to be scheduled.

Three parts: `active` pods are tried next, by priority, then by how long they wait; `backoff` pods failed lately;
`unschedulable` pods wait for an event in the cluster that may help them. Pods that were popped are in flight until
`done` or `requeue`: events that arrive meanwhile are remembered, so that no wake-up is lost.

Source: pkg/scheduler/backend/queue/scheduling_queue.go (v1.36).
"""

import heapq
from collections.abc import Callable, Mapping

from kubeactors.scheduler.cluster_event import Action, ClusterEvent, Hint, Resource, Subject, pod_update_action
from kubeactors.scheduler.framework import Status
from kubeactors.scheduler.pod_info import PodInfo

SECOND = 1_000_000_000
INITIAL_BACKOFF = 1 * SECOND
MAX_BACKOFF = 10 * SECOND
MAX_UNSCHEDULABLE = 300 * SECOND
"""A pod that waits longer than this is tried again even if no event came."""


class QueuedPod:
    """A pod in the queue, and how it has fared. `plugins` refused it last; none means that an error got in the way."""

    __slots__ = ("attempts", "failures", "info", "plugins", "ticket", "timestamp")

    def __init__(self, info: PodInfo, now: int) -> None:
        self.info: PodInfo = info
        self.timestamp: int = now
        self.attempts: int = 0
        self.failures: int = 0
        self.plugins: tuple[str, ...] = ()
        self.ticket: int = 0
        """Names its one valid heap entry; older entries are skipped."""

    @property
    def uid(self) -> str:
        """The pod's identity."""
        return self.info.uid

    @property
    def backoff_ends(self) -> int:
        """When it may be tried again: one second after the first failure, doubling up to ten."""
        if not self.failures:
            return self.timestamp
        return self.timestamp + min(INITIAL_BACKOFF << min(self.failures - 1, 10), MAX_BACKOFF)


class _Heap:
    """Queued pods by a sort key, with removal by forgetting."""

    def __init__(self) -> None:
        self._entries: list[tuple[tuple[int, int], int, QueuedPod]] = []
        self._pods: dict[str, QueuedPod] = {}

    def __len__(self) -> int:
        return len(self._pods)

    def get(self, uid: str) -> QueuedPod | None:
        return self._pods.get(uid)

    def push(self, key: tuple[int, int], ticket: int, queued: QueuedPod) -> None:
        queued.ticket = ticket
        self._pods[queued.uid] = queued
        heapq.heappush(self._entries, (key, ticket, queued))

    def remove(self, uid: str) -> QueuedPod | None:
        return self._pods.pop(uid, None)

    def first(self) -> tuple[tuple[int, int], QueuedPod] | None:
        while self._entries:
            key, ticket, queued = self._entries[0]
            if self._pods.get(queued.uid) is queued and queued.ticket == ticket:
                return key, queued
            heapq.heappop(self._entries)
        return None

    def pop(self) -> QueuedPod | None:
        first = self.first()
        if first is None:
            return None
        heapq.heappop(self._entries)
        return self._pods.pop(first[1].uid)


class SchedulingQueue:
    """The queue. All times are nanoseconds of one clock.

    Args:
        gate: what keeps a pod out altogether.
        hints: by plugin, the events that may make it accept a pod that it refused.
    """

    def __init__(self, gate: Callable[[PodInfo], Status | None], hints: Mapping[str, tuple[Hint, ...]]) -> None:
        self._gate = gate
        self._hints = hints
        self._awaited: dict[Resource, Action] = {}
        """Events that any plugin waits for; others are dropped at once."""
        for hint in (one for several in hints.values() for one in several):
            self._awaited[hint.resource] = self._awaited.get(hint.resource, Action(0)) | hint.actions
        self._active = _Heap()
        self._backoff = _Heap()
        self._errors = _Heap()
        """Like backoff, for pods that met an error: these wait for the full time."""
        self._unschedulable: dict[str, QueuedPod] = {}
        self._gated: dict[str, QueuedPod] = {}
        self._in_flight: dict[str, tuple[QueuedPod, int]] = {}
        """Popped pods, and where in the log of events each was popped; oldest first."""
        self._events: list[tuple[ClusterEvent, Subject, Subject]] = []
        self._events_start = 0
        self._tickets = 0

    def __len__(self) -> int:
        """Pods that wait, in flight ones not counted."""
        heaps = len(self._active) + len(self._backoff) + len(self._errors)
        return heaps + len(self._unschedulable) + len(self._gated)

    @property
    def active(self) -> int:
        """Pods that can be popped now."""
        return len(self._active) + len(self._backoff)

    def add(self, info: PodInfo, now: int) -> None:
        """A new pod."""
        self._enter(QueuedPod(info, now))

    def update(self, info: PodInfo, now: int) -> None:
        """The pod has changed; it is added if it was not known."""
        if info.uid in self._in_flight:
            queued, _ = self._in_flight[info.uid]
            action, old, queued.info = pod_update_action(queued.info, info), queued.info, info
            if action:
                self._events.append((ClusterEvent(Resource.TARGET_POD, action), old.pod, info.pod))
            return
        for heap in (self._active, self._backoff, self._errors):
            queued_there = heap.get(info.uid)
            if queued_there is not None:
                queued_there.info = info
                return
        self._update_waiting(info, now)

    def delete(self, uid: str) -> None:
        """The pod is gone, or no longer ours to schedule."""
        for heap in (self._active, self._backoff, self._errors):
            heap.remove(uid)
        self._unschedulable.pop(uid, None)
        self._gated.pop(uid, None)
        self.done(uid)

    def pop(self, now: int) -> QueuedPod | None:
        """The next pod to try; `done` or `requeue` must follow. None if none can be tried now.

        While no pod is active, those in back-off are tried early: there is nothing better to do.
        """
        self.flush(now)
        queued = self._active.pop() or self._backoff.pop()
        if queued is not None:
            queued.attempts += 1
            self._in_flight[queued.uid] = (queued, self._events_start + len(self._events))
        return queued

    def done(self, uid: str) -> None:
        """The pod in flight has its place."""
        if self._in_flight.pop(uid, None) is not None:
            self._trim()

    def requeue(self, queued: QueuedPod, now: int) -> None:
        """The pod in flight found no place, refused by `queued.plugins`; nothing happens if it is deleted meanwhile."""
        flight = self._in_flight.pop(queued.uid, None)
        if flight is None:
            return
        missed = self._events[flight[1] - self._events_start :]
        self._trim()
        if not queued.plugins:
            self._back_off(queued, now)
            return
        queued.timestamp = now
        queued.failures += 1
        if any(self._helps(queued, event, old, new) for event, old, new in missed):
            self._retry(queued, now)
        else:
            self._unschedulable[queued.uid] = queued

    def retry_after_error(self, queued: QueuedPod, info: PodInfo, now: int) -> None:
        """The pod had its place, but something broke: try again, as it is now, after its back-off."""
        queued.info, queued.plugins = info, ()
        self._back_off(queued, now)

    def move(self, event: ClusterEvent, old: Subject, new: Subject, now: int) -> None:
        """Something happened: try again the pods that it may help."""
        if not event.action & self._awaited.get(event.resource, Action(0)):
            return
        if self._in_flight:
            self._events.append((event, old, new))
        for queued in [one for one in self._unschedulable.values() if self._helps(one, event, old, new)]:
            del self._unschedulable[queued.uid]
            self._retry(queued, now)

    def flush(self, now: int) -> None:
        """Move on what has waited long enough."""
        for heap in (self._backoff, self._errors):
            while (first := heap.first()) is not None and first[0][0] <= now:
                heap.pop()
                self._activate(first[1])
        while self._unschedulable:
            oldest = next(iter(self._unschedulable.values()))
            if oldest.timestamp + MAX_UNSCHEDULABLE > now:
                break
            del self._unschedulable[oldest.uid]
            self._activate(oldest)

    def next_deadline(self) -> int | None:
        """When `flush` will have something to do."""
        deadlines = [first[0][0] for heap in (self._backoff, self._errors) if (first := heap.first()) is not None]
        if self._unschedulable:
            deadlines.append(next(iter(self._unschedulable.values())).timestamp + MAX_UNSCHEDULABLE)
        return min(deadlines, default=None)

    def _update_waiting(self, info: PodInfo, now: int) -> None:
        if (queued := self._gated.pop(info.uid, None)) is not None:
            queued.info = info
            self._enter(queued)
        elif (queued := self._unschedulable.get(info.uid)) is not None:
            action, old, queued.info = pod_update_action(queued.info, info), queued.info, info
            if action and self._helps(queued, ClusterEvent(Resource.TARGET_POD, action), old.pod, info.pod):
                del self._unschedulable[info.uid]
                self._retry(queued, now)
        else:
            self.add(info, now)

    def _enter(self, queued: QueuedPod) -> None:
        if self._gate(queued.info) is None:
            self._activate(queued)
        else:
            self._gated[queued.uid] = queued

    def _back_off(self, queued: QueuedPod, now: int) -> None:
        queued.timestamp = now
        queued.failures += 1
        self._push(self._errors, (queued.backoff_ends, 0), queued)

    def _retry(self, queued: QueuedPod, now: int) -> None:
        if queued.backoff_ends > now:
            self._push(self._backoff, (queued.backoff_ends, 0), queued)
        else:
            self._activate(queued)

    def _activate(self, queued: QueuedPod) -> None:
        self._push(self._active, (-queued.info.priority, queued.timestamp), queued)

    def _push(self, heap: _Heap, key: tuple[int, int], queued: QueuedPod) -> None:
        self._tickets += 1
        heap.push(key, self._tickets, queued)

    def _helps(self, queued: QueuedPod, event: ClusterEvent, old: Subject, new: Subject) -> bool:
        if event.resource == Resource.TARGET_POD and not _is_same(queued, old):
            return False
        return not queued.plugins or any(
            event.resource in hint.resource and event.action & hint.actions and hint.helps(queued.info, old, new)
            for plugin in queued.plugins
            for hint in self._hints.get(plugin, ())
        )

    def _trim(self) -> None:
        """Forget events that no pod in flight has missed."""
        if not self._in_flight:
            self._events_start += len(self._events)
            self._events.clear()
            return
        _, oldest = next(iter(self._in_flight.values()))
        if oldest - self._events_start > len(self._events) // 2:
            del self._events[: oldest - self._events_start]
            self._events_start = oldest


def _is_same(queued: QueuedPod, old: Subject) -> bool:
    return old is not None and old.metadata.uid == queued.uid
