"""The kubelet: runs the pods that are bound to its node, and says what becomes of them and of the node.

Source: pkg/kubelet/kubelet.go, pkg/kubelet/status/status_manager.go (v1.36).
"""

from collections.abc import Iterable

from kubeactors.actor import Actor, handle
from kubeactors.api.core.v1 import ObjectReference, Pod
from kubeactors.api.core.v1.node import ContainerImage
from kubeactors.apimachinery.requests import WatchClosed, WatchEvents
from kubeactors.apimachinery.status import StatusError
from kubeactors.client import Change, Client, EventRecorder, Indexer, RecordEvent, Reflector, revision_of
from kubeactors.kubelet.alarm import Alarm
from kubeactors.kubelet.allocation_manager import FRESH_NODE_NEEDED, AllocationManager
from kubeactors.kubelet.config import KubeletConfig
from kubeactors.kubelet.eviction import MONITORING_SECONDS
from kubeactors.kubelet.evictor import NO_LOAD, Evictor
from kubeactors.kubelet.heartbeat import NodeReporter
from kubeactors.kubelet.images import images_on_node
from kubeactors.kubelet.lifecycle import grace_period_seconds
from kubeactors.kubelet.logs import LogReply, ReadLog, read_log
from kubeactors.kubelet.materials_reader import MaterialsReader
from kubeactors.kubelet.messages import (
    AwaitRange,
    CheckResources,
    Connect,
    ConnectNode,
    CorrectNode,
    DropMirror,
    FetchMaterials,
    Heartbeat,
    KeepRenewed,
    KubeletMessage,
    PublishCSINode,
    Readmit,
    Register,
    ReportNode,
    SetLoad,
    ShowStaticPods,
    StopRenewing,
    Wake,
    WriteStatus,
)
from kubeactors.kubelet.node_keeper import NodeKeeper
from kubeactors.kubelet.node_watch import NodeWatch
from kubeactors.kubelet.pod_event import PodEvent
from kubeactors.kubelet.pod_worker import PodWorker, Stage
from kubeactors.kubelet.questions import Questions
from kubeactors.kubelet.runtimes import (
    ContainerChanged,
    ContainerRuntime,
    FindName,
    PodSandbox,
    Question,
    Visit,
)
from kubeactors.kubelet.sessions import (
    Attach,
    Exec,
    FindPort,
    PortReply,
    SessionReply,
    attach_to,
    exec_in,
    find_port,
)
from kubeactors.kubelet.static_pods import StaticPods, mirrored, remembered
from kubeactors.kubelet.status_manager import StatusManager
from kubeactors.kubelet.status_writer import StatusWriter
from kubeactors.kubelet.tokens import TokenManager
from kubeactors.message import Recipient

SECOND = 1_000_000_000
WRITE_RETRY_SECONDS = 1.0
ORPHAN_GRACE_SECONDS = 1.0


