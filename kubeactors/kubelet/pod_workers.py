"""The pod workers of a kubelet: from the first sight of a pod to its removal.

Source: pkg/kubelet/pod_workers.go, HandlePodAdditions and HandlePodRemoves in pkg/kubelet/kubelet.go (v1.36).
"""

from collections.abc import Iterator

from kubeactors.actor import Context
from kubeactors.api.core.v1 import ObjectReference, Pod
from kubeactors.client import EventRecorder, revision_of
from kubeactors.kubelet.alarm import Alarm
from kubeactors.kubelet.allocation_manager import FRESH_NODE_NEEDED, AllocationManager
from kubeactors.kubelet.config import KubeletConfig
from kubeactors.kubelet.eviction import MONITORING_SECONDS
from kubeactors.kubelet.evictor import Evictor
from kubeactors.kubelet.heartbeat import NodeReporter
from kubeactors.kubelet.lifecycle import grace_period_seconds
from kubeactors.kubelet.messages import CheckResources, FetchMaterials, KubeletMessage, Readmit, Wake
from kubeactors.kubelet.pod_event import PodEvent
from kubeactors.kubelet.pod_worker import PodWorker, Stage
from kubeactors.kubelet.runtimes import ContainerRuntime, PodSandbox
from kubeactors.kubelet.static_pods import StaticPods
from kubeactors.kubelet.status_manager import StatusManager
from kubeactors.kubelet.status_writer import StatusWriter

ORPHAN_GRACE_SECONDS = 1.0


