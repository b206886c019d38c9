"""Node lifecycle, taints, the kubelet, the scheduler."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, ExitStack
from unittest.mock import patch

from kubeactors.api.core.v1 import Node, Pod
from kubeactors.apimachinery.meta import DeleteOptions, Preconditions
from kubeactors.apimachinery.time import parse_time
from kubeactors.client import Change
from kubeactors.client.workqueue import SECOND
from kubeactors.controllers.nodeipam.controller import NodeIpamController
from kubeactors.controllers.nodelifecycle.controller import NodeLifecycleController, Sign
from kubeactors.controllers.pod_gc import NODE, PodGCController
from kubeactors.controllers.taint_eviction import Exposure, TaintEvictionController, execute_taints, seconds_tolerated
from kubeactors.kubelet.kubelet import Kubelet
from kubeactors.kubelet.lifecycle import TERMINAL
from kubeactors.kubelet.pod_worker import PodWorker, Stage
from kubeactors.kubelet.runtimes import ContainerRuntime, PodSandbox
from kubeactors.kubelet.status_writer import StatusWriter
from kubeactors.scheduler import cache
from kubeactors.scheduler.cache import Cache
from kubeactors.scheduler.changes import ChangeLog
from kubeactors.scheduler.event_handlers import EventHandlers
from kubeactors.scheduler.node_info import NodeInfo
from kubeactors.scheduler.pod_info import PodInfo
from kubeactors.scheduler.queue import SchedulingQueue
from kubeactors.scheduler.queued_pod import QueuedPod
from kubeactors.scheduler.reporter import UNSCHEDULABLE
from kubeactors.scheduler.results import Diagnosis, PostFilterResult
from kubeactors.scheduler.scheduler import Scheduler


def outages_are_deaths() -> AbstractContextManager[object]:
    """An outage of the API server is mistaken for the failure of all nodes."""

    def seconds_left(self: NodeLifecycleController, node: Node, sign: Sign) -> float:
        return self._grace(node) - (self.ctx.now - sign.seen) / SECOND

    async def look(self: NodeLifecycleController, node: Node) -> Sign:
        return self._signs[node.metadata.name]

    stack = ExitStack()
    stack.enter_context(patch.object(NodeLifecycleController, "_seconds_left", seconds_left))
    stack.enter_context(patch.object(NodeLifecycleController, "_live_sign", look))
    return stack


def fail_over_gives_no_grace() -> AbstractContextManager[object]:
    """A new controller manager judges the heartbeats of nodes by its cache, however stale that is."""

    def seconds_left(self: NodeLifecycleController, node: Node, sign: Sign) -> float:
        if sign.renewed is None:
            return self._grace(node)
        return self._grace(node) - (self.ctx.wall - parse_time(sign.renewed)) / SECOND

    async def look(self: NodeLifecycleController, node: Node) -> Sign:
        return self._signs[node.metadata.name]

    stack = ExitStack()
    stack.enter_context(patch.object(NodeLifecycleController, "_seconds_left", seconds_left))
    stack.enter_context(patch.object(NodeLifecycleController, "_live_sign", look))
    return stack


def evictions_are_not_cancelled() -> AbstractContextManager[object]:
    """A pod that tolerates a taint for a while is evicted even if the taint is removed before."""

    async def reconcile(self: TaintEvictionController, key: str) -> None:
        ends: dict[str, int] = self.__dict__.setdefault("_ends", {})
        pod = self._pods.by_key(key)
        if pod is None or pod.metadata.deletion_timestamp is not None:
            self._exposed.pop(key, None)
            ends.pop(key, None)
            return
        seconds = seconds_tolerated(pod.spec.tolerations, execute_taints(self._nodes.get(pod.spec.node_name)))
        if seconds is not None and key not in ends:
            ends[key] = self.ctx.now + int(seconds * SECOND)
            self._exposed[key] = Exposure(pod.metadata.uid, self.ctx.now)
        if key in ends and ends[key] <= self.ctx.now:
            await self._evict(key, pod)
        elif key in ends:
            self.enqueue_after(key, (ends[key] - self.ctx.now) / SECOND)

    return patch.object(TaintEvictionController, "reconcile", reconcile)


def evictions_do_not_wait() -> AbstractContextManager[object]:
    """A pod on a partitioned node is force-deleted: its replacement runs beside it."""

    async def evict(self: TaintEvictionController, key: str, pod: Pod) -> None:
        self._record(pod, f"Marking for deletion Pod {key}")
        metadata = pod.metadata
        options = DeleteOptions(grace_period_seconds=0, preconditions=Preconditions(uid=metadata.uid))
        await self._client.delete(Pod, metadata.name, metadata.namespace, options=options)

    return patch.object(TaintEvictionController, "_evict", evict)


def pods_of_nodes_that_the_cache_lacks_go() -> AbstractContextManager[object]:
    """Pods are force-deleted because a stale cache lacks their node."""

    async def collect_node(self: PodGCController, name: str) -> None:
        if self._nodes.get(name) is None:
            for pod in list(self._pods.by_index(NODE, name).values()):
                await self._fail_and_remove(pod)

    return patch.object(PodGCController, "_collect_node", collect_node)


def pods_of_deleted_nodes_stay() -> AbstractContextManager[object]:
    """The pods of a deleted node are never removed."""

    def on_node(_self: PodGCController, _change: Change[Node]) -> None:
        return

    return patch.object(PodGCController, "_on_node", on_node)


# Pod CIDRs.


def ranges_of_leaving_nodes_are_free() -> AbstractContextManager[object]:
    """A node's pod CIDR is released as soon as its deletion is requested, though a finalizer holds the node."""
    genuine = NodeIpamController._on_node

    def on_node(self: NodeIpamController, change: Change[Node]) -> None:
        new = change.new
        if new is not None and new.metadata.deletion_timestamp is not None:
            self._release(change.key, new.metadata.uid)
        else:
            genuine(self, change)

    return patch.object(NodeIpamController, "_on_node", on_node)


