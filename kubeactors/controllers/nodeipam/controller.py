"""The node IPAM controller: assigns a pod CIDR to each node that has none, and releases it when the Node is gone.

All existing assignments are known before the first allocation. A terminating Node keeps its CIDR: a finalizer may hold
it for long, and its pods may still use their addresses.

Source: pkg/controller/nodeipam/ipam/range_allocator.go (v1.36).
"""

from kubeactors.api.core.v1 import Node
from kubeactors.apimachinery.requests import MERGE_PATCH
from kubeactors.apimachinery.status import NotFound, StatusError
from kubeactors.client import Change, Client, Controller, EventRecorder, RecordEvent, SharedInformer, is_ambiguous
from kubeactors.controllers.nodeipam.cidr_set import CidrSet
from kubeactors.message import Recipient

MASK_SIZE = 24
"""The prefix length of a node's CIDR, with room for 253 pods."""

NOT_AVAILABLE, FAILED = "CIDRNotAvailable", "CIDRAssignmentFailed"


class NodeIpamController(Controller):
    """Allocates from `cluster_cidr`. The holders are UIDs: a node of the same name is another node."""

    def __init__(
        self, client: Client, events: Recipient[RecordEvent], cluster_cidr: str, *, nodes: SharedInformer[Node]
    ) -> None:
        super().__init__()
        self._client = client
        self._events = events
        self._ranges = CidrSet(cluster_cidr, MASK_SIZE)
        self._waiting: dict[str, None] = {}
        """Nodes that wait for a free range."""
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
            self._release(change.key, new.metadata.uid)  # what was allocated for it: it may have got another CIDR
            self._occupy(new)

    async def reconcile(self, key: str) -> None:
        """Assign the next free range to a node that has none."""
        node = self._nodes.by_key(key)
        if node is None or node.spec.pod_cidrs or node.metadata.deletion_timestamp is not None:
            return
        cidr = self._ranges.allocate(node.metadata.uid)
        if cidr is None:
            self._waiting[key] = None
            self._record(node, NOT_AVAILABLE)
            return
        await self._assign(node, cidr)

    async def _assign(self, node: Node, cidr: str) -> None:
        """Assign the range. It stays allocated unless the write is known to have failed."""
        metadata = node.metadata
        patch = {"metadata": {"uid": metadata.uid}, "spec": {"podCIDR": cidr, "podCIDRs": [cidr]}}
        try:
            await self._client.patch(Node, metadata.name, patch, patch_type=MERGE_PATCH)
        except NotFound:
            return  # the event of that change will trigger the next sync
        except StatusError as error:
            if not is_ambiguous(error):
                self._record(node, FAILED)
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

    def _record(self, node: Node, status: str) -> None:
        self._recorder.normal(node, status, f"Node {node.metadata.name} status is now: {status}")
