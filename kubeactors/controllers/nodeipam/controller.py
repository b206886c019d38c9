"""Node IPAM: a node that comes without a range for its pods is given one, which is its own until its Node is gone.

All ranges that nodes have are known before any is given out. A Node that is being deleted keeps its range: a finalizer
may hold it for long, and its pods may still use their addresses.

Source: pkg/controller/nodeipam/ipam/range_allocator.go (v1.36).
"""

from kubeactors.api.core.v1 import Node
from kubeactors.apimachinery.requests import MERGE_PATCH
from kubeactors.apimachinery.status import NotFound, StatusError
from kubeactors.client import Change, Client, Controller, EventRecorder, RecordEvent, SharedInformer, is_ambiguous
from kubeactors.controllers.nodeipam.cidr_set import CidrSet
from kubeactors.message import Recipient

MASK_SIZE = 24
"""Of a node's range: room for 253 pods."""

NOT_AVAILABLE, FAILED = "CIDRNotAvailable", "CIDRAssignmentFailed"


class NodeIpamController(Controller):
    """Gives out the ranges of `cluster_cidr`, by uid: a namesake is another node."""

    def __init__(
        self, client: Client, events: Recipient[RecordEvent], cluster_cidr: str, *, nodes: SharedInformer[Node]
    ) -> None:
        super().__init__()
        self._client = client
        self._events = events
        self._ranges = CidrSet(cluster_cidr, MASK_SIZE)
        self._waiting: dict[str, None] = {}
        """Nodes for which none was free."""
        self._nodes = nodes.lister
        self.observe(nodes, self._on_node)

    def started(self) -> None:
        """Subscribe."""
        super().started()
        self._recorder = EventRecorder(self._events, self.ctx, "cidrAllocator")

    def _on_node(self, change: Change[Node]) -> None:
        old, new = change.old, change.new
        if new is None:
            self._release(change.key, change.current.metadata.uid)
        elif not new.spec.pod_cidrs:
            self.enqueue(change.key)
        elif old is None or old.spec.pod_cidrs != new.spec.pod_cidrs:
            self._release(change.key, new.metadata.uid)  # what was kept for it; it may have got another one
            self._occupy(new)

    async def reconcile(self, key: str) -> None:
        """Give a node that has no range the next one that is free."""
        node = self._nodes.by_key(key)
        if node is None or node.spec.pod_cidrs or node.metadata.deletion_timestamp is not None:
            return
        cidr = self._ranges.allocate(node.metadata.uid)
        if cidr is None:
            self._waiting[key] = None
            self._tell(node, NOT_AVAILABLE)
            return
        await self._assign(node, cidr)

    async def _assign(self, node: Node, cidr: str) -> None:
        """A range stays the node's as long as it may have got it: without an answer nobody knows."""
        metadata = node.metadata
        patch = {"metadata": {"uid": metadata.uid}, "spec": {"podCIDR": cidr, "podCIDRs": [cidr]}}
        try:
            await self._client.patch(Node, metadata.name, patch, patch_type=MERGE_PATCH)
        except NotFound:
            return  # its event is on its way
        except StatusError as error:
            if not is_ambiguous(error):
                self._tell(node, FAILED)
            raise

    def _occupy(self, node: Node) -> None:
        for cidr in node.spec.pod_cidrs:
            if "." in cidr:  # the others are IPv6
                self._ranges.occupy(cidr, node.metadata.uid)

    def _release(self, key: str, uid: str) -> None:
        self._waiting.pop(key, None)
        if self._ranges.release(uid):
            for waiting in self._waiting:
                self.enqueue(waiting)

    def _tell(self, node: Node, status: str) -> None:
        self._recorder.normal(node, status, f"Node {node.metadata.name} status is now: {status}")