def restarts_give_out_ranges_before_they_know_them() -> AbstractContextManager[object]:
    """After a restart pod CIDRs are allocated before those of existing nodes are marked as used."""

    def on_node(self: NodeIpamController, change: Change[Node]) -> None:
        if change.new is None:
            self._release(change.key, change.current.metadata.uid)
        else:
            self.enqueue(change.key)

    genuine = NodeIpamController.reconcile

    async def reconcile(self: NodeIpamController, key: str) -> None:
        node = self._nodes.by_key(key)
        if node is not None and node.spec.pod_cidrs:
            self._occupy(node)
        else:
            await genuine(self, key)

    stack = ExitStack()
    stack.enter_context(patch.object(NodeIpamController, "_on_node", on_node))
    stack.enter_context(patch.object(NodeIpamController, "reconcile", reconcile))
    return stack


# Kubelets.


def kubelets_read_old_caches() -> AbstractContextManager[object]:
    """A restarted kubelet runs what a stale cache shows: a pod that was deleted and runs elsewhere by now."""

    genuine = Kubelet.started

    def started(self: Kubelet) -> None:
        genuine(self)
        self._reflector._latest = False

    return patch.object(Kubelet, "started", started)


def kubelet_deletes_by_name() -> AbstractContextManager[object]:
    """A kubelet deletes a new pod with the name of the one whose containers have ended."""

    async def delete(self: StatusWriter, pod: Pod) -> None:
        options = DeleteOptions(grace_period_seconds=0)
        await self._client.delete(Pod, pod.metadata.name, pod.metadata.namespace, options=options)
        self._deleted[pod.metadata.uid] = None

    return patch.object(StatusWriter, "delete", delete)


