"""Applies changes of nodes and pods to the scheduler's cache and queue.

Source: pkg/scheduler/eventhandlers.go (v1.36).
"""

from collections.abc import Callable

from kubeactors.api.core.v1 import Node, Pod
from kubeactors.client import Change
from kubeactors.scheduler.cache import Cache
from kubeactors.scheduler.cluster_event import (
    ASSIGNED_POD_ADD,
    ASSIGNED_POD_DELETE,
    Action,
    ClusterEvent,
    Resource,
    is_heartbeat,
    node_update_action,
    pod_update_action,
)
from kubeactors.scheduler.pod_info import pod_info
from kubeactors.scheduler.queue import SchedulingQueue
from kubeactors.scheduler.waiting import WaitingPods

_UNSCHEDULED_POD_ADDED = ClusterEvent(Resource.UNSCHEDULED_POD, Action.ADD)
_NODE_ADDED = ClusterEvent(Resource.NODE, Action.ADD)
_NODE_DELETED = ClusterEvent(Resource.NODE, Action.DELETE)


class EventHandlers:
    """The handlers. Pods are queued only if `has_profile`."""

    def __init__(
        self, cache: Cache, queue: SchedulingQueue, waiting: WaitingPods, has_profile: Callable[[Pod], bool]
    ) -> None:
        self.cache: Cache = cache
        self.queue: SchedulingQueue = queue
        self._waiting = waiting
        self._has_profile = has_profile
        self._awaits_unscheduled_pods = queue.awaits(_UNSCHEDULED_POD_ADDED)

    def node_changed(self, change: Change[Node], now: int) -> None:
        """A Node was added, updated or deleted."""
        node = change.new
        known = self.cache.get(change.current.metadata.name)
        old = known.node if known is not None else None
        if node is None:
            self.cache.remove_node(change.current.metadata.name)
            self.queue.move(_NODE_DELETED, change.old, None, now)
        elif old is None:
            self.cache.set_node(node)
            self.queue.move(_NODE_ADDED, None, node, now)
        elif not is_heartbeat(old, node):
            self.cache.set_node(node)
            if action := node_update_action(old, node):
                self.queue.move(ClusterEvent(Resource.NODE, action), old, node, now)

    def pod_changed(self, change: Change[Pod], now: int) -> None:
        """A pod was added, updated or deleted. Terminating unscheduled pods and finished ones count as deleted."""
        pod = change.new
        if pod is None or pod.status.phase in {"Succeeded", "Failed"}:
            self._pod_left(change.current, now)
        elif pod.spec.node_name:
            self._pod_assigned(pod, now)
        elif pod.metadata.deletion_timestamp is not None:
            self._pod_left(pod, now)
        elif self._has_profile(pod) and not self.cache.is_assumed(pod.metadata.uid):
            self._unscheduled_pod_changed(pod, now, is_new=change.old is None)

    def _unscheduled_pod_changed(self, pod: Pod, now: int, *, is_new: bool) -> None:
        info = pod_info(pod)
        self.queue.update(info, now)
        if is_new:
            if self._awaits_unscheduled_pods:
                self.queue.move(_UNSCHEDULED_POD_ADDED, None, pod, now)
            if pod.status.nominated_node_name:
                self.cache.nominate(info, pod.status.nominated_node_name)

    def _pod_left(self, pod: Pod, now: int) -> None:
        uid = pod.metadata.uid
        self.queue.delete(uid)
        self._waiting.reject(uid, "", "removed")
        was_nominated = bool(self.cache.nomination(uid))
        self.cache.withdraw(uid)
        if self.cache.remove_pod(uid) or was_nominated:
            self.queue.move(ASSIGNED_POD_DELETE, pod, None, now)

    def _pod_assigned(self, pod: Pod, now: int) -> None:
        self.queue.delete(pod.metadata.uid)
        self._waiting.reject(pod.metadata.uid, "", "bound by another scheduler")
        was_assumed = self.cache.is_assumed(pod.metadata.uid)
        if self.cache.confirm(pod):
            if was_assumed:
                self.queue.move(ASSIGNED_POD_ADD, None, pod, now)
            return
        before = self.cache.pod(pod.metadata.uid)
        after = pod_info(pod)
        self.cache.set_pod(after)
        if before is None:
            self.queue.move(ASSIGNED_POD_ADD, None, pod, now)
        elif action := pod_update_action(before, after):
            self.queue.move(ClusterEvent(Resource.ASSIGNED_POD, action), before.pod, pod, now)
