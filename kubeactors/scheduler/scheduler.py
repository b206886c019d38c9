"""The scheduler: finds a node for each pod that has none, and binds it there.

Source: pkg/scheduler/{scheduler,schedule_one,eventhandlers}.go (v1.36).
"""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import TypeAlias, cast

import msgspec

from kubeactors.actor import Actor, handle
from kubeactors.api.apps.v1.replicaset import ReplicaSet
from kubeactors.api.core.v1 import Namespace, Node, Pod, PodCondition, Service
from kubeactors.apimachinery.meta import DeleteOptions, Preconditions
from kubeactors.apimachinery.status import StatusError
from kubeactors.client import Change, Client, EventRecorder, Notify, RecordEvent, SharedInformer
from kubeactors.message import Message, Recipient
from kubeactors.scheduler import diagnosis
from kubeactors.scheduler.cache import Cache
from kubeactors.scheduler.cluster_event import Action, ClusterEvent, Resource, node_update_action, pod_update_action
from kubeactors.scheduler.explanation import ExplainScheduling, Explanation, explain
from kubeactors.scheduler.framework import Diagnosis, Plugin, PostFilterResult, Status
from kubeactors.scheduler.handle import Budget, Handle, Unselected, no_budgets
from kubeactors.scheduler.plugins import default_plugins
from kubeactors.scheduler.plugins.default_preemption import PREEMPTION_BY_SCHEDULER
from kubeactors.scheduler.pod_info import PodInfo, pod_info
from kubeactors.scheduler.profile import PluginSet, Profile, all_hints
from kubeactors.scheduler.queue import SECOND, QueuedPod, SchedulingQueue
from kubeactors.scheduler.verdicts import diagnosis as diagnosis_of
from kubeactors.scheduler.workloads import Workloads

DEFAULT_SCHEDULER = "default-scheduler"
WORKERS = 64
"""How many pods are being bound at one time."""
PODS_PER_TURN = 16
"""After so many pods a worker lets others have a turn."""
MAX_EVENT_MESSAGE = 1024

UNSCHEDULABLE, SCHEDULER_ERROR = "Unschedulable", "SchedulerError"

_POD_LEFT = ClusterEvent(Resource.ASSIGNED_POD, Action.DELETE)
_POD_CAME = ClusterEvent(Resource.ASSIGNED_POD, Action.ADD)
_NODE_CAME = ClusterEvent(Resource.NODE, Action.ADD)
_NODE_LEFT = ClusterEvent(Resource.NODE, Action.DELETE)

PluginFactory: TypeAlias = Callable[[Handle], PluginSet | Iterable[Plugin]]


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """What else the scheduler may know; without an informer it goes by nothing of that kind."""

    namespaces: SharedInformer[Namespace] | None = None
    """For affinity terms that select namespaces."""
    services: SharedInformer[Service] | None = None
    """For pods that are spread by default; with `replica_sets`."""
    replica_sets: SharedInformer[ReplicaSet] | None = None
    budgets: Callable[[], Iterable[Budget]] = no_budgets
    """Disruption budgets, for preemption."""


NO_SURROUNDINGS = Surroundings()
DEFAULT_PROFILES: Mapping[str, PluginFactory] = MappingProxyType({DEFAULT_SCHEDULER: default_plugins})


class Cycle(Message, frozen=True):
    """A worker tells itself: place pods."""


class Flush(Message, frozen=True):
    """The scheduler tells itself: the back-off of a pod has ended."""


SchedulerMessage: TypeAlias = Notify | Cycle | Flush | ExplainScheduling


