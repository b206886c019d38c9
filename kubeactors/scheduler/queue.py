"""The scheduling queue: pods that wait to be scheduled.

It has three parts: activeQ, in the order of the QueueSort plugin; backoffQ, for pods that failed recently; and the
unschedulable pods, which wait for a cluster event that may make them schedulable. Popped pods are in flight until
`done` or `requeue`: events that arrive meanwhile are kept, so that no wake-up is lost. Gated pods are in none of the
three: a PreEnqueue plugin keeps them out until an event that it waits for.

Source: pkg/scheduler/backend/queue/scheduling_queue.go (v1.36).
"""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from kubeactors.scheduler.cluster_event import (
    ASSIGNED_POD_ADD,
    Action,
    ClusterEvent,
    Hint,
    Resource,
    Subject,
    anybody,
    pod_update_action,
)
from kubeactors.scheduler.pod_info import PodInfo
from kubeactors.scheduler.queued_pod import DEFAULT_BACKOFF, SECOND, Backoff, Heap, QueuedPod
from kubeactors.scheduler.results import Status

MAX_UNSCHEDULABLE = 300 * SECOND
"""An unschedulable pod is retried after this time even without an event."""

_WINDOW = 1 * SECOND
"""Pods whose backoff ends in the same window leave backoffQ in the order of the QueueSort plugin."""
_NOT, _AFTER_BACKOFF, _AT_ONCE = range(3)
"""Whether an event may make a pod schedulable, and if so, how to requeue it."""

SortKey: TypeAlias = Callable[[PodInfo, int], tuple[int, ...]]
"""The sort key of a pod, given since when it waits."""


