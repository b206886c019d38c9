"""Pods that wait to be scheduled.

Three parts: `active` pods are tried next, in the order of the QueueSort plugin; `backoff` pods failed lately;
`unschedulable` pods wait for an event in the cluster that may help them. Pods that were popped are in flight until
`done` or `requeue`: events that arrive meanwhile are remembered, so that no wake-up is lost. Gated pods are in none of
the three: a PreEnqueue plugin keeps them out, until an event that this plugin waits for.

Source: pkg/scheduler/backend/queue/scheduling_queue.go (v1.36).
"""

import heapq
from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

import msgspec

from kubeactors.scheduler.cluster_event import (
    POD_CAME,
    Action,
    ClusterEvent,
    Hint,
    Resource,
    Subject,
    anybody,
    pod_update_action,
)
from kubeactors.scheduler.framework import Status
from kubeactors.scheduler.pod_info import PodInfo

SECOND = 1_000_000_000
MAX_UNSCHEDULABLE = 300 * SECOND
"""A pod that waits longer than this is tried again even if no event came."""

_WINDOW = 1 * SECOND
"""Pods whose back-off ends in the same window are tried in the order of the queue."""
_NOT, _AFTER_BACKOFF, _AT_ONCE = range(3)
"""Whether, and when, an event helps."""

SortKey: TypeAlias = Callable[[PodInfo, int], tuple[int, ...]]
"""What a pod that waits since then is sorted by."""


class Backoff(msgspec.Struct, frozen=True, kw_only=True):
    """How long a pod waits after it failed: doubling from the first to the last. In nanoseconds."""

    initial: int = 1 * SECOND
    maximum: int = 10 * SECOND

    def after(self, failures: int) -> int:
        """The wait after so many failures.

        >>> [Backoff().after(failures) // SECOND for failures in range(6)]
        [0, 1, 2, 4, 8, 10]
        """
        return min(self.initial << min(failures - 1, 32), self.maximum) if failures else 0


DEFAULT_BACKOFF = Backoff()


class QueuedPod:
    """A pod in the queue, and how it has fared. `plugins` refused it last; none means that an error got in the way.

    `pending`: those of the plugins for which the pod only has to wait; what they wait for wakes it without a back-off.
    `had_place`: it had a place, which was taken away from it; it waits for its whole back-off, lest it take the place
    again at once and for ever.
    `victims`: pods, by uid, that were asked to go for it.
    """

    __slots__ = (
        "attempts",
        "failures",
        "had_place",
        "info",
        "pending",
        "plugins",
        "ready_at",
        "ticket",
        "timestamp",
        "uid",
        "victims",
    )

    def __init__(self, info: PodInfo, now: int) -> None:
        self.info: PodInfo = info
        self.uid: str = info.uid
        """The pod's identity, whatever else of it changes."""
        self.timestamp: int = now
        self.attempts: int = 0
        self.failures: int = 0
        self.plugins: tuple[str, ...] = ()
        self.pending: tuple[str, ...] = ()
        self.had_place: bool = False
        self.victims: tuple[str, ...] = ()
        self.ready_at: int = 0
        """When its back-off ends."""
        self.ticket: int = 0
        """Names its one valid heap entry; older entries are skipped."""


class _Heap:
    """Queued pods by a sort key, with removal by forgetting."""

    def __init__(self) -> None:
        self._entries: list[tuple[tuple[int, ...], int, QueuedPod]] = []
        self.pods: dict[str, QueuedPod] = {}

    def __len__(self) -> int:
        return len(self.pods)

    def get(self, uid: str) -> QueuedPod | None:
        return self.pods.get(uid)

    def push(self, key: tuple[int, ...], ticket: int, queued: QueuedPod) -> None:
        queued.ticket = ticket
        self.pods[queued.uid] = queued
        heapq.heappush(self._entries, (key, ticket, queued))

    def remove(self, uid: str) -> QueuedPod | None:
        return self.pods.pop(uid, None)

    def first(self) -> QueuedPod | None:
        while self._entries:
            _, ticket, queued = self._entries[0]
            if self.pods.get(queued.uid) is queued and queued.ticket == ticket:
                return queued
            heapq.heappop(self._entries)
        return None

    def pop(self) -> QueuedPod | None:
        first = self.first()
        if first is None:
            return None
        heapq.heappop(self._entries)
        return self.pods.pop(first.uid)