class Scheduler(Actor[SchedulerMessage], reentrant=True, deterministic=True):
    """Places pods one after the other, and binds many at a time.

    To place a pod is one step without a wait: the next pod sees it on its node at once, long before it is bound. If
    the binding fails the place is free again and the pod is tried again.

    Args:
        client: binds pods and writes their conditions.
        pods: all pods of the cluster.
        nodes: all nodes.
        events: where events go.
        profiles: the plugins of each profile. Pods say by `spec.schedulerName` which one they want.
        surroundings: what else there is to know.
    """

    def __init__(  # noqa: PLR0913 - a component's surroundings
        self,
        client: Client,
        pods: SharedInformer[Pod],
        nodes: SharedInformer[Node],
        events: Recipient[RecordEvent],
        *,
        profiles: Mapping[str, PluginFactory] = DEFAULT_PROFILES,
        surroundings: Surroundings = NO_SURROUNDINGS,
    ) -> None:
        self._client = client
        self._pods = pods
        self._nodes = nodes
        self._events = events
        self._factories = profiles
        self._surroundings = surroundings
        self.cache: Cache = Cache()
        self._profiles: dict[str, Profile] = {}
        self._recorders: dict[str, EventRecorder] = {}
        self._workers = 0
        self._alarm: int | None = None
        self._unsynced = [pods.source, nodes.source]

    def started(self) -> None:
        """Learn what is there, then follow it."""
        self._random = self.ctx.random_for("ties")
        self._workloads = self._follow_workloads()
        handle = Handle(
            client=self._client,
            cache=self.cache,
            random=self.ctx.random_for("preemption"),
            namespace_labels=self._namespace_labels,
            workloads=self._workloads or Unselected(),
            budgets=self._surroundings.budgets,
        )
        for name, plugins in self._factories.items():
            self._profiles[name] = Profile(plugins(handle), self.cache)
            self._recorders[name] = EventRecorder(self._events, self.ctx, name, name)
        self.queue: SchedulingQueue = SchedulingQueue(self._gate, all_hints(self._profiles.values()))
        namespaces = self._surroundings.namespaces
        if namespaces is not None:
            namespaces.subscribe(self.ctx.self)
            self._unsynced.append(namespaces.source)
        self._nodes.subscribe(self.ctx.self)
        self._pods.subscribe(self.ctx.self)

    @handle
    def changed(self, message: Notify) -> None:
        """Nodes and pods came, changed and went."""
        if message.source == self._nodes.source:
            for node_change in cast("tuple[Change[Node], ...]", message.changes):
                self._node_changed(node_change)
        elif message.source == self._pods.source:
            for pod_change in cast("tuple[Change[Pod], ...]", message.changes):
                self._pod_changed(pod_change)
        else:
            self._surroundings_changed(message.source)
        if message.synced and message.source in self._unsynced:
            self._unsynced.remove(message.source)
        self._employ()

    @handle
    async def cycle(self, message: Cycle) -> None:
        """Place and bind some pods; the worker ends when there are none."""
        for _ in range(PODS_PER_TURN):
            queued = self.queue.pop(self.ctx.now)
            if queued is None:
                self._workers -= 1
                self._set_alarm()
                return
            await self._schedule_one(queued)
        self.ctx.self.tell(message)

    @handle
    def flush(self, message: Flush) -> None:
        """Pods may be tried again."""
        self._alarm = None
        self.queue.flush(self.ctx.now)
        self._employ()
        self._set_alarm()

    @handle
    def explain(self, message: ExplainScheduling) -> Explanation | None:
        """Why the pod is where it is, or where it could be, as things are now."""
        pod = self._pods.lister.get(message.name, message.namespace)
        profile = self._profile_of(pod) if pod is not None else None
        return None if pod is None or profile is None else explain(pod_info(pod), profile, self.cache)

    # What the cluster tells.

    def _node_changed(self, change: Change[Node]) -> None:
        node = change.new
        known = self.cache.get(change.current.metadata.name)
        old = known.node if known is not None else None
        if node is None:
            self.cache.remove_node(change.current.metadata.name)
            self.queue.move(_NODE_LEFT, change.old, None, self.ctx.now)
        elif old is None:
            self.cache.set_node(node)
            self.queue.move(_NODE_CAME, None, node, self.ctx.now)
        elif action := node_update_action(old, node):
            self.cache.set_node(node)
            self.queue.move(ClusterEvent(Resource.NODE, action), old, node, self.ctx.now)

    def _pod_changed(self, change: Change[Pod]) -> None:
        pod = change.new
        if pod is None or pod.status.phase in {"Succeeded", "Failed"}:
            self._pod_left(change.current)
        elif pod.spec.node_name:
            self._pod_is_placed(pod)
        elif pod.metadata.deletion_timestamp is not None:
            self._pod_left(pod)
        elif self._profile_of(pod) is not None and not self.cache.is_assumed(pod.metadata.uid):
            info = pod_info(pod)
            self.queue.update(info, self.ctx.now)
            if change.old is None and pod.status.nominated_node_name:
                self.cache.nominate(info, pod.status.nominated_node_name)

    def _pod_left(self, pod: Pod) -> None:
        uid = pod.metadata.uid
        self.queue.delete(uid)
        waited = bool(self.cache.nomination(uid))
        self.cache.withdraw(uid)
        if self.cache.remove_pod(uid) or waited:
            self.queue.move(_POD_LEFT, pod, None, self.ctx.now)

    def _pod_is_placed(self, pod: Pod) -> None:
        self.queue.delete(pod.metadata.uid)
        if self.cache.confirm(pod):
            return
        before = self.cache.pod(pod.metadata.uid)
        after = pod_info(pod)
        self.cache.set_pod(after)
        if before is None:
            self.queue.move(_POD_CAME, None, pod, self.ctx.now)
        elif action := pod_update_action(before, after):
            self.queue.move(ClusterEvent(Resource.ASSIGNED_POD, action), before.pod, pod, self.ctx.now)

    # One pod.

    async def _schedule_one(self, queued: QueuedPod) -> None:
        pod = queued.info
        profile = self._profile_of(pod.pod)
        assert profile is not None  # others are not queued
        found = profile.select(pod, self._random)
        if isinstance(found, Diagnosis):
            await self._refuse(queued, profile, found)
            return
        self.cache.assume(pod, found.name)
        status = profile.reserve(pod, found.name)
        if status is not None:
            self.cache.forget(pod.uid)
            await self._refuse(queued, profile, diagnosis_of({status: self.cache.node_count}, self.cache.node_count))
            return
        self.queue.done(pod.uid)
        await self._bind(queued, profile, found.name)

    async def _bind(self, queued: QueuedPod, profile: Profile, node_name: str) -> None:
        pod = queued.info
        try:
            await profile.bind(pod, node_name)
        except StatusError as error:
            profile.unreserve(pod, node_name)
            self.cache.forget(pod.uid)
            self.queue.move(_POD_LEFT, pod.pod, None, self.ctx.now)
            self.ctx.log.info("scheduler.bind_failed", pod=pod.key, node=node_name, error=str(error))
            await self._try_again(queued, f'running Bind plugin "DefaultBinder": {error}')
        else:
            message = f"Successfully assigned {pod.key} to {node_name}"
            self._recorder_of(pod.pod).normal(pod.pod, "Scheduled", message, action="Binding")

    async def _try_again(self, queued: QueuedPod, error: str) -> None:
        """Something broke: again after a while, unless the pod is gone, or was bound nevertheless."""
        pod = self._waiting(queued.info)
        if pod is None:
            return
        self.queue.retry_after_error(queued, pod_info(pod), self.ctx.now)
        self._set_alarm()
        await self._report(pod, SCHEDULER_ERROR, error)

    async def _refuse(self, queued: QueuedPod, profile: Profile, found: Diagnosis) -> None:
        """No node fits: make room if that is possible, and wait for an event that changes things."""
        pod = queued.info
        result = profile.post_filter(pod, found) if found.nodes else PostFilterResult()
        displaced = self._nominate(pod, result.nominated_node)
        queued.plugins = found.plugins
        self.queue.requeue(queued, self.ctx.now)
        self._set_alarm()
        waiting = self._waiting(pod)
        if waiting is None:
            self.cache.withdraw(pod.uid)
            return
        await self._report(waiting, UNSCHEDULABLE, diagnosis.message(found, result.message), result.nominated_node)
        for one in result.victims:
            await self._preempt(one.pod, waiting, result.nominated_node or "")
        for one in displaced:
            await self._write(one.pod, {"nominatedNodeName": ""})

    def _nominate(self, pod: PodInfo, node_name: str | None) -> tuple[PodInfo, ...]:
        """Keep the room that is being made. Returns the pods below, which had hoped for the same node."""
        if node_name is None:
            return ()
        info = self.cache.get(node_name) if node_name else None
        if info is None:
            self.cache.withdraw(pod.uid)
            return ()
        displaced = tuple(one for one in info.nominated.values() if one.priority < pod.priority)
        for one in displaced:
            self.cache.withdraw(one.uid)
        self.cache.nominate(pod, node_name)
        return displaced

    async def _preempt(self, victim: Pod, preemptor: Pod, node_name: str) -> None:
        """Say why, then delete.

        Source: pkg/scheduler/framework/preemption/executor.go (v1.36).
        """
        metadata = victim.metadata
        if metadata.deletion_timestamp is None:
            scheduler = preemptor.spec.scheduler_name
            condition = PodCondition(
                type="DisruptionTarget",
                observed_generation=metadata.generation,
                status="True",
                last_transition_time=self.ctx.timestamp(),
                reason=PREEMPTION_BY_SCHEDULER,
                message=f"{scheduler}: preempting to accommodate a higher priority pod",
            )
            await self._write(victim, {"conditions": [condition]})
            options = DeleteOptions(preconditions=Preconditions(uid=metadata.uid))
            try:
                await self._client.delete(Pod, metadata.name, metadata.namespace, options=options)
            except StatusError as error:
                self.ctx.log.info("scheduler.victim_not_deleted", pod=metadata.name, error=str(error))
                return
        message = f"Preempted by pod {preemptor.metadata.uid} on node {node_name}"
        self._recorder_of(preemptor).normal(victim, "Preempted", message, action="Preempting")

    async def _report(self, pod: Pod, reason: str, message: str, nominated_node: str | None = None) -> None:
        """Tell people by an event, and by the pod's status if that is news."""
        self._recorder_of(pod).warning(pod, "FailedScheduling", _shortened(message), action="Scheduling")
        condition = self._condition(pod, reason, message)
        change: dict[str, object] = {} if condition is None else {"conditions": [condition]}
        if nominated_node is not None and nominated_node != pod.status.nominated_node_name:
            change["nominatedNodeName"] = nominated_node
        if change:
            await self._write(pod, change)

    async def _write(self, pod: Pod, status: dict[str, object]) -> None:
        metadata = pod.metadata
        patch = {"metadata": {"uid": metadata.uid}, "status": status}
        try:
            await self._client.patch(Pod, metadata.name, patch, metadata.namespace, subresource="status")
        except StatusError as error:
            self.ctx.log.info("scheduler.status_not_written", pod=metadata.name, error=str(error))

    def _condition(self, pod: Pod, reason: str, message: str) -> PodCondition | None:
        """PodScheduled as it should be; None if it says so already."""
        old = next((one for one in pod.status.conditions if one.type == "PodScheduled"), None)
        if old is not None and (old.status, old.reason, old.message) == ("False", reason, message):
            return None
        same = old is not None and old.status == "False"
        return PodCondition(
            type="PodScheduled",
            observed_generation=pod.metadata.generation,
            status="False",
            last_transition_time=old.last_transition_time if same and old is not None else self.ctx.timestamp(),
            reason=reason,
            message=message,
        )

    def _waiting(self, pod: PodInfo) -> Pod | None:
        """The pod as the informer has it now, if it still waits for a node."""
        metadata = pod.pod.metadata
        found = self._pods.lister.get(metadata.name, metadata.namespace)
        if found is None or found.metadata.uid != metadata.uid or found.spec.node_name:
            return None
        return found

    # What there is beside pods and nodes.

    def _profile_of(self, pod: Pod) -> Profile | None:
        return self._profiles.get(pod.spec.scheduler_name or DEFAULT_SCHEDULER)

    def _recorder_of(self, pod: Pod) -> EventRecorder:
        return self._recorders[pod.spec.scheduler_name or DEFAULT_SCHEDULER]

    def _gate(self, pod: PodInfo) -> Status | None:
        profile = self._profile_of(pod.pod)
        return None if profile is None else profile.gate(pod)

    def _namespace_labels(self, name: str) -> Mapping[str, str]:
        namespaces = self._surroundings.namespaces
        found = namespaces.lister.get(name) if namespaces is not None else None
        return {} if found is None else found.metadata.labels

    def _follow_workloads(self) -> Workloads | None:
        services, replica_sets = self._surroundings.services, self._surroundings.replica_sets
        if services is None or replica_sets is None:
            return None
        workloads = Workloads(services, replica_sets)
        services.subscribe(self.ctx.self)
        replica_sets.subscribe(self.ctx.self)
        self._unsynced += [services.source, replica_sets.source]
        return workloads

    def _surroundings_changed(self, source: str) -> None:
        namespaces = self._surroundings.namespaces
        if namespaces is None or source != namespaces.source:
            assert self._workloads is not None  # nothing else was subscribed to
            self._workloads.changed()
            return
        for profile in self._profiles.values():
            profile.namespaces_changed()

    # Workers.

    def _employ(self) -> None:
        """As many workers as there are pods to try, up to a bound."""
        if self._unsynced:
            return
        while self._workers < min(WORKERS, self.queue.active):
            self._workers += 1
            self.ctx.self.tell(Cycle())

    def _set_alarm(self) -> None:
        deadline = self.queue.next_deadline()
        if deadline is not None and (self._alarm is None or deadline < self._alarm):
            self._alarm = deadline
            self.ctx.after(max(deadline - self.ctx.now, 0) / SECOND, Flush(), key="flush")


def _shortened(message: str) -> str:
    """As long as the note of an event may be."""
    return message if len(message) <= MAX_EVENT_MESSAGE else message[: MAX_EVENT_MESSAGE - 4] + " ..."
