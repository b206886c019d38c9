"""The scheduler: finds a node for each pod that has none, and binds it there.

Source: pkg/scheduler/{scheduler,schedule_one,eventhandlers}.go (v1.36).
"""

from collections.abc import Callable, Iterable
from typing import TypeAlias, cast

from kubeactors.actor import Actor, handle
from kubeactors.api.core.v1 import Node, Pod, PodCondition
from kubeactors.apimachinery.status import StatusError
from kubeactors.client import Change, Client, EventRecorder, Notify, RecordEvent, SharedInformer
from kubeactors.message import Message, Recipient
from kubeactors.scheduler import diagnosis
from kubeactors.scheduler.cache import Cache
from kubeactors.scheduler.cluster_event import Action, ClusterEvent, Resource, node_update_action
from kubeactors.scheduler.framework import Diagnosis, Plugin
from kubeactors.scheduler.plugins import default_plugins
from kubeactors.scheduler.pod_info import PodInfo, pod_info
from kubeactors.scheduler.profile import Profile
from kubeactors.scheduler.queue import SECOND, QueuedPod, SchedulingQueue

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

PluginFactory: TypeAlias = Callable[[Client], Iterable[Plugin]]


class Cycle(Message, frozen=True):
    """A worker tells itself: place pods."""


class Flush(Message, frozen=True):
    """The scheduler tells itself: the back-off of a pod has ended."""


SchedulerMessage: TypeAlias = Notify | Cycle | Flush


class Scheduler(Actor[SchedulerMessage], reentrant=True, deterministic=True):
    """Places pods one after the other, and binds many at a time.

    To place a pod is one step without a wait: the next pod sees it on its node at once, long before it is bound. If
    the binding fails the place is free again and the pod is tried again.

    Args:
        client: binds pods and writes their conditions.
        pods: all pods of the cluster.
        nodes: all nodes.
        events: where events go.
        name: pods say by `spec.schedulerName` which scheduler they want.
        plugins: makes the plugins of the one profile.
    """

    def __init__(  # noqa: PLR0913 - a component's surroundings
        self,
        client: Client,
        pods: SharedInformer[Pod],
        nodes: SharedInformer[Node],
        events: Recipient[RecordEvent],
        *,
        name: str = DEFAULT_SCHEDULER,
        plugins: PluginFactory = default_plugins,
    ) -> None:
        self._client = client
        self._pods = pods
        self._nodes = nodes
        self._events = events
        self._name = name
        self.cache = Cache()
        self._profile = Profile(plugins(client), self.cache)
        self.queue = SchedulingQueue(self._profile.gate, self._profile.hints)
        self._workers = 0
        self._alarm: int | None = None
        self._unsynced = [pods.source, nodes.source]

    def started(self) -> None:
        """Learn what is there, then follow it."""
        self._random = self.ctx.random_for("ties")
        self._recorder = EventRecorder(self._events, self.ctx, self._name, self._name)
        self._nodes.subscribe(self.ctx.self)
        self._pods.subscribe(self.ctx.self)

    @handle
    def changed(self, message: Notify) -> None:
        """Nodes and pods came, changed and went."""
        if message.source == self._nodes.source:
            for node_change in cast("tuple[Change[Node], ...]", message.changes):
                self._node_changed(node_change)
        else:
            for pod_change in cast("tuple[Change[Pod], ...]", message.changes):
                self._pod_changed(pod_change)
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
            self.queue.delete(pod.metadata.uid)
        elif pod.spec.scheduler_name in {self._name, ""} and not self.cache.is_assumed(pod.metadata.uid):
            self.queue.update(pod_info(pod), self.ctx.now)

    def _pod_left(self, pod: Pod) -> None:
        self.queue.delete(pod.metadata.uid)
        if self.cache.remove_pod(pod.metadata.uid):
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
        elif before.demand != after.demand:
            event = ClusterEvent(Resource.ASSIGNED_POD, Action.UPDATE_POD_SCALE_DOWN)
            self.queue.move(event, before.pod, pod, self.ctx.now)

    # One pod.

    async def _schedule_one(self, queued: QueuedPod) -> None:
        pod = queued.info
        found = self._profile.select(pod, self._random)
        if isinstance(found, Diagnosis):
            added = self._profile.explain(pod, found) if found.nodes else ""
            await self._refuse(queued, found.plugins, diagnosis.message(found, added))
            return
        self.cache.assume(pod, found.name)
        status = self._profile.reserve(pod, found.name)
        if status is not None:
            self.cache.forget(pod.uid)
            await self._refuse(queued, (status.plugin,), status.message)
            return
        self.queue.done(pod.uid)
        await self._bind(queued, found.name)

    async def _bind(self, queued: QueuedPod, node_name: str) -> None:
        pod = queued.info
        try:
            await self._profile.bind(pod, node_name)
        except StatusError as error:
            self._profile.unreserve(pod, node_name)
            self.cache.forget(pod.uid)
            self.queue.move(_POD_LEFT, pod.pod, None, self.ctx.now)
            self.ctx.log.info("scheduler.bind_failed", pod=pod.key, node=node_name, error=str(error))
            await self._try_again(queued, f'running Bind plugin "DefaultBinder": {error}')
        else:
            message = f"Successfully assigned {pod.key} to {node_name}"
            self._recorder.normal(pod.pod, "Scheduled", message, action="Binding")

    async def _try_again(self, queued: QueuedPod, error: str) -> None:
        """Something broke: again after a while, unless the pod is gone, or was bound nevertheless."""
        pod = self._waiting(queued.info)
        if pod is None:
            return
        self.queue.retry_after_error(queued, pod_info(pod), self.ctx.now)
        self._set_alarm()
        await self._report(pod, SCHEDULER_ERROR, error)

    async def _refuse(self, queued: QueuedPod, plugins: tuple[str, ...], message: str) -> None:
        """No node fits: wait for an event that changes that."""
        queued.plugins = plugins
        self.queue.requeue(queued, self.ctx.now)
        self._set_alarm()
        pod = self._waiting(queued.info)
        if pod is not None:
            await self._report(pod, UNSCHEDULABLE, message)

    async def _report(self, pod: Pod, reason: str, message: str) -> None:
        """Say so in an event and in the pod's condition."""
        self._recorder.warning(pod, "FailedScheduling", _shortened(message), action="Scheduling")
        condition = self._condition(pod, reason, message)
        if condition is None:
            return
        metadata = pod.metadata
        patch = {"metadata": {"uid": metadata.uid}, "status": {"conditions": [condition]}}
        try:
            await self._client.patch(Pod, metadata.name, patch, metadata.namespace, subresource="status")
        except StatusError as error:
            self.ctx.log.info("scheduler.condition_failed", pod=metadata.name, error=str(error))

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