class SchedulingQueue:
    """The queue. All times are nanoseconds of one clock.

    Args:
        gate: what keeps a pod out altogether.
        hints: by plugin, the events that may make it accept a pod that it refused.
        sort_key: the order in which pods are tried.
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
        """Events that any plugin waits for; others are dropped at once."""
        self._pointed: dict[Resource, None] = {}
        """What events are about that may help one pod alone."""
        for hint in (one for several in hints.values() for one in several):
            for resource in hint.resource:
                self._awaited[resource] = self._awaited.get(resource, Action(0)) | hint.actions
                if hint.only is not anybody:
                    self._pointed[resource] = None
        self._active = _Heap()
        self._backoff = _Heap()
        self._errors = _Heap()
        """Like backoff, for pods that met an error: these wait for the full time."""
        self._unschedulable: dict[str, QueuedPod] = {}
        self._seeking: dict[str, QueuedPod] = {}
        """Of those the ones that the company of another pod may help, and some that are not there any more."""
        self._company = [name for name, several in hints.items() if any(_listens(one, POD_CAME) for one in several)]
        """The plugins that may accept a pod because another one has come to a node."""
        self._waiting = (self._active.pods, self._backoff.pods, self._errors.pods, self._unschedulable)
        """All pods that are not gated, by uid."""
        self._gated: dict[str, dict[str, QueuedPod]] = {}
        """By the plugin that keeps them out."""
        self._in_flight: dict[str, tuple[QueuedPod, int]] = {}
        """Popped pods, and where in the log of events each was popped; oldest first."""
        self._events: list[tuple[ClusterEvent, Subject, Subject, str]] = []
        """What pods in flight may have missed; the last part names a pod that it is no news to."""
        self._events_start = 0
        self._tickets = 0

    def __len__(self) -> int:
        """Pods that wait, in flight ones not counted."""
        heaps = len(self._active) + len(self._backoff) + len(self._errors)
        return heaps + len(self._unschedulable) + sum(map(len, self._gated.values()))

    @property
    def active(self) -> int:
        """Pods that can be popped now."""
        return len(self._active) + len(self._backoff)

    def add(self, info: PodInfo, now: int) -> None:
        """A new pod."""
        self._enter(QueuedPod(info, now))

    def update(self, info: PodInfo, now: int) -> None:
        """The pod has changed; it is added if it was not known."""
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
        """The pod is gone, or no longer ours to schedule."""
        for waiting in self._waiting:
            waiting.pop(uid, None)
        if self._gated:
            self._ungate(uid)
        self.done(uid)

    def pop(self, now: int) -> QueuedPod | None:
        """The next pod to try; `done` or `requeue` must follow. None if none can be tried now.

        While no pod is active, those in back-off are tried early: there is nothing better to do.
        """
        self.flush(now)
        queued = self._active.pop() or self._backoff.pop()
        if queued is not None:
            queued.attempts += 1
            queued.had_place = False
            self._in_flight[queued.uid] = (queued, self._events_start + len(self._events))
        return queued

    def is_in_flight(self, uid: str) -> bool:
        """Whether the pod was popped, and is neither done nor gone."""
        return uid in self._in_flight

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
        helping = [self._helped(queued, event, old, new) for event, old, new, but in missed if but != queued.uid]
        if any(helping):
            self._retry(queued, now, at_once=max(helping) == _AT_ONCE)
        else:
            self._unschedulable[queued.uid] = queued
            if any(one in queued.plugins for one in self._company):
                self._seeking[queued.uid] = queued

    def retry_after_error(self, queued: QueuedPod, info: PodInfo, now: int) -> None:
        """The pod had its place, but something broke: try again, as it is now, after its back-off."""
        queued.info, queued.plugins, queued.pending = info, (), ()
        self._back_off(queued, now)

    def retry_after_failure(self, uid: str, now: int) -> None:
        """What was done to help the pod has failed, and nothing will happen: try it again after its back-off."""
        queued = self._unschedulable.pop(uid, None)
        if queued is not None:
            self._back_off(queued, now)

    def move(self, event: ClusterEvent, old: Subject, new: Subject, now: int, but: str = "") -> None:
        """Something happened: try again the pods that it may help, except the one of the uid `but`."""
        if not self.awaits(event):
            return
        if self._in_flight:
            self._events.append((event, old, new, but))
        only = self._only(event, old, new)
        for queued in self._concerned(event, only):
            helped = self._helped(queued, event, old, new) if queued.uid != but else _NOT
            if helped:
                del self._unschedulable[queued.uid]
                self._retry(queued, now, at_once=helped == _AT_ONCE)
        self._open_gates(event, old, new, only)

    def _concerned(self, event: ClusterEvent, only: str) -> tuple[QueuedPod, ...]:
        """Those that such an event may help. That a pod comes to a node is what happens most, and helps few."""
        if event != POD_CAME:
            return _among(self._unschedulable, only)
        found = {uid: one for uid, one in self._seeking.items() if self._unschedulable.get(uid) is one}
        self._seeking = found
        return _among(found, only)

    def awaits(self, event: ClusterEvent) -> bool:
        """Whether any plugin waits for such an event; `move` drops others."""
        return bool(event.action & self._awaited.get(event.resource, Action(0)))

    def activate(self, uids: Iterable[str], now: int) -> None:
        """A plugin knows that these should be tried now. Pods in flight are tried again if they fail."""
        for uid in uids:
            queued = self._unschedulable.pop(uid, None) or self._backoff.remove(uid)
            if queued is not None:
                self._retry(queued, now, at_once=True)
            elif uid in self._in_flight:
                pod = self._in_flight[uid][0].info.pod
                self._events.append((ClusterEvent(Resource.TARGET_POD, Action.ACTIVATE), pod, pod, ""))

    def flush(self, now: int) -> None:
        """Move on what has waited long enough."""
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
        """When `flush` will have something to do."""
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
            helped = self._helped(queued, event, old.pod, info.pod) if action else _NOT
            if helped:
                del self._unschedulable[info.uid]
                self._retry(queued, now, at_once=helped == _AT_ONCE)
        else:
            self.add(info, now)

    def _enter(self, queued: QueuedPod) -> None:
        """To the active pods, unless a plugin keeps it out."""
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

    def _only(self, event: ClusterEvent, old: Subject, new: Subject) -> str:
        """The uid of the one pod that the event may help; empty if it may be any."""
        if event.resource not in self._pointed:
            return ""
        hints = (one for hints in self._hints.values() for one in hints if _listens(one, event))
        uids = dict.fromkeys(one.only(old, new) for one in hints)
        return next(iter(uids)) if len(uids) == 1 else ""

    def _open_gates(self, event: ClusterEvent, old: Subject, new: Subject, only: str) -> None:
        """Ask those plugins again that wait for such an event."""
        for plugin, gated in self._gated.items():
            hints = [one for one in self._hints.get(plugin, ()) if _listens(one, event)]
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
        elif queued.had_place:
            self._push(self._errors, (queued.ready_at,), queued)
        else:
            window = queued.ready_at // _WINDOW
            self._push(self._backoff, (window, *self._sort_key(queued.info, queued.timestamp)), queued)

    def _push(self, heap: _Heap, key: tuple[int, ...], queued: QueuedPod) -> None:
        self._tickets += 1
        heap.push(key, self._tickets, queued)

    def _helped(self, queued: QueuedPod, event: ClusterEvent, old: Subject, new: Subject) -> int:
        """Whether the event may help the pod: `_NOT`, `_AFTER_BACKOFF` or `_AT_ONCE`."""
        if event.resource == Resource.TARGET_POD and not _is_same(queued, old):
            return _NOT
        if not queued.plugins or Action.ACTIVATE in event.action:
            return _AFTER_BACKOFF
        helped = [
            plugin
            for plugin in queued.plugins
            if any(_listens(one, event) and one.helps(queued.info, old, new) for one in self._hints.get(plugin, ()))
        ]
        if not helped:
            return _NOT
        return _AT_ONCE if any(one in queued.pending for one in helped) else _AFTER_BACKOFF

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


def _among(pods: Mapping[str, QueuedPod], only: str) -> tuple[QueuedPod, ...]:
    """All of them, or the one of this uid."""
    if not only:
        return tuple(pods.values())
    found = pods.get(only)
    return () if found is None else (found,)


def _listens(hint: Hint, event: ClusterEvent) -> bool:
    return event.resource in hint.resource and bool(event.action & hint.actions)


def _is_same(queued: QueuedPod, old: Subject) -> bool:
    return old is not None and old.metadata.uid == queued.uid