class SchedulingQueue:
    """The scheduling queue. All times are nanoseconds of the monotonic clock.

    Args:
        gate: runs the PreEnqueue plugins.
        hints: by plugin, the events that may make it accept a pod that it rejected.
        sort_key: the order of activeQ.
        backoff: how long pods wait after they failed.
    """

    def __init__(
        self,
        gate: Callable[[PodInfo], Status | None],
        hints: Mapping[str, tuple[Hint, ...]],
        sort_key: SortKey,
        backoff: Backoff = DEFAULT_BACKOFF,
    ) -> None:
        self._gate = gate
        self._hints = hints
        self._sort_key = sort_key
        self._wait = backoff.after
        self._awaited: dict[Resource, Action] = {}
        """The events that any plugin waits for; others are dropped at once."""
        self._pointed: dict[Resource, None] = {}
        """The resources whose events may concern a single pod."""
        for hint in (one for several in hints.values() for one in several):
            for resource in hint.resource:
                self._awaited[resource] = self._awaited.get(resource, Action(0)) | hint.actions
                if hint.only is not anybody:
                    self._pointed[resource] = None
        self._active = Heap()
        self._backoff = Heap()
        self._errors = Heap()
        """Like backoffQ, for pods that failed with an error: these are never popped early."""
        self._unschedulable: dict[str, QueuedPod] = {}
        self._seeking: dict[str, QueuedPod] = {}
        """The unschedulable pods that another pod on a node may help, and some that are no longer there."""
        self._company = [
            name for name, several in hints.items() if any(_matches_event(one, ASSIGNED_POD_ADD) for one in several)
        ]
        """The plugins that may accept a pod because another one was assigned to a node."""
        self._waiting = (self._active.pods, self._backoff.pods, self._errors.pods, self._unschedulable)
        """All pods that are not gated, by UID."""
        self._gated: dict[str, dict[str, QueuedPod]] = {}
        """By the plugin that gates them."""
        self._in_flight: dict[str, tuple[QueuedPod, int]] = {}
        """Popped pods, and the position in the event log at which each was popped; oldest first."""
        self._events: list[tuple[ClusterEvent, Subject, Subject, str]] = []
        """The events that pods in flight may have missed, each with the UID of a pod that it is not for, or none."""
        self._events_start = 0
        self._tickets = 0

    def __len__(self) -> int:
        """The number of pods in the queue, without those in flight."""
        heaps = len(self._active) + len(self._backoff) + len(self._errors)
        return heaps + len(self._unschedulable) + sum(map(len, self._gated.values()))

    @property
    def active(self) -> int:
        """The number of pods that can be popped now."""
        return len(self._active) + len(self._backoff)

    def add(self, info: PodInfo, now: int) -> None:
        """Add a new pod."""
        self._enter(QueuedPod(info, now))

    def update(self, info: PodInfo, now: int) -> None:
        """Update a pod; it is added if it is not known."""
        uid = info.uid
        if uid in self._in_flight:
            queued, _ = self._in_flight[uid]
            action, old, queued.info = pod_update_action(queued.info, info), queued.info, info
            if action:
                self._events.append((ClusterEvent(Resource.TARGET_POD, action), old.pod, info.pod, ""))
            return
        for heap in (self._active, self._backoff, self._errors):
            queued_there = heap.get(uid)
            if queued_there is not None:
                queued_there.info = info
                return
        self._update_waiting(info, now)

    def delete(self, uid: str) -> None:
        """Remove a pod that is gone, or no longer ours to schedule."""
        for waiting in self._waiting:
            waiting.pop(uid, None)
        if self._gated:
            self._ungate(uid)
        self.done(uid)

    def pop(self, now: int) -> QueuedPod | None:
        """Pop the next pod to schedule; `done` or `requeue` must follow. None if there is none.

        While activeQ is empty, pods of backoffQ are popped early.
        """
        self.flush(now)
        queued = self._active.pop() or self._backoff.pop()
        if queued is not None:
            queued.attempts += 1
            queued.was_assumed = False
            self._in_flight[queued.uid] = (queued, self._events_start + len(self._events))
        return queued

    def is_in_flight(self, uid: str) -> bool:
        """Whether the pod was popped and is neither done nor deleted."""
        return uid in self._in_flight

    def done(self, uid: str) -> None:
        """The pod in flight was scheduled."""
        if self._in_flight.pop(uid, None) is not None:
            self._trim()

    def requeue(self, queued: QueuedPod, now: int) -> None:
        """Return a pod in flight that `queued.plugins` rejected; no effect if it was deleted meanwhile."""
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
        helping = [self._hint(queued, event, old, new) for event, old, new, but in missed if but != queued.uid]
        if any(helping):
            self._retry(queued, now, at_once=max(helping) == _AT_ONCE)
        else:
            self._unschedulable[queued.uid] = queued
            if any(one in queued.plugins for one in self._company):
                self._seeking[queued.uid] = queued

    def retry_after_error(self, queued: QueuedPod, info: PodInfo, now: int) -> None:
        """Requeue a pod in its present state after an error; it is retried after its backoff."""
        queued.info, queued.plugins, queued.pending = info, (), ()
        self._back_off(queued, now)

    def retry_after_failure(self, uid: str, now: int) -> None:
        """Requeue an unschedulable pod after its backoff, since what was to make room for it has failed."""
        queued = self._unschedulable.pop(uid, None)
        if queued is not None:
            self._back_off(queued, now)

    def move(self, event: ClusterEvent, old: Subject, new: Subject, now: int, but: str = "") -> None:
        """Requeue the unschedulable and gated pods that this event may help, except the one with the UID `but`."""
        if not self.awaits(event):
            return
        if self._in_flight:
            self._events.append((event, old, new, but))
        only = self._single_target(event, old, new)
        for queued in self._concerned(event, only):
            helped = self._hint(queued, event, old, new) if queued.uid != but else _NOT
            if helped:
                del self._unschedulable[queued.uid]
                self._retry(queued, now, at_once=helped == _AT_ONCE)
        self._open_gates(event, old, new, only)

    def _concerned(self, event: ClusterEvent, only: str) -> tuple[QueuedPod, ...]:
        """The unschedulable pods that the event may help. Assignments of pods are frequent, and help few."""
        if event != ASSIGNED_POD_ADD:
            return _among(self._unschedulable, only)
        found = {uid: one for uid, one in self._seeking.items() if self._unschedulable.get(uid) is one}
        self._seeking = found
        return _among(found, only)

    def awaits(self, event: ClusterEvent) -> bool:
        """Whether any plugin waits for this event; `move` drops others."""
        return bool(event.action & self._awaited.get(event.resource, Action(0)))

    def activate(self, uids: Iterable[str], now: int) -> None:
        """Move these pods to activeQ on request of a plugin. Pods in flight are retried if they fail."""
        for uid in uids:
            queued = self._unschedulable.pop(uid, None) or self._backoff.remove(uid)
            if queued is not None:
                self._retry(queued, now, at_once=True)
            elif uid in self._in_flight:
                pod = self._in_flight[uid][0].info.pod
                self._events.append((ClusterEvent(Resource.TARGET_POD, Action.ACTIVATE), pod, pod, ""))

    def flush(self, now: int) -> None:
        """Move the pods whose backoff or maximum wait is over to activeQ."""
        for heap in (self._backoff, self._errors):
            while (first := heap.first()) is not None and first.ready_at <= now:
                heap.pop()
                self._enter(first)
        while self._unschedulable:
            oldest = next(iter(self._unschedulable.values()))
            if oldest.timestamp + MAX_UNSCHEDULABLE > now:
                break
            del self._unschedulable[oldest.uid]
            self._enter(oldest)

    def next_deadline(self) -> int | None:
        """When `flush` is due next; None if nothing waits."""
        deadlines = [first.ready_at for heap in (self._backoff, self._errors) if (first := heap.first()) is not None]
        if self._unschedulable:
            deadlines.append(next(iter(self._unschedulable.values())).timestamp + MAX_UNSCHEDULABLE)
        return min(deadlines, default=None)

    def _update_waiting(self, info: PodInfo, now: int) -> None:
        if (queued := self._ungate(info.uid)) is not None:
            queued.info = info
            self._enter(queued)
        elif (queued := self._unschedulable.get(info.uid)) is not None:
            action, old, queued.info = pod_update_action(queued.info, info), queued.info, info
            event = ClusterEvent(Resource.TARGET_POD, action)
            helped = self._hint(queued, event, old.pod, info.pod) if action else _NOT
            if helped:
                del self._unschedulable[info.uid]
                self._retry(queued, now, at_once=helped == _AT_ONCE)
        else:
            self.add(info, now)

    def _enter(self, queued: QueuedPod) -> None:
        """Add the pod to activeQ, unless a PreEnqueue plugin gates it."""
        status = self._gate(queued.info)
        if status is None:
            self._push(self._active, self._sort_key(queued.info, queued.timestamp), queued)
        else:
            self._gated.setdefault(status.plugin, {})[queued.uid] = queued

    def _ungate(self, uid: str) -> QueuedPod | None:
        for one in self._gated.values():
            if uid in one:
                return one.pop(uid)
        return None

    def _single_target(self, event: ClusterEvent, old: Subject, new: Subject) -> str:
        """The UID of the only pod that the event may help; empty if it may help any."""
        if event.resource not in self._pointed:
            return ""
        hints = (one for hints in self._hints.values() for one in hints if _matches_event(one, event))
        uids = dict.fromkeys(one.only(old, new) for one in hints)
        return next(iter(uids)) if len(uids) == 1 else ""

    def _open_gates(self, event: ClusterEvent, old: Subject, new: Subject, only: str) -> None:
        """Run the PreEnqueue plugins again that wait for this event."""
        for plugin, gated in self._gated.items():
            hints = [one for one in self._hints.get(plugin, ()) if _matches_event(one, event)]
            for queued in _among(gated, only) if hints else ():
                if any(one.helps(queued.info, old, new) for one in hints):
                    del gated[queued.uid]
                    self._enter(queued)

    def _back_off(self, queued: QueuedPod, now: int) -> None:
        queued.timestamp = now
        queued.failures += 1
        queued.ready_at = now + self._wait(queued.failures)
        self._push(self._errors, (queued.ready_at,), queued)

    def _retry(self, queued: QueuedPod, now: int, *, at_once: bool = False) -> None:
        queued.ready_at = queued.timestamp + self._wait(queued.failures)
        if queued.ready_at <= now or at_once:
            self._enter(queued)
        elif queued.was_assumed:
            self._push(self._errors, (queued.ready_at,), queued)
        else:
            window = queued.ready_at // _WINDOW
            self._push(self._backoff, (window, *self._sort_key(queued.info, queued.timestamp)), queued)

    def _push(self, heap: Heap, key: tuple[int, ...], queued: QueuedPod) -> None:
        self._tickets += 1
        heap.push(key, self._tickets, queued)

    def _hint(self, queued: QueuedPod, event: ClusterEvent, old: Subject, new: Subject) -> int:
        """The queueing hint of the event for the pod: `_NOT`, `_AFTER_BACKOFF` or `_AT_ONCE`."""
        if event.resource == Resource.TARGET_POD and not _is_same(queued, old):
            return _NOT
        if not queued.plugins or Action.ACTIVATE in event.action:
            return _AFTER_BACKOFF
        helped = [
            plugin
            for plugin in queued.plugins
            if any(
                _matches_event(one, event) and one.helps(queued.info, old, new) for one in self._hints.get(plugin, ())
            )
        ]
        if not helped:
            return _NOT
        return _AT_ONCE if any(one in queued.pending for one in helped) else _AFTER_BACKOFF

    def _trim(self) -> None:
        """Drop the events that no pod in flight has missed."""
        if not self._in_flight:
            self._events_start += len(self._events)
            self._events.clear()
            return
        _, oldest = next(iter(self._in_flight.values()))
        if oldest - self._events_start > len(self._events) // 2:
            del self._events[: oldest - self._events_start]
            self._events_start = oldest


def _among(pods: Mapping[str, QueuedPod], only: str) -> tuple[QueuedPod, ...]:
    """All pods, or the one with the UID `only`."""
    if not only:
        return tuple(pods.values())
    found = pods.get(only)
    return () if found is None else (found,)


def _matches_event(hint: Hint, event: ClusterEvent) -> bool:
    return event.resource in hint.resource and bool(event.action & hint.actions)


def _is_same(queued: QueuedPod, old: Subject) -> bool:
    return old is not None and old.metadata.uid == queued.uid