class Kubelet(Actor[KubeletMessage], reentrant=True, deterministic=True):
    """One node's kubelet. Each pod is a state machine (`PodWorker`), known by its uid.

    A kubelet that is restarted finds out from the API and from the runtime what there is. What has ended does not run
    again.

    Args:
        client: as whom it talks to the API server.
        runtime: runs the containers; it survives the kubelet.
        config: of the node.
        events: where events go.
        renewer: renews the lease once the kubelet holds it; without one the kubelet does.
        network: as whom names and other pods are looked for, when containers ask; without it as the kubelet.
    """

    def __init__(  # noqa: PLR0913 -- made in one place
        self,
        *,
        client: Client,
        runtime: ContainerRuntime,
        config: KubeletConfig,
        events: Recipient[RecordEvent],
        renewer: Recipient[KeepRenewed | StopRenewing] | None = None,
        network: Client | None = None,
    ) -> None:
        self._client = client
        self._renewer = renewer
        self._runtime = runtime
        self._config = config
        self._events = events
        self._network = network or client
        self._reporter = NodeReporter(client, config, runtime.version)
        self._pods: Indexer[Pod] = Indexer()
        self._workers: dict[str, PodWorker] = {}
        self._found: dict[str, PodSandbox] = {}
        """What an earlier kubelet left in the runtime, by uid, until its pod shows up."""
        self._allocations = AllocationManager(self._reporter)
        self._alarm = Alarm()
        self._evictor = Evictor(config)
        self._static = StaticPods(self._config.node_name)

    def started(self) -> None:
        """Make the node known; everything else follows."""
        self._runtime.subscribe(self.ctx.self)
        self._found = {one.config.uid: one for one in self._runtime.list_pod_sandboxes()}
        self._recorder = EventRecorder(self._events, self.ctx, "kubelet", self._config.node_name)
        self._keeper = NodeKeeper(self.ctx, self._reporter, self._config, self._recorder, self._renewer)
        self._node = NodeWatch(self.ctx, self._client, self._reporter, self._config)
        writer = StatusWriter(self._client, self.ctx, self._config.node_name, self._pods)
        self._statuses = StatusManager(self.ctx, writer, self._workers, self._static, self._take_news)
        tokens = TokenManager(self._client, self.ctx.random) if self._config.account_tokens else None
        self._reader = MaterialsReader(self._client, tokens)
        self._reporter.images = self._images
        self._questions = Questions(self.ctx, self._network, self._runtime)
        self._reflector = Reflector(
            self._client,
            Pod,
            self._pods,
            self.ctx,
            field_selector=f"spec.nodeName={self._config.node_name}",
            consistent=True,
            bookmarks=False,  # to list the few pods of a node again, some day, is cheaper than one each minute
        )
        self.ctx.self.tell(Register())

    def stopped(self) -> None:
        """End the watches. Containers go on."""
        self._reflector.stop(self.ctx.self)
        self._node.stop()
        self._keeper.stop_renewing()

    # The node.

    @handle
    async def register(self, message: Register) -> None:
        """Create the Node and the Lease, then begin to work."""
        await self._keeper.register()

    @handle
    async def publish_csi_node(self, message: PublishCSINode) -> None:
        """Create the CSINode."""
        await self._keeper.publish_csi_node()

    @handle
    async def await_range(self, message: AwaitRange) -> None:
        """Begin to work once the node has a range for its pods: it may have had one before, or is soon given one."""
        pod_cidr = self._keeper.pod_cidr()
        if pod_cidr:
            self._runtime.use_range(pod_cidr)
            self.ctx.self.tell(Connect())
            self.ctx.self.tell(ReportNode())

    @handle
    async def connect_node(self, message: ConnectNode) -> None:
        """Watch the node."""
        if self._reporter.node is not None:  # else told by an instance before this one, as below
            await self._node.connect()

    @handle
    async def correct_node(self, message: CorrectNode) -> None:
        """Put right what the node shows."""
        await self._keeper.correct()

    @handle
    async def heartbeat(self, message: Heartbeat) -> None:
        """Renew the Lease."""
        await self._keeper.renew()

    @handle
    async def report_node(self, message: ReportNode) -> None:
        """Write the node's status."""
        await self._keeper.report()

    def _images(self) -> tuple[ContainerImage, ...]:
        return images_on_node(self._runtime.list_images())

    # Which pods there are.

    @handle
    async def connect(self, message: Connect) -> None:
        """List if need be, and watch; if that fails, again after a while."""
        if self._reporter.node is None:
            return  # told by an instance before this one: who has registered connects
        try:
            first = not self._reflector.synced
            changes = await self._reflector.connect(self.ctx.self)
        except StatusError as error:
            self.ctx.log.info("kubelet.disconnected", error=str(error))
            self.ctx.after(self._reflector.failed(error), message, key="connect")
            return
        if first:
            self._add_static_pods()
        self._take(sorted(changes, key=_age))
        if first:
            self._remove_orphans()
        self._reconnect_if_broken()

    @handle
    def watched(self, message: WatchEvents) -> None:
        """Pods came, changed and went; or it is the node."""
        if not self._node.receive(message):
            self._take(self._reflector.receive(message))
            self._reconnect_if_broken()

    @handle
    def closed(self, message: WatchClosed) -> None:
        """Watch again."""
        if not self._node.closed(message):
            self._reflector.closed(message)
            self._reconnect_if_broken()

    def _reconnect_if_broken(self) -> None:
        if self._reflector.broken:
            self.ctx.after(0.0, Connect(), key="connect")

    def _take(self, changes: Iterable[Change[Pod]]) -> None:
        for change in changes:
            if change.current.metadata.annotations and mirrored(change.current):
                self._mirror_changed(change.current)
                if change.new is None:
                    self._statuses.forget(change.current.metadata.uid)
            elif change.new is None:
                self._gone(change.current.metadata.uid)
            else:
                self._changed(change.new)
        self._set_alarm()

    def _changed(self, pod: Pod) -> None:
        worker = self._workers.get(pod.metadata.uid)
        if worker is None:
            self._add(pod)
        else:
            self._take_news(worker, pod)

    def _mirror_changed(self, mirror: Pod) -> None:
        """Write it again if need be; one that mirrors nothing any more goes."""
        metadata = mirror.metadata
        named = self._static.named(metadata.name, metadata.namespace)
        for uid in named:
            self._statuses.changed(uid)
        if not named and self._pods.get(metadata.name, metadata.namespace) is not None:
            self.ctx.self.tell(DropMirror(mirror))

    def _add_static_pods(self) -> None:
        for pod in self._static.make(self._config.static_pods, self._client.scheme.by_type(Pod).default):
            self._add(remembered(pod, self._pods.get(pod.metadata.name, pod.metadata.namespace)))

    @handle
    def show_static_pods(self, message: ShowStaticPods) -> None:
        """Write the mirrors again: those of a Node that went have gone with it."""
        for pod in self._static:
            self._statuses.changed(pod.metadata.uid)

    @handle
    async def drop_mirror(self, message: DropMirror) -> None:
        """Remove a mirror of nothing."""
        await self._statuses.drop(message.mirror)

    def _take_news(self, worker: PodWorker, pod: Pod) -> None:
        """The pod as others have changed it, if that is news: perhaps it is to go."""
        if revision_of(pod.metadata) > revision_of(worker.pod.metadata):
            respecified, worker.pod = pod.spec is not worker.pod.spec, pod
            if worker.materials.wanted.services:
                worker.containers.refresh(self.ctx.steady)
            if respecified:
                worker.containers.take_images(self.ctx.steady)
            if respecified and worker.takes_room and worker.size.is_wanted:
                self._allocations.resize(worker, self.ctx.steady)
            self._step(worker)
            self._set_alarm()

    def _room_was_made(self, uid: str) -> None:
        """A pod takes no room any more: others may grow now."""
        for worker in self._allocations.remove(uid, self._workers, self.ctx.steady):
            self._step(worker)

    def _add(self, pod: Pod) -> None:
        now = self.ctx.steady
        config = self._config
        worker = PodWorker(pod, self._runtime, config.node_ip, now, config.allocatable or config.capacity)
        self._workers[worker.uid] = worker
        sandbox = self._found.pop(worker.uid, None)
        if sandbox is not None:
            worker.adopt(sandbox, now)
        elif pod.status.start_time is not None:
            worker.recover()
        elif worker.takes_room and pod.metadata.deletion_timestamp is None:
            self._admit(worker, refreshed=False)
            return
        self._begin(worker)

    def _admit(self, worker: PodWorker, *, refreshed: bool) -> None:
        """Take the pod or refuse it. The labels of the node may have changed since we saw them: look before refusing."""
        found = self._allocations.refusal(worker)
        if found is not None and found.reason in FRESH_NODE_NEEDED and not refreshed:
            self.ctx.self.tell(Readmit(worker.uid))
            return
        if found is not None:
            worker.reject(found)
        self._begin(worker)

    @handle
    async def readmit(self, message: Readmit) -> None:
        """Read the node, then decide."""
        try:
            await self._reporter.refresh()
        except StatusError as error:
            self.ctx.log.info("kubelet.node_unknown", error=str(error))
            self.ctx.after(WRITE_RETRY_SECONDS, message)
            return
        worker = self._workers.get(message.uid)
        if worker is not None and worker.uid not in self._allocations and worker.takes_room:
            self._admit(worker, refreshed=True)
            self._set_alarm()

    def _begin(self, worker: PodWorker) -> None:
        if worker.takes_room:
            self._allocations.add(worker, self.ctx.steady)
        if not self._evictor.is_watching and worker.may_grow:
            self._evictor.is_watching = True
            self.ctx.after(MONITORING_SECONDS, CheckResources(), key="resources")
        self._step(worker)

    def _gone(self, uid: str) -> None:
        """The API has forgotten the pod: so does the node, after its containers have stopped."""
        worker = self._workers.get(uid)
        if worker is None:
            return
        self._room_was_made(uid)
        self._statuses.forget(uid)
        worker.is_gone = True
        worker.terminate(self.ctx.steady, min(grace_period_seconds(worker.pod), ORPHAN_GRACE_SECONDS))
        self._step(worker)

    def _remove_orphans(self) -> None:
        """Stop what runs of pods that are gone."""
        for sandbox in self._found.values():
            self._runtime.stop_pod_sandbox(sandbox.id, self.ctx.steady)
            self._runtime.remove_pod_sandbox(sandbox.id)
        self._found.clear()

    # What the pods do.

    @handle
    def wake(self, message: Wake) -> None:
        """Do what is due."""
        for due, uid in self._alarm.ring(self.ctx.steady):
            worker = self._workers.get(uid)
            if worker is not None and worker.wake_at == due:
                self._step(worker)
        self._set_alarm()

    @handle
    def changed(self, message: ContainerChanged) -> None:
        """Look at what the runtime did."""
        worker = self._workers.get(message.uid)
        if worker is not None:
            self._step(worker)
            self._set_alarm()

    @handle
    async def find_name(self, message: FindName) -> None:
        """Tell a command what a name stands for; it goes on with that."""
        if not self._is_early(message):
            await self._questions.find_name(message, self._workers.get(message.uid))
            self.changed(ContainerChanged(message.uid))

    @handle
    async def visit(self, message: Visit) -> None:
        """Make a request over HTTP for a command; it goes on with what that says."""
        if not self._is_early(message):
            await self._questions.visit(message, self._workers.get(message.uid))

    def _is_early(self, question: Question) -> bool:
        """Whether an earlier kubelet was asked, and the pod has yet to show up here: then it is looked at again later."""
        is_early = question.uid in self._found
        if is_early:
            self.ctx.after(WRITE_RETRY_SECONDS, question)
        return is_early

    @handle
    async def fetch_materials(self, message: FetchMaterials) -> None:
        """Read what the pod refers to; it begins, or tries again, with that."""
        worker = self._workers.get(message.uid)
        if worker is None:
            return
        wanted, known = worker.materials.wanted, worker.materials.known
        try:
            materials = await self._reader.read(wanted, worker.pod, known, self.ctx.steady)
        except StatusError as error:
            self.ctx.log.info("kubelet.materials_not_read", uid=message.uid, error=str(error))
            worker.materials.reads_at = self.ctx.steady + int(WRITE_RETRY_SECONDS * SECOND)
        else:
            worker.containers.take_materials(materials, self.ctx.steady)
        if self._workers.get(message.uid) is worker:
            self._step(worker)
            self._set_alarm()

    def _step(self, worker: PodWorker) -> None:
        worker.step(self.ctx.steady)
        self._tell_events(worker)
        if worker.materials.reads_at is not None and worker.materials.reads_at <= self.ctx.steady:
            worker.materials.reads_at = None
            self.ctx.self.tell(FetchMaterials(worker.uid))
        if not worker.takes_room and worker.uid in self._allocations:
            self._room_was_made(worker.uid)
        if worker.wake_at is not None:
            self._alarm.add(worker.wake_at, worker.uid)
        if not worker.is_gone:
            self._statuses.changed(worker.uid)
        elif worker.stage is Stage.TERMINATED:
            worker.containers.clean_up()
            del self._workers[worker.uid]

    def _tell_events(self, worker: PodWorker) -> None:
        about: ObjectReference | None = None
        for event in worker.events:
            if about is None or about.field_path != event.field_path:  # mostly they are about one container
                about = _reference(worker.pod, event)
            self._recorder.event(about, event.type, event.reason, event.message)
        worker.events.clear()

    def _set_alarm(self) -> None:
        """Wake when the first pod needs it."""
        seconds = self._alarm.seconds_left(self.ctx.steady)
        if seconds is not None:
            self.ctx.after(seconds, Wake(), key="wake")

    @handle
    def set_load(self, message: SetLoad) -> None:
        """Look at once whether there is enough left."""
        self._evictor.load = message.load
        self._evictor.is_watching = True
        self.ctx.self.tell(CheckResources())

    @handle
    def check_resources(self, message: CheckResources) -> None:
        """Evict pods if there is too little, and say how it is. Only while pods run that may take more than is known."""
        now = self.ctx.steady
        for found in self._evictor.look(self._workers.values(), self._static, now):
            worker = self._workers[found.uid]
            worker.evict(found.message, now)
            self._step(worker)
            self._set_alarm()
        if self._evictor.reclaimed:
            text = f"Attempting to reclaim {self._evictor.reclaimed}"
            self._keeper.tell("Warning", "EvictionThresholdMet", text)
        pressures = self._evictor.pressures(now)
        if pressures != self._reporter.pressures:
            self._reporter.pressures = pressures
            self.ctx.self.tell(ReportNode())
        has_load = bool(pressures) or self._evictor.load != NO_LOAD
        self._evictor.is_watching = has_load or any(worker.may_grow for worker in self._workers.values())
        if self._evictor.is_watching:
            self.ctx.after(MONITORING_SECONDS, message, key="resources")

    @handle
    async def write_status(self, message: WriteStatus) -> None:
        """Write until the API shows what we see."""
        await self._statuses.write(message.uid)

    # What others ask.

    @handle
    def read_log(self, message: ReadLog) -> LogReply:
        """The log of a container."""
        return read_log(self._worker_of(message), self._runtime, message, self.ctx.steady)

    @handle
    async def exec(self, message: Exec) -> SessionReply:
        """Run a command in a container, which may look at all: nobody has asked for it if it is not known to read."""
        worker = self._worker_of(message)
        if worker is not None and worker.materials.known is not None and not worker.materials.wanted.services:
            known = worker.materials.known
            try:
                worker.materials.known = await self._reader.read_rest(worker.pod, known, self.ctx.steady)
            except StatusError as error:
                self.ctx.log.info("kubelet.materials_not_read", uid=worker.uid, error=str(error))
        return exec_in(self._worker_of(message), self._runtime, message, self.ctx.steady)

    @handle
    def attach(self, message: Attach) -> SessionReply:
        """Let somebody see what a container writes."""
        return attach_to(self._worker_of(message), self._runtime, message, self.ctx.steady)

    @handle
    def find_port(self, message: FindPort) -> PortReply:
        """Where a port of a pod is."""
        return find_port(self._worker_of(message), self._runtime, message)

    def _worker_of(self, message: ReadLog | Exec | Attach | FindPort) -> PodWorker | None:
        pod = self._pods.get(message.pod, message.namespace)
        return self._workers.get(mirrored(pod) or pod.metadata.uid) if pod is not None else None


def _age(change: Change[Pod]) -> str:
    """Sorts the oldest pods first: they were here first."""
    return change.current.metadata.creation_timestamp or ""


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
