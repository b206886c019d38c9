"""Registers a kubelet's node, renews its Lease, and reports its status: when each is done.

Source: pkg/kubelet/kubelet_node_status.go, k8s.io/component-helpers/apimachinery/lease (v1.36).
"""

from kubeactors.actor import Context
from kubeactors.apimachinery.status import StatusError
from kubeactors.client import EventRecorder
from kubeactors.kubelet.config import KubeletConfig
from kubeactors.kubelet.heartbeat import LATE, NodeReporter
from kubeactors.kubelet.messages import (
    AwaitRange,
    Connect,
    ConnectNode,
    Heartbeat,
    KeepRenewed,
    KubeletMessage,
    PublishCSINode,
    Register,
    ReportNode,
    StopRenewing,
)
from kubeactors.kubelet.node_events import reference_of
from kubeactors.message import Recipient

SECOND = 1_000_000_000
REGISTER_RETRY_SECONDS = 1.0


class NodeKeeper:
    """Keeps one node registered and alive. Each method is a step, which schedules the next by a message to the kubelet.

    Args:
        ctx: the kubelet's context.
        reporter: reads and writes the Node and the Lease.
        config: the node's configuration.
        recorder: records events.
        renewer: renews the Lease once the kubelet holds it; None: the kubelet does.
    """

    __slots__ = ("_begun", "_config", "_ctx", "_recorder", "_renewed_at", "_renewer", "_renewing", "reporter")

    def __init__(
        self,
        ctx: Context[KubeletMessage],
        reporter: NodeReporter,
        config: KubeletConfig,
        recorder: EventRecorder,
        renewer: Recipient[KeepRenewed | StopRenewing] | None,
    ) -> None:
        self.reporter: NodeReporter = reporter
        self._ctx = ctx
        self._config = config
        self._recorder = recorder
        self._renewer = renewer
        self._renewing = False
        self._renewed_at: int | None = None
        self._begun = False

    async def register(self) -> None:
        """Create the Node, then let the kubelet start to work. Does nothing if the node is registered already."""
        if self._begun:
            return
        self._begun = True
        try:
            await self.reporter.register(self._ctx.timestamp())
        except StatusError as error:
            self._begun = False
            self._ctx.log.warning("kubelet.not_registered", node=self._config.node_name, error=str(error))
            self._ctx.after(REGISTER_RETRY_SECONDS * (1 + self._ctx.random.random()), Register())
            return
        self._tell_events()
        self._ctx.self.tell(Connect() if self._config.pod_cidr else AwaitRange())
        self._ctx.self.tell(ConnectNode())
        if self._config.csi_node:
            self._ctx.self.tell(PublishCSINode())
        self._ctx.self.tell(Heartbeat())
        self._later_report()

    async def publish_csi_node(self) -> None:
        """Create the CSINode; retry with a delay if that fails."""
        try:
            await self.reporter.publish_csi_node()
        except StatusError as error:
            self._ctx.log.info("kubelet.csi_node_not_published", error=str(error))
            self._ctx.after(REGISTER_RETRY_SECONDS, PublishCSINode())

    def pod_cidr(self) -> str:
        """The node's known pod CIDR; empty if it has none."""
        node = self.reporter.node
        return "" if node is None else node.spec.pod_cidr  # None: sent by an instance before a restart

    async def renew(self) -> None:
        """Renew the Lease, and again after about ten seconds, with jitter so that nodes spread."""
        if self.reporter.node is None:
            return  # sent by an instance before a restart: registration starts the renewals
        interval = self._config.heartbeat_seconds
        self._ctx.after(interval * (1 + 0.04 * self._ctx.random.random()), Heartbeat(), key="heartbeat")
        if self._renewing:
            return
        self._renewing = True
        try:
            await self.reporter.renew(self._ctx.microtime())
        except StatusError as error:
            self._ctx.log.info("kubelet.not_renewed", error=str(error))
        else:
            self._was_renewed(interval)
        finally:
            self._renewing = False

    def _was_renewed(self, interval: float) -> None:
        """Report the node if the renewal was late. Hand the Lease over to the renewer, if there is one."""
        now = self._ctx.now
        late = self._renewed_at is not None and now - self._renewed_at > LATE * interval * SECOND
        self._renewed_at = now
        if late:
            self._ctx.self.tell(ReportNode())
        if self._renewer is not None and self._renewer.tell(KeepRenewed(self._config.node_name, self._ctx.self)):
            self._renewed_at = None
            self._ctx.cancel_timer("heartbeat")

    def stop_renewing(self) -> None:
        """Stop renewing the Lease."""
        if self._renewer is not None:
            self._renewer.tell(StopRenewing(self._config.node_name))

    async def report(self) -> None:
        """Write the node's status."""
        self._later_report()
        try:
            await self.reporter.report(self._ctx.timestamp())
            self._tell_events()
        except StatusError as error:
            self._ctx.log.info("kubelet.not_reported", error=str(error))
            self._ctx.after(self._config.heartbeat_seconds, ReportNode(), key="report")

    async def correct(self) -> None:
        """Correct the node's status if it still differs from what the kubelet would write."""
        node = self.reporter.node
        if node is not None and self.reporter.is_wrong(node, self._ctx.timestamp()):
            await self.report()
        else:
            self.reporter.notice()
            self._tell_events()

    def tell(self, type_: str, reason: str, message: str) -> None:
        """Record an event about the node."""
        self._recorder.event(reference_of(self._config.node_name), type_, reason, message)

    def _tell_events(self) -> None:
        for event in self.reporter.events:
            self.tell(event.type, event.reason, event.message)
        self.reporter.events.clear()

    def _later_report(self) -> None:
        seconds = self._config.node_status_seconds * (1 + 0.04 * self._ctx.random.random())
        self._ctx.after(seconds, ReportNode(), key="report")