class PodWorkers:
    """Admits pods, steps them when they are due or something has changed, and forgets the removed ones.

    After the methods that may make a pod due earlier, call `set_timer`; a caller with many pods does so once.

    Args:
        ctx: the kubelet's context.
        runtime: runs the containers.
        config: the configuration of the kubelet and its node.
        reporter: has the Node, for admission.
        recorder: records the events of pods.
        writer: writes statuses.
        static: the static pods of the node.
        evictor: starts to watch when a pod may exceed its resources.
    """

    __slots__ = (
        "_alarm",
        "_allocations",
        "_by_uid",
        "_config",
        "_ctx",
        "_evictor",
        "_found",
        "_recorder",
        "_runtime",
        "statuses",
    )

    def __init__(  # noqa: PLR0913 -- the dependencies of a component
        self,
        *,
        ctx: Context[KubeletMessage],
        runtime: ContainerRuntime,
        config: KubeletConfig,
        reporter: NodeReporter,
        recorder: EventRecorder,
        writer: StatusWriter,
        static: StaticPods,
        evictor: Evictor,
    ) -> None:
        self._ctx = ctx
        self._runtime = runtime
        self._config = config
        self._recorder = recorder
        self._evictor = evictor
        self._allocations = AllocationManager(reporter)
        self._alarm = Alarm()
        self._by_uid: dict[str, PodWorker] = {}
        self._found: dict[str, PodSandbox] = {one.config.uid: one for one in runtime.list_pod_sandboxes()}
        """Sandboxes that an earlier kubelet left in the runtime, by pod UID, until their pods are seen."""
        self.statuses: StatusManager = StatusManager(ctx, writer, self._by_uid, static, self.apply_update)
        """Writes the statuses of the pods."""

    def __iter__(self) -> Iterator[PodWorker]:
        return iter(self._by_uid.values())

    def get(self, uid: str) -> PodWorker | None:
        """Return the worker of the pod; None if there is none."""
        return self._by_uid.get(uid)

    def is_expected(self, uid: str) -> bool:
        """Whether an earlier kubelet ran the pod, and this one has not seen it yet."""
        return uid in self._found

    def put(self, pod: Pod) -> None:
        """Add a new pod, or apply a newer version of a known one."""
        worker = self._by_uid.get(pod.metadata.uid)
        if worker is None:
            self.add(pod)
        else:
            self.apply_update(worker, pod)

    def add(self, pod: Pod) -> None:
        """Add a pod: adopt its sandbox, recover it, or admit it."""
        now = self._ctx.steady
        config = self._config
        worker = PodWorker(pod, self._runtime, config.node_ip, now, config.allocatable or config.capacity)
        self._by_uid[worker.uid] = worker
        sandbox = self._found.pop(worker.uid, None)
        if sandbox is not None:
            worker.adopt(sandbox, now)
        elif pod.status.start_time is not None:
            worker.recover()
        elif worker.holds_resources and pod.metadata.deletion_timestamp is None:
            self._admit(worker, refreshed=False)
            return
        self._begin(worker)

    def readmit(self, uid: str) -> None:
        """Admit or reject a pod whose admission has waited for a refreshed Node."""
        worker = self._by_uid.get(uid)
        if worker is not None and worker.uid not in self._allocations and worker.holds_resources:
            self._admit(worker, refreshed=True)
            self.set_timer()

    def apply_update(self, worker: PodWorker, pod: Pod) -> None:
        """Apply a newer version of the pod, written by another client."""
        if revision_of(pod.metadata) > revision_of(worker.pod.metadata):
            respecified, worker.pod = pod.spec is not worker.pod.spec, pod
            if worker.materials.wanted.services:
                worker.containers.refresh(self._ctx.steady)
            if respecified:
                worker.containers.take_images(self._ctx.steady)
            if respecified and worker.holds_resources and worker.size.is_wanted:
                self._allocations.resize(worker, self._ctx.steady)
            self.step(worker)
            self.set_timer()

    def remove(self, uid: str) -> None:
        """The pod was removed from the API: stop its containers, then forget it."""
        worker = self._by_uid.get(uid)
        if worker is None:
            return
        self._release(uid)
        self.statuses.forget(uid)
        worker.is_gone = True
        worker.terminate(self._ctx.steady, min(grace_period_seconds(worker.pod), ORPHAN_GRACE_SECONDS))
        self.step(worker)

    def evict(self, uid: str, message: str) -> None:
        """Evict the pod."""
        worker = self._by_uid[uid]
        worker.evict(message, self._ctx.steady)
        self.step(worker)
        self.set_timer()

    def remove_orphans(self) -> None:
        """Stop the sandboxes of pods that no longer exist."""
        for sandbox in self._found.values():
            self._runtime.stop_pod_sandbox(sandbox.id, self._ctx.steady)
            self._runtime.remove_pod_sandbox(sandbox.id)
        self._found.clear()

    def wake(self) -> None:
        """Step the pods that are due."""
        for due, uid in self._alarm.ring(self._ctx.steady):
            worker = self._by_uid.get(uid)
            if worker is not None and worker.wake_at == due:
                self.step(worker)
        self.set_timer()

    def changed(self, uid: str) -> None:
        """Step the pod, in which something has changed."""
        worker = self._by_uid.get(uid)
        if worker is not None:
            self.step(worker)
            self.set_timer()

    def step(self, worker: PodWorker) -> None:
        """Let the pod do what is due, and schedule what follows from it."""
        worker.step(self._ctx.steady)
        self._record_events(worker)
        if worker.materials.reads_at is not None and worker.materials.reads_at <= self._ctx.steady:
            worker.materials.reads_at = None
            self._ctx.self.tell(FetchMaterials(worker.uid))
        if not worker.holds_resources and worker.uid in self._allocations:
            self._release(worker.uid)
        if worker.wake_at is not None:
            self._alarm.add(worker.wake_at, worker.uid)
        if not worker.is_gone:
            self.statuses.changed(worker.uid)
        elif worker.stage is Stage.TERMINATED:
            worker.containers.clean_up()
            del self._by_uid[worker.uid]

    def set_timer(self) -> None:
        """Set the timer for the first pod that is due."""
        seconds = self._alarm.seconds_left(self._ctx.steady)
        if seconds is not None:
            self._ctx.after(seconds, Wake(), key="wake")

    def _admit(self, worker: PodWorker, *, refreshed: bool) -> None:
        """Admit or reject the pod. The Node is refreshed before a rejection that depends on its labels or taints."""
        found = self._allocations.refusal(worker)
        if found is not None and found.reason in FRESH_NODE_NEEDED and not refreshed:
            self._ctx.self.tell(Readmit(worker.uid))
            return
        if found is not None:
            worker.reject(found)
        self._begin(worker)

    def _begin(self, worker: PodWorker) -> None:
        if worker.holds_resources:
            self._allocations.add(worker, self._ctx.steady)
        if not self._evictor.is_watching and worker.may_grow:
            self._evictor.is_watching = True
            self._ctx.after(MONITORING_SECONDS, CheckResources(), key="resources")
        self.step(worker)

    def _release(self, uid: str) -> None:
        """Release the resources of a pod, and retry deferred resizes."""
        for worker in self._allocations.remove(uid, self._by_uid, self._ctx.steady):
            self.step(worker)

    def _record_events(self, worker: PodWorker) -> None:
        about: ObjectReference | None = None
        for event in worker.events:
            if about is None or about.field_path != event.field_path:  # usually they are about one container
                about = _reference(worker.pod, event)
            self._recorder.event(about, event.type, event.reason, event.message)
        worker.events.clear()


def _reference(pod: Pod, event: PodEvent) -> ObjectReference:
    metadata = pod.metadata
    return ObjectReference(
        kind="Pod",
        namespace=metadata.namespace,
        name=metadata.name,
        uid=metadata.uid,
        api_version="v1",
        resource_version=metadata.resource_version,
        field_path=event.field_path,
    )
