"""The kubelet: runs the pods that are bound to its node, and reports their status and the node's.

Source: pkg/kubelet/kubelet.go, pkg/kubelet/status/status_manager.go (v1.36).
"""

from collections.abc import Iterable

from kubeactors.actor import Actor, Ref, handle
from kubeactors.api.core.v1 import Pod
from kubeactors.api.core.v1.node import ContainerImage
from kubeactors.apimachinery.requests import WatchClosed, WatchEvents
from kubeactors.apimachinery.status import StatusError
from kubeactors.client import Change, Client, EventRecorder, Indexer, RecordEvent, Reflector
from kubeactors.kubelet.config import KubeletConfig
from kubeactors.kubelet.eviction import MONITORING_SECONDS
from kubeactors.kubelet.evictor import NO_LOAD, Evictor
from kubeactors.kubelet.heartbeat import NodeReporter
from kubeactors.kubelet.images import images_on_node
from kubeactors.kubelet.logs import LogReply, ReadLog, read_log
from kubeactors.kubelet.materials_reader import MaterialsReader
from kubeactors.kubelet.messages import (
    AwaitRange,
    CallApiServer,
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
from kubeactors.kubelet.pod_worker import PodWorker
from kubeactors.kubelet.pod_workers import PodWorkers
from kubeactors.kubelet.questions import Questions
from kubeactors.kubelet.runtimes import (
    ContainerChanged,
    ContainerRuntime,
    FindName,
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
from kubeactors.kubelet.status_writer import StatusWriter
from kubeactors.kubelet.tokens import TokenManager
from kubeactors.message import Recipient

SECOND = 1_000_000_000
WRITE_RETRY_SECONDS = 1.0


class Kubelet(Actor[KubeletMessage], reentrant=True, deterministic=True):
    """The kubelet of one node. Each pod is a state machine (`PodWorker`), identified by its UID.

    A restarted kubelet recovers its state from the API and the runtime. Finished containers do not run again.

    Args:
        client: talks to the API server as the kubelet.
        runtime: runs the containers; it survives the kubelet.
        config: the configuration of the kubelet and its node.
        events: the event sink.
        renewer: renews the Lease once the kubelet holds it; None: the kubelet does.
        network: looks up names and other pods for commands in containers; None: the kubelet's client.
        api: the API server's HTTPS edge, for commands in containers; None if it has none.
    """

    def __init__(  # noqa: PLR0913 -- the dependencies of a component
        self,
        *,
        client: Client,
        runtime: ContainerRuntime,
        config: KubeletConfig,
        events: Recipient[RecordEvent],
        renewer: Recipient[KeepRenewed | StopRenewing] | None = None,
        network: Client | None = None,
        api: Ref[CallApiServer] | None = None,
    ) -> None:
        self._client = client
        self._renewer = renewer
        self._runtime = runtime
        self._config = config
        self._events = events
        self._network = network or client
        self._api = api
        self._reporter = NodeReporter(client, config, runtime.version)
        self._pods: Indexer[Pod] = Indexer()
        self._evictor = Evictor(config)
        self._static = StaticPods(self._config.node_name)

    def started(self) -> None:
        """Recover from the runtime, and start with the registration of the node."""
        self._runtime.subscribe(self.ctx.self)
        self._recorder = EventRecorder(self._events, self.ctx, "kubelet", self._config.node_name)
        self._keeper = NodeKeeper(self.ctx, self._reporter, self._config, self._recorder, self._renewer)
        self._node = NodeWatch(self.ctx, self._client, self._reporter, self._config)
        self._workers = PodWorkers(
            ctx=self.ctx,
            runtime=self._runtime,
            config=self._config,
            reporter=self._reporter,
            recorder=self._recorder,
            writer=StatusWriter(self._client, self.ctx, self._config.node_name, self._pods),
            static=self._static,
            evictor=self._evictor,
        )
        self._statuses = self._workers.statuses
        tokens = TokenManager(self._client, self.ctx.random) if self._config.account_tokens else None
        self._reader = MaterialsReader(self._client, tokens)
        self._reporter.images = self._images
        self._questions = Questions(self.ctx, self._network, self._runtime, self._api)
        self._reflector = Reflector(
            self._client,
            Pod,
            self._pods,
            self.ctx,
            field_selector=f"spec.nodeName={self._config.node_name}",
            consistent=True,
            bookmarks=False,  # relisting the few pods of a node once in a while is cheaper
        )
        self.ctx.self.tell(Register())

    def stopped(self) -> None:
        """Stop the watches. Containers keep running."""
        self._reflector.stop(self.ctx.self)
        self._node.stop()
        self._keeper.stop_renewing()

    # The node.

    @handle
    async def register(self, message: Register) -> None:
        """Register the node, then start to work."""
        await self._keeper.register()

    @handle
    async def publish_csi_node(self, message: PublishCSINode) -> None:
        """Create the CSINode."""
        await self._keeper.publish_csi_node()

    @handle
    async def await_range(self, message: AwaitRange) -> None:
        """Start to work once the node has a pod CIDR, which another component may have yet to allocate."""
        pod_cidr = self._keeper.pod_cidr()
        if pod_cidr:
            self._runtime.use_pod_cidr(pod_cidr)
            self.ctx.self.tell(Connect())
            self.ctx.self.tell(ReportNode())

    @handle
    async def connect_node(self, message: ConnectNode) -> None:
        """Connect the watch of the Node."""
        if self._reporter.node is not None:  # else sent by an instance before a restart
            await self._node.connect()

    @handle
    async def correct_node(self, message: CorrectNode) -> None:
        """Correct the node's status."""
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

    # The pods of the node.

    @handle
    async def connect(self, message: Connect) -> None:
        """List the pods if necessary, and watch; retry with backoff if that fails."""
        if self._reporter.node is None:
            return  # sent by an instance before a restart: registration connects again
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
            self._workers.remove_orphans()
        self._reconnect_if_broken()

    @handle
    def watched(self, message: WatchEvents) -> None:
        """Apply watch events of pods or of the Node."""
        if not self._node.receive(message):
            self._take(self._reflector.receive(message))
            self._reconnect_if_broken()

    @handle
    def closed(self, message: WatchClosed) -> None:
        """Reconnect a broken watch."""
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
                self._workers.remove(change.current.metadata.uid)
            else:
                self._workers.put(change.new)
        self._workers.set_timer()

    def _mirror_changed(self, mirror: Pod) -> None:
        """Have a mirror pod checked and rewritten; delete one whose static pod does not exist."""
        metadata = mirror.metadata
        named = self._static.named(metadata.name, metadata.namespace)
        for uid in named:
            self._statuses.changed(uid)
        if not named and self._pods.get(metadata.name, metadata.namespace) is not None:
            self.ctx.self.tell(DropMirror(mirror))

    def _add_static_pods(self) -> None:
        for pod in self._static.make(self._config.static_pods, self._client.scheme.by_type(Pod).default):
            self._workers.add(remembered(pod, self._pods.get(pod.metadata.name, pod.metadata.namespace)))

    @handle
    def show_static_pods(self, message: ShowStaticPods) -> None:
        """Write the mirror pods: those of a deleted Node were deleted with it."""
        for pod in self._static:
            self._statuses.changed(pod.metadata.uid)

    @handle
    async def drop_mirror(self, message: DropMirror) -> None:
        """Delete a mirror pod without a static pod."""
        await self._statuses.drop(message.mirror)

    @handle
    async def readmit(self, message: Readmit) -> None:
        """Refresh the Node, then decide about the pod."""
        try:
            await self._reporter.refresh()
        except StatusError as error:
            self.ctx.log.info("kubelet.node_unknown", error=str(error))
            self.ctx.after(WRITE_RETRY_SECONDS, message)
            return
        self._workers.readmit(message.uid)

    # The work of the pods.

    @handle
    def wake(self, message: Wake) -> None:
        """Step the pods that are due."""
        self._workers.wake()

    @handle
    def changed(self, message: ContainerChanged) -> None:
        """Step the pod whose container has changed in the runtime."""
        self._workers.changed(message.uid)

    @handle
    async def find_name(self, message: FindName) -> None:
        """Resolve a name for a command in a container."""
        if not self._is_early(message):
            await self._questions.find_name(message, self._workers.get(message.uid))
            self._workers.changed(message.uid)

    @handle
    async def visit(self, message: Visit) -> None:
        """Make an HTTP request for a command in a container."""
        if not self._is_early(message):
            await self._questions.visit(message, self._workers.get(message.uid))

    def _is_early(self, question: Question) -> bool:
        """Whether the question is of a pod of an earlier kubelet that is not seen yet: then it is retried later."""
        is_early = self._workers.is_expected(question.uid)
        if is_early:
            self.ctx.after(WRITE_RETRY_SECONDS, question)
        return is_early

    @handle
    async def fetch_materials(self, message: FetchMaterials) -> None:
        """Read the objects that the pod refers to, and step it."""
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
            self._workers.step(worker)
            self._workers.set_timer()

    @handle
    def set_load(self, message: SetLoad) -> None:
        """Note the load of the machine's own programs, and check resources."""
        self._evictor.load = message.load
        self._evictor.is_watching = True
        self.ctx.self.tell(CheckResources())

    @handle
    def check_resources(self, message: CheckResources) -> None:
        """Evict pods if resources run low, and report pressure. Repeats only while usage may grow."""
        now = self.ctx.steady
        for found in self._evictor.synchronize(self._workers, self._static, now):
            self._workers.evict(found.uid, found.message)
        if self._evictor.reclaimed:
            text = f"Attempting to reclaim {self._evictor.reclaimed}"
            self._keeper.tell("Warning", "EvictionThresholdMet", text)
        pressures = self._evictor.pressures(now)
        if pressures != self._reporter.pressures:
            self._reporter.pressures = pressures
            self.ctx.self.tell(ReportNode())
        has_load = bool(pressures) or self._evictor.load != NO_LOAD
        self._evictor.is_watching = has_load or any(worker.may_grow for worker in self._workers)
        if self._evictor.is_watching:
            self.ctx.after(MONITORING_SECONDS, message, key="resources")

    @handle
    async def write_status(self, message: WriteStatus) -> None:
        """Write the status of a pod until the API is up to date."""
        await self._statuses.write(message.uid)

    # Requests of the API server.

    @handle
    def read_log(self, message: ReadLog) -> LogReply:
        """Read the log of a container."""
        return read_log(self._worker_of(message), self._runtime, message, self.ctx.steady)

    @handle
    async def exec(self, message: Exec) -> SessionReply:
        """Run a command in a container. It may read every volume, so read what no container has needed before."""
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
        """Attach to the output of a container."""
        return attach_to(self._worker_of(message), self._runtime, message, self.ctx.steady)

    @handle
    def find_port(self, message: FindPort) -> PortReply:
        """Find the address of a pod's port."""
        return find_port(self._worker_of(message), self._runtime, message)

    def _worker_of(self, message: ReadLog | Exec | Attach | FindPort) -> PodWorker | None:
        pod = self._pods.get(message.pod, message.namespace)
        return self._workers.get(mirrored(pod) or pod.metadata.uid) if pod is not None else None


def _age(change: Change[Pod]) -> str:
    """Sort key: the oldest pods first, since they were admitted first."""
    return change.current.metadata.creation_timestamp or ""
