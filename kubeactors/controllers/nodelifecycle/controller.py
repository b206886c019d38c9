"""The node lifecycle controller: detects nodes that stop sending heartbeats, and taints unhealthy ones.

A node is alive while its Lease or its status is renewed. After a grace period without heartbeats its conditions become
Unknown, and its pods not ready; taints follow from the conditions. The taint eviction controller evicts the pods.
Silence is measured by this controller's own monotonic clock, from when it last saw a heartbeat, so that clock skew does
no harm. The Lease is read live before a node is declared unreachable. Time in which the controller could not reach the
API server does not count: an outage of the API server is not the fault of the nodes.

Source: pkg/controller/nodelifecycle/node_lifecycle_controller.go (v1.36).
"""

import msgspec
from msgspec.structs import replace

from kubeactors.api.coordination.v1 import Lease
from kubeactors.api.core.v1 import Node, ObjectReference, Pod, PodCondition
from kubeactors.apimachinery.meta import MicroTime
from kubeactors.apimachinery.status import NotFound, ServiceUnavailable, Timeout
from kubeactors.client import (
    Change,
    Client,
    Controller,
    EventRecorder,
    Overlay,
    RecordEvent,
    SharedInformer,
    revision_of,
)
from kubeactors.client.heartbeats import HEARTBEAT, NEWS
from kubeactors.client.workqueue import SECOND
from kubeactors.controllers.conditions import find, without
from kubeactors.controllers.nodelifecycle.health import (
    READY,
    execute_taint,
    has_execute_taint,
    has_readiness,
    readiness,
    silenced,
    with_execute_taint,
    with_schedule_taints,
)
from kubeactors.controllers.nodelifecycle.zones import RateLimiter, Rates, Zone, eviction_rate, is_cut_off, zone_of
from kubeactors.controllers.pod_marks import PLACED
from kubeactors.controllers.pods import by_node, condition
from kubeactors.message import Recipient

LEASE_NAMESPACE = "kube-node-lease"
NODE = "node"
"""Index: pods by their node."""
ZONES = "zones"
"""Tally: nodes by zone, counted by whether they are ready."""

STANDSTILL_SECONDS = 5.0
"""How soon to check a zone again in which no node may be tainted now."""


class NodeLifecycleConfig(msgspec.Struct, frozen=True, kw_only=True):
    """When nodes are considered unreachable, and how fast they are tainted."""

    grace_seconds: float = 50.0
    """How long a node may go without a heartbeat."""
    startup_grace_seconds: float = 60.0
    """How long a node may take until its first heartbeat."""
    rates: Rates = Rates()


class Sign(msgspec.Struct, frozen=True):
    """The last heartbeat of a node, and when it was first seen here (nanoseconds of the monotonic clock).

    Which heartbeat is newer is decided by revisions, not by times: the node's clock may be set back. Kubernetes
    requires a later time.
    """

    uid: str
    renewed: MicroTime | None
    lease_revision: int
    """The revision at which the Lease was last read."""
    heartbeat: str
    node_revision: int
    """The revision at which the Node was last read."""
    seen: int


