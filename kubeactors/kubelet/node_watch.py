"""Watches a kubelet's Node for changes of others.

Source: pkg/kubelet/kubelet.go NewMainKubelet (nodeLister), pkg/kubelet/kubelet_node_status.go tryUpdateNodeStatus (v1.36).
"""

from collections.abc import Iterable

from kubeactors.actor import Context
from kubeactors.api.core.v1 import Node
from kubeactors.apimachinery.requests import ADDED, WatchClosed, WatchEvents
from kubeactors.apimachinery.status import StatusError
from kubeactors.client import Change, Client, Indexer, Reflector
from kubeactors.kubelet.config import KubeletConfig
from kubeactors.kubelet.heartbeat import NodeReporter
from kubeactors.kubelet.messages import AwaitRange, ConnectNode, CorrectNode, KubeletMessage, ShowStaticPods

SECOND = 1_000_000_000


class NodeWatch:
    """Watches one Node, and schedules corrections.

    Kubernetes' kubelet compares its Node with the desired status every ten seconds. So does this one, but only after a
    change: an untouched node costs nothing.

    Args:
        ctx: the kubelet's context.
        client: the kubelet's client.
        reporter: notes the Node, and decides whether its status is wrong.
        config: the node's configuration.
    """

    __slots__ = ("_begun_at", "_config", "_ctx", "_reflector", "_reporter")

    def __init__(
        self, ctx: Context[KubeletMessage], client: Client, reporter: NodeReporter, config: KubeletConfig
    ) -> None:
        self._ctx = ctx
        self._reporter = reporter
        self._config = config
        self._begun_at = ctx.steady
        selector = f"metadata.name={config.node_name}"
        known: Indexer[Node] = Indexer()
        self._reflector = Reflector(client, Node, known, ctx, field_selector=selector, bookmarks=False)

    async def connect(self) -> None:
        """List the Node if necessary, and watch; retry with backoff if that fails."""
        try:
            self._take(await self._reflector.connect(self._ctx.self))
        except StatusError as error:
            self._ctx.log.info("kubelet.node_not_watched", error=str(error))
            self._ctx.after(self._reflector.failed(error), ConnectNode(), key="connect node")
        else:
            self._reconnect_if_broken()

    def receive(self, message: WatchEvents) -> bool:
        """Apply watch events. Returns whether they are of this watch."""
        if message.watch != self._reflector.number:
            return False
        self._take(self._reflector.receive(message))
        self._reconnect_if_broken()
        return True

    def closed(self, message: WatchClosed) -> bool:
        """Reconnect. Returns whether it was this watch."""
        if message.watch != self._reflector.number:
            return False
        self._reflector.closed(message)
        self._reconnect_if_broken()
        return True

    def stop(self) -> None:
        """Stop the watch."""
        self._reflector.stop(self._ctx.self)

    def _reconnect_if_broken(self) -> None:
        if self._reflector.broken:
            self._ctx.after(0.0, ConnectNode(), key="connect node")

    def _take(self, changes: Iterable[Change[Node]]) -> None:
        for change in changes:
            if change.type == ADDED and self._config.static_pods:
                self._ctx.self.tell(ShowStaticPods())
            if change.new is not None and self._reporter.sees(change.new):
                self._look(change.new)

    def _look(self, node: Node) -> None:
        if node.spec.pod_cidr and not self._config.pod_cidr:
            self._ctx.self.tell(AwaitRange())
        if self._reporter.has_news:
            self._ctx.self.tell(CorrectNode())
        elif self._reporter.is_wrong(node, self._ctx.timestamp()):
            self._ctx.after(self._seconds_left(), CorrectNode(), key="correct")

    def _seconds_left(self) -> float:
        """The time until the next periodic check, counted from the start of the kubelet."""
        period = int(self._config.heartbeat_seconds * SECOND)
        return (period - (self._ctx.steady - self._begun_at) % period) / SECOND
