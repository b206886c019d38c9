"""A kubelet's heartbeats: the Node's status, and its Lease.

Source: pkg/kubelet/kubelet_node_status.go, k8s.io/component-helpers/apimachinery/lease (v1.36).
"""

from collections.abc import Callable
from contextlib import suppress

from msgspec.structs import replace

from kubeactors.api.coordination.v1 import Lease, LeaseSpec
from kubeactors.api.core.v1 import Node
from kubeactors.api.core.v1.node import ContainerImage
from kubeactors.api.storage.v1 import CSINode
from kubeactors.apimachinery.meta import ObjectMeta, OwnerReference
from kubeactors.apimachinery.status import AlreadyExists, Conflict, NotFound
from kubeactors.client import Client, revision_of
from kubeactors.kubelet.config import KubeletConfig
from kubeactors.kubelet.node_events import STARTING, NodeEvent, changes, schedulable, started
from kubeactors.kubelet.node_status import differs, new_node, with_labels, with_status

LEASE_NAMESPACE = "kube-node-lease"
LATE = 1.5
"""After a gap of more than this many intervals between heartbeats the kubelet reports its node at once: the node may
have been declared unreachable meanwhile."""

MIGRATED_PLUGINS = {
    "storage.alpha.kubernetes.io/migrated-plugins": ",".join(
        f"kubernetes.io/{one}"
        for one in ("aws-ebs", "azure-disk", "azure-file", "cinder", "gce-pd", "portworx-volume", "vsphere-volume")
    )
}
"""The annotation of a CSINode. Source: migratedPlugins in pkg/volume/csi/csi_plugin.go (v1.36)."""


class NodeReporter:
    """Writes the Node and the Lease of one kubelet. All methods may raise `StatusError`: retry later.

    `node` is the last seen Node; None before `register` has succeeded.
    """

    __slots__ = (
        "_client",
        "_config",
        "_lease",
        "_runtime_version",
        "_unschedulable",
        "events",
        "images",
        "node",
        "pressures",
    )

    def __init__(self, client: Client, config: KubeletConfig, runtime_version: str) -> None:
        self._client = client
        self._config = config
        self._runtime_version = runtime_version
        self._lease: Lease | None = None
        self.node: Node | None = None
        self.events: list[NodeEvent] = []
        """Events to record; the kubelet takes them."""
        self.pressures: tuple[str, ...] = ()
        """The pressure conditions that are True."""
        self.images: Callable[[], tuple[ContainerImage, ...]] = tuple
        """Lists the images on the node."""
        self._unschedulable = False

    async def register(self, now: str) -> None:
        """Create the Node; if it exists, update its labels and its status."""
        try:
            self.node = await self._client.create(new_node(self._config, self._runtime_version, now))
        except AlreadyExists:
            await self.refresh()
            self.events.append(STARTING)
            await self.report(now)
        else:
            self.events += started(self.node) if self._config.tells_boot else ()

    async def publish_csi_node(self) -> None:
        """Create the CSINode of the Node, if there is none.

        Source: InitializeCSINodeWithAnnotation in pkg/volume/csi/nodeinfomanager/nodeinfomanager.go (v1.36).
        """
        if self.node is None:
            return  # sent by an instance before a restart: registration publishes again
        name = self._config.node_name
        metadata = ObjectMeta(name=name, owner_references=(_owned_by(self.node),), annotations=MIGRATED_PLUGINS)
        with suppress(AlreadyExists):
            await self._client.create(CSINode(metadata=metadata))

    async def refresh(self) -> None:
        """Read the Node again."""
        self.node = await self._client.get(Node, self._config.node_name)

    def sees(self, node: Node) -> bool:
        """Note the Node from a watch. Returns whether it is newer than the known one."""
        if self.node is None or revision_of(node.metadata) <= revision_of(self.node.metadata):
            return False
        self.node = node
        return True

    @property
    def has_news(self) -> bool:
        """Whether the Node was cordoned or uncordoned, and no event was recorded yet."""
        return self.node is not None and self.node.spec.unschedulable != self._unschedulable

    def is_wrong(self, node: Node, now: str) -> bool:
        """Whether the Node's status differs from what the kubelet would write, apart from heartbeat times and images.

        New images appear all the time; they are reported with the rest, every five minutes.
        """
        return differs(node.status, self._reported(node, now, node.status.images).status)

    def notice(self) -> None:
        """Add an event if the node was cordoned or uncordoned."""
        if self.has_news:
            self._unschedulable = not self._unschedulable
            self.events.append(schedulable(self._config.node_name, is_so=not self._unschedulable))

    async def report(self, now: str) -> None:
        """Write the node's status."""
        node = self.node
        if node is None:
            return
        try:
            self.node = await self._write(node, now)
        except Conflict:
            self.node = await self._write(await self._client.get(Node, self._config.node_name), now)
        self.notice()

    async def renew(self, now: str) -> None:
        """Renew the Lease; create it if it does not exist."""
        lease = self._lease
        if lease is None:
            await self._acquire(now)
            return
        try:
            self._lease = await self._client.update(replace(lease, spec=replace(lease.spec, renew_time=now)))
        except (Conflict, NotFound):
            self._lease = None
            await self._acquire(now)

    async def _write(self, node: Node, now: str) -> Node:
        labelled = with_labels(node, self._config)
        if labelled is not node:
            labelled = await self._client.update(labelled)
        written = await self._client.update_status(self._reported(labelled, now, self.images()))
        self.events += changes(labelled, written)
        return written

    def _reported(self, node: Node, now: str, images: tuple[ContainerImage, ...]) -> Node:
        return with_status(node, self._config, self._runtime_version, now, pressures=self.pressures, images=images)

    async def _acquire(self, now: str) -> None:
        name = self._config.node_name
        spec = LeaseSpec(
            holder_identity=name, lease_duration_seconds=self._config.lease_duration_seconds, renew_time=now
        )
        owner = await self._client.get(Node, name)  # it may have been recreated; a Lease with a stale owner is garbage
        owners = (_owned_by(owner),)
        try:
            metadata = ObjectMeta(name=name, namespace=LEASE_NAMESPACE, owner_references=owners)
            self._lease = await self._client.create(Lease(metadata=metadata, spec=spec))
        except AlreadyExists:
            found = await self._client.get(Lease, name, LEASE_NAMESPACE)
            self._lease = await self._client.update(
                replace(
                    found,
                    metadata=replace(found.metadata, owner_references=found.metadata.owner_references or owners),
                    spec=spec,
                )
            )


def _owned_by(node: Node) -> OwnerReference:
    """Return an owner reference to the Node."""
    return OwnerReference(api_version="v1", kind="Node", name=node.metadata.name, uid=node.metadata.uid)