def restarts_run_what_has_ended() -> AbstractContextManager[object]:
    """A restarted kubelet runs pods again that have ended."""
    genuine_init, genuine_adopt = PodWorker.__init__, PodWorker.adopt

    def init(  # noqa: PLR0917 -- as many as the genuine one
        self: PodWorker, pod: Pod, runtime: ContainerRuntime, host_ip: str, now: int, allocatable: Mapping[str, str]
    ) -> None:
        genuine_init(self, pod, runtime, host_ip, now, allocatable)
        self.stage = Stage.RUNNING
        self._adopted = True

    def adopt(self: PodWorker, sandbox: PodSandbox, now: int) -> None:
        if self.pod.status.phase not in TERMINAL:
            genuine_adopt(self, sandbox, now)

    def must_end(self: PodWorker, _now: int) -> bool:
        return self.pod.metadata.deletion_timestamp is not None or self.containers.is_complete

    stack = ExitStack()
    stack.enter_context(patch.object(PodWorker, "__init__", init))
    stack.enter_context(patch.object(PodWorker, "adopt", adopt))
    stack.enter_context(patch.object(PodWorker, "_must_end", must_end))
    return stack


def ended_pods_take_room() -> AbstractContextManager[object]:
    """A kubelet counts ended pods, the scheduler does not: it binds pods that the kubelet rejects."""

    def holds_resources(self: PodWorker) -> bool:
        return not self.is_gone

    return patch.object(PodWorker, "holds_resources", property(holds_resources))


# The scheduler.


def nobody_wakes_pods() -> AbstractContextManager[object]:
    """An unschedulable pod is not requeued when resources are freed."""

    def pod_left(self: EventHandlers, pod: Pod, _now: int) -> None:
        self.queue.delete(pod.metadata.uid)
        self.cache.remove_pod(pod.metadata.uid)

    return patch.object(EventHandlers, "_pod_left", pod_left)


def events_in_flight_are_lost() -> AbstractContextManager[object]:
    """Events during a failed scheduling attempt do not requeue the pod."""

    async def wait(self: Scheduler, queued: QueuedPod, found: Diagnosis, _result: PostFilterResult) -> None:
        waiting = self._still_unscheduled(queued.info)
        if waiting is not None:
            await self._reporter.failed(waiting, UNSCHEDULABLE, "no room", None)
        queued.plugins, queued.pending = found.plugins, found.pending
        self.queue.requeue(queued, self.ctx.now)
        self._set_timer()

    genuine = SchedulingQueue.requeue

    def requeue(self: SchedulingQueue, queued: QueuedPod, now: int) -> None:
        self._events_start += len(self._events)
        self._events.clear()
        for uid, (one, _) in list(self._in_flight.items()):
            self._in_flight[uid] = (one, self._events_start)
        genuine(self, queued, now)

    stack = ExitStack()
    stack.enter_context(patch.object(Scheduler, "_requeue", wait))
    stack.enter_context(patch.object(SchedulingQueue, "requeue", requeue))
    return stack


def room_that_is_made_is_anybodys() -> AbstractContextManager[object]:
    """A scheduler ignores pods that another one has nominated: it gives their room back to the preempted workload."""

    def for_pod(self: NodeInfo, _pod: PodInfo) -> NodeInfo:
        return self

    return patch.object(NodeInfo, "for_pod", for_pod)


class _Dull(ChangeLog):
    """Ignores changes of some rows."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[int, None] = {}

    def add(self, row: int) -> None:
        if row not in self.rows:
            super().add(row)


def nodes_that_come_back_look_the_same() -> AbstractContextManager[object]:
    """Changes of a recreated node are taken for older than they are."""
    genuine = Cache.set_node

    def set_node(self: Cache, node: Node) -> None:
        names: dict[str, None] = self.__dict__.setdefault("_seen", {})
        name = node.metadata.name
        again = name in names and self.get(name) is None
        names[name] = None
        genuine(self, node)
        if again and isinstance(self.changes, _Dull):
            self.changes.rows[self._nodes[name].row] = None

    stack = ExitStack()
    stack.enter_context(patch.object(cache, "ChangeLog", _Dull))
    stack.enter_context(patch.object(Cache, "set_node", set_node))
    return stack