class NodeLifecycleController(Controller):
    """Reconciles a node when it changes, and when its grace period may be over."""

    concurrency = 8

    def __init__(  # noqa: PLR0913 -- one informer for each kind that it reads
        self,
        client: Client,
        events: Recipient[RecordEvent],
        config: NodeLifecycleConfig,
        *,
        reader: Client,
        nodes: SharedInformer[Node],
        leases: SharedInformer[Lease],
        pods: SharedInformer[Pod],
    ) -> None:
        super().__init__()
        self._client = client
        self._reader = reader
        self._events = events
        self._config = config
        self._signs: dict[str, Sign] = {}
        self._well: dict[str, Node] = {}
        """Nodes, as they were when nothing was left to do but to wait for the next heartbeat."""
        self._turnstiles: dict[str, RateLimiter] = {}
        self._reachable_since = 0
        pods.add_indexes({NODE: by_node})
        nodes.add_tally(ZONES, _zone)
        self._nodes = nodes.lister
        self._leases = leases.lister
        self._lease_informer = leases
        self._pods = pods.lister
        self._written_nodes: Overlay[Node] = Overlay(nodes.lister)
        self._written_pods: Overlay[Pod] = Overlay(pods.lister)
        """By node, until it is ready again or gone."""
        self.observe(leases, self._on_lease, NEWS | HEARTBEAT)
        self.observe(nodes, self._on_node)
        self.observe(pods, self._on_pod, PLACED)

    def started(self) -> None:
        """Subscribe. A new instance grants every node the full grace period."""
        super().started()
        self._recorder = EventRecorder(self._events, self.ctx, "node-controller")
        self._reachable_since = self.ctx.now

    # Events.

    def _on_lease(self, change: Change[Lease]) -> None:
        new = change.new
        if new is None or new.metadata.namespace != LEASE_NAMESPACE:
            return
        known = self._signs.get(new.metadata.name)
        if known is None:
            self._note(new.metadata.name)
        else:
            self._signs[new.metadata.name] = _renewed(known, new, self.ctx.now)

    def _on_node(self, change: Change[Node]) -> None:
        name, old, new = change.key, change.old, change.new
        self._written_nodes.seen(change)
        if new is None:
            self._signs.pop(name, None)
            self._well.pop(name, None)
            self._written_pods.forget(name)
            self._record(change.current, "RemovingNode", f"Removing Node {name} from Controller")
            return
        if old is None:
            self._record(new, "RegisteredNode", f"Registered Node {name} in Controller")
        self._note(name)
        if old is None or not _is_alike(old, new):
            self.enqueue(name)

    def _on_pod(self, change: Change[Pod]) -> None:
        """Mark a pod that was just bound to a node that is not ready."""
        new = change.new
        if new is None or (change.old is not None and change.old.spec.node_name):
            return
        node = self._nodes.get(new.spec.node_name)
        if node is not None and has_readiness(node) and readiness(node) != "True":
            self.enqueue(node.metadata.name)

    def _record(self, node: Node, reason: str, what: str) -> None:
        reference = ObjectReference(kind="Node", name=node.metadata.name, uid=node.metadata.uid)
        self._recorder.normal(reference, reason, f"Node {node.metadata.name} event: {what}")

    # Heartbeats.

    def _note(self, name: str) -> Sign | None:
        """Record the node's last heartbeat; None if there is no such node."""
        node = self._nodes.get(name)
        if node is None:
            return None
        lease = self._leases.get(name, LEASE_NAMESPACE)
        return self._noted(node, lease)

    def _noted(self, node: Node, lease: Lease | None) -> Sign:
        name = node.metadata.name
        ready = find(node.status.conditions, READY)
        heartbeat = (ready.last_heartbeat_time or "") if ready is not None and ready.status != "Unknown" else ""
        old = self._signs.get(name)
        if old is None or old.uid != node.metadata.uid:
            self.enqueue_after(name, self._grace(node))
            old = Sign(node.metadata.uid, None, 0, "", 0, self.ctx.now)
        found = _reported(old, heartbeat, revision_of(node.metadata), self.ctx.now)
        found = self._signs[name] = found if lease is None else _renewed(found, lease, self.ctx.now)
        return found

    def _grace(self, node: Node) -> float:
        return self._config.grace_seconds if has_readiness(node) else self._config.startup_grace_seconds

    def _seconds_left(self, node: Node, sign: Sign) -> float:
        since = max(sign.seen, self._reachable_since, self._lease_informer.connected_at)
        return self._grace(node) - (self.ctx.now - since) / SECOND

    # Sync.

    def needs_work(self, key: str) -> bool:
        """False if the node is healthy, has not changed, and has sent a heartbeat since the last reconcile."""
        node, sign = self._well.get(key), self._signs.get(key)
        if node is None or sign is None or self._nodes.by_key(key) is not node:
            return True
        left = self._seconds_left(node, sign)
        if left > 0:
            self.enqueue_after(key, left)
        return left <= 0

    async def reconcile(self, key: str) -> None:
        """Set the conditions of a silent node to Unknown, update taints, and mark the pods of an unready node."""
        self._well.pop(key, None)
        node = self._written_nodes.newest(key, self._nodes.by_key(key))
        sign = self._note(key)
        if node is None or sign is None:
            return
        try:
            found = node
            node = await self._check_silence(node, sign)
            node = await self._taint(node)
            await self._mark_pods(node)
            if node is found and readiness(node) == "True":
                self._well[key] = node
        except (ServiceUnavailable, Timeout):
            self._reachable_since = self.ctx.now
            raise

    async def _check_silence(self, node: Node, sign: Sign) -> Node:
        name = node.metadata.name
        left = self._seconds_left(node, sign)
        if left <= 0:
            left = self._seconds_left(node, await self._live_sign(node))
        if left > 0:
            self.enqueue_after(name, left)
            return node
        silent = silenced(node, self.ctx.timestamp())
        self.enqueue_after(name, self._grace(node))
        if silent is node:
            return node
        written = self._written_nodes.wrote(name, await self._client.update_status(silent))
        if readiness(node) == "True":
            self._report_not_ready(node)
        return written

    async def _live_sign(self, node: Node) -> Sign:
        """The last heartbeat by a live read: the cache may be stale."""
        name = node.metadata.name
        leases = await self._reader.list(Lease, LEASE_NAMESPACE, field_selector=f"metadata.name={name}")
        return self._noted(node, leases.items[0] if leases.items else None)

    def _report_not_ready(self, node: Node) -> None:
        name = node.metadata.name
        reference = ObjectReference(kind="Node", name=name, uid=node.metadata.uid)
        self._recorder.normal(reference, "NodeNotReady", f"Node {name} status is now: NodeNotReady")

    async def _taint(self, node: Node) -> Node:
        """Add NoSchedule taints at once, NoExecute taints at the zone's rate; remove either at once.

        While no node of any zone is ready no pod is evicted: there is no place to go, and the cut-off party may be we.
        """
        tainted = with_schedule_taints(node, self.ctx.timestamp())
        if has_readiness(node):
            tainted = self._with_execute_taint(node, tainted)
        if tainted is node:
            return node
        return self._written_nodes.wrote(node.metadata.name, await self._client.update(tainted))

    def _with_execute_taint(self, node: Node, tainted: Node) -> Node:
        """The node with the NoExecute taint that it should have now."""
        wanted = "" if is_cut_off(self._zones()) else execute_taint(node)
        if execute_taint(node) and not wanted:
            self.enqueue_after(node.metadata.name, STANDSTILL_SECONDS)
        if not wanted or has_execute_taint(node, wanted) or self._may_taint(node):
            return with_execute_taint(tainted, wanted, self.ctx.timestamp())
        return tainted

    def _may_taint(self, node: Node) -> bool:
        zone = zone_of(node)
        rate = eviction_rate(zone, self._zones(), self._config.rates)
        limiter = self._turnstiles.setdefault(zone, RateLimiter())
        wait = limiter.wait(rate, self.ctx.now)
        if wait == 0:
            return True
        self.enqueue_after(node.metadata.name, STANDSTILL_SECONDS if wait is None else wait / SECOND)
        return False

    def _zones(self) -> dict[str, Zone]:
        return {name: Zone(one.get(True, 0), one.get(False, 0)) for name, one in self._nodes.tally(ZONES).items()}

    async def _mark_pods(self, node: Node) -> None:
        """Set the Ready condition of the node's pods to False."""
        name = node.metadata.name
        if readiness(node) == "True":
            self._written_pods.forget(name)
        if readiness(node) == "True" or not has_readiness(node):
            return
        for key in list(self._pods.by_index(NODE, name)):
            pod = self._written_pods.newest(
                key, self._pods.by_key(key)
            )  # read again: earlier writes of the loop took time
            ready = condition(pod, READY) if pod is not None else None
            if pod is not None and pod.spec.node_name == name and ready is not None and ready.status == "True":
                await self._mark_pod(pod, ready)

    async def _mark_pod(self, pod: Pod, ready: PodCondition) -> None:
        unready = replace(ready, status="False", last_transition_time=self.ctx.timestamp())
        conditions = (*without(pod.status.conditions, READY), unready)
        try:
            written = await self._client.update_status(replace(pod, status=replace(pod.status, conditions=conditions)))
        except NotFound:
            return
        self._written_pods.wrote(pod.spec.node_name, written)
        self._recorder.warning(pod, "NodeNotReady", "Node is not ready")


def _renewed(sign: Sign, lease: Lease, now: int) -> Sign:
    """The heartbeat after reading this Lease; the same object if it is not newer."""
    revision, renewed = revision_of(lease.metadata), lease.spec.renew_time
    if revision <= sign.lease_revision or renewed == sign.renewed:
        return sign
    return replace(sign, renewed=renewed, lease_revision=revision, seen=now)


def _reported(sign: Sign, heartbeat: str, revision: int, now: int) -> Sign:
    """The heartbeat after reading this status of the Node; the same object if it is not newer."""
    if not heartbeat or revision <= sign.node_revision or heartbeat == sign.heartbeat:
        return sign
    return replace(sign, heartbeat=heartbeat, node_revision=revision, seen=now)


def _is_alike(old: Node, new: Node) -> bool:
    """Whether the two differ in heartbeats only."""
    return (
        old.spec == new.spec
        and readiness(old) == readiness(new)
        and [(one.type, one.status) for one in old.status.conditions]
        == [(one.type, one.status) for one in new.status.conditions]
    )


def _zone(node: Node) -> tuple[str, bool]:
    """Tally: see `ZONES`."""
    return zone_of(node), readiness(node) == "True"
