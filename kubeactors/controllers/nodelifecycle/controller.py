"""The node lifecycle controller: notices nodes that have fallen silent, and keeps work away from bad ones.

A node is alive while its Lease is renewed or its status is. One that is silent for longer than the grace period gets
the conditions Unknown, and its pods are no longer ready; taints follow from conditions. Pods are driven off by the
taint eviction controller.

The controller measures silence by its own clock from when it last saw a sign, so that clocks that differ do no harm. It
reads the Lease live before it declares a node dead, and does not count time in which it could not reach the API server
itself: an outage of the API server is none of the nodes' fault.

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
    is_told,
    readiness,
    silenced,
    with_execute_taint,
    with_schedule_taints,
)
from kubeactors.controllers.nodelifecycle.zones import Rates, Turnstile, Zone, eviction_rate, is_cut_off, zone_of
from kubeactors.controllers.pod_marks import PLACED
from kubeactors.controllers.pods import by_node, condition
from kubeactors.message import Recipient

LEASE_NAMESPACE = "kube-node-lease"
NODE = "node"
"""Index: pods by their node."""
ZONES = "zones"
"""Tally: nodes by zone, counted by whether they are ready."""

STANDSTILL_SECONDS = 5.0
"""How soon to look again at a zone in which no node may be given up."""


class NodeLifecycleConfig(msgspec.Struct, frozen=True, kw_only=True):
    """When nodes are given up."""

    grace_seconds: float = 50.0
    """How long a node may be silent."""
    startup_grace_seconds: float = 60.0
    """How long a node may be silent that was never heard of."""
    rates: Rates = Rates()


class Sign(msgspec.Struct, frozen=True):
    """The last sign of life of a node: what it was, and when it was first seen, in our own time.

    What is newer is told by revisions, not by times: the node's clock may be set back. Kubernetes asks for a later time.
    """

    uid: str
    renewed: MicroTime | None
    lease_revision: int
    """At which the Lease was read last."""
    heartbeat: str
    node_revision: int
    """At which the Node was read last."""
    seen: int


class NodeLifecycleController(Controller):
    """Looks at a node when it changes, and when it could have been silent for too long."""

    concurrency = 8

    def __init__(  # noqa: PLR0913 -- it looks at so many kinds
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
        """Nodes as they were when there was nothing to do but to wait for silence."""
        self._turnstiles: dict[str, Turnstile] = {}
        self._reachable_since = 0
        pods.add_indexes({NODE: by_node})
        nodes.add_tally(ZONES, _zone)
        self._nodes = nodes.lister
        self._leases = leases.lister
        self._lease_informer = leases
        self._pods = pods.lister
        self._written_nodes: Overlay[Node] = Overlay(nodes.lister)
        self._written_pods: Overlay[Pod] = Overlay(pods.lister)
        """By node; until that is ready again, or gone."""
        self.observe(leases, self._on_lease, NEWS | HEARTBEAT)
        self.observe(nodes, self._on_node)
        self.observe(pods, self._on_pod, PLACED)

    def started(self) -> None:
        """Subscribe. Nothing that happened before counts: a new instance gives every node its full grace."""
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
            self._tell(change.current, "RemovingNode", f"Removing Node {name} from Controller")
            return
        if old is None:
            self._tell(new, "RegisteredNode", f"Registered Node {name} in Controller")
        self._note(name)
        if old is None or not _is_alike(old, new):
            self.enqueue(name)

    def _on_pod(self, change: Change[Pod]) -> None:
        """A pod that has just come to a node that is not ready is not ready either."""
        new = change.new
        if new is None or (change.old is not None and change.old.spec.node_name):
            return
        node = self._nodes.get(new.spec.node_name)
        if node is not None and is_told(node) and readiness(node) != "True":
            self.enqueue(node.metadata.name)

    def _tell(self, node: Node, reason: str, what: str) -> None:
        reference = ObjectReference(kind="Node", name=node.metadata.name, uid=node.metadata.uid)
        self._recorder.normal(reference, reason, f"Node {node.metadata.name} event: {what}")

    # Signs of life.

    def _note(self, name: str) -> Sign | None:
        """Remember the node's last sign of life; None if there is no such node."""
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
        return self._config.grace_seconds if is_told(node) else self._config.startup_grace_seconds

    def _seconds_left(self, node: Node, sign: Sign) -> float:
        since = max(sign.seen, self._reachable_since, self._lease_informer.connected_at)
        return self._grace(node) - (self.ctx.now - since) / SECOND

    # Sync.

    def needs_work(self, key: str) -> bool:
        """Not if the node is well, nothing of it has changed, and it has given a sign of life since."""
        node, sign = self._well.get(key), self._signs.get(key)
        if node is None or sign is None or self._nodes.by_key(key) is not node:
            return True
        left = self._seconds_left(node, sign)
        if left > 0:
            self.enqueue_after(key, left)
        return left <= 0

    async def reconcile(self, key: str) -> None:
        """Declare the node silent if it is; give it its taints; tell its pods."""
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
            left = self._seconds_left(node, await self._look(node))
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

    async def _look(self, node: Node) -> Sign:
        """The last sign of life by a live read: the cache may lag."""
        name = node.metadata.name
        leases = await self._reader.list(Lease, LEASE_NAMESPACE, field_selector=f"metadata.name={name}")
        return self._noted(node, leases.items[0] if leases.items else None)

    def _report_not_ready(self, node: Node) -> None:
        name = node.metadata.name
        reference = ObjectReference(kind="Node", name=name, uid=node.metadata.uid)
        self._recorder.normal(reference, "NodeNotReady", f"Node {name} status is now: NodeNotReady")

    async def _taint(self, node: Node) -> Node:
        """NoSchedule at once, NoExecute as fast as the zone lets it, removal of both at once.

        Where no node at all is ready nobody is driven off: there is nowhere to go, and it may be us who are cut off.
        """
        tainted = with_schedule_taints(node, self.ctx.timestamp())
        if is_told(node):
            tainted = self._driving_off(node, tainted)
        if tainted is node:
            return node
        return self._written_nodes.wrote(node.metadata.name, await self._client.update(tainted))

    def _driving_off(self, node: Node, tainted: Node) -> Node:
        """With the NoExecute taint that the node is to have now."""
        wanted = "" if is_cut_off(self._zones()) else execute_taint(node)
        if execute_taint(node) and not wanted:
            self.enqueue_after(node.metadata.name, STANDSTILL_SECONDS)
        if not wanted or has_execute_taint(node, wanted) or self._may_give_up(node):
            return with_execute_taint(tainted, wanted, self.ctx.timestamp())
        return tainted

    def _may_give_up(self, node: Node) -> bool:
        zone = zone_of(node)
        rate = eviction_rate(zone, self._zones(), self._config.rates)
        turnstile = self._turnstiles.setdefault(zone, Turnstile())
        wait = turnstile.wait(rate, self.ctx.now)
        if wait == 0:
            return True
        self.enqueue_after(node.metadata.name, STANDSTILL_SECONDS if wait is None else wait / SECOND)
        return False

    def _zones(self) -> dict[str, Zone]:
        return {name: Zone(one.get(True, 0), one.get(False, 0)) for name, one in self._nodes.tally(ZONES).items()}

    async def _mark_pods(self, node: Node) -> None:
        """The pods of a node that is not ready are not ready."""
        name = node.metadata.name
        if readiness(node) == "True":
            self._written_pods.forget(name)
        if readiness(node) == "True" or not is_told(node):
            return
        for key in list(self._pods.by_index(NODE, name)):
            pod = self._written_pods.newest(key, self._pods.by_key(key))  # as it is now: others were written meanwhile
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
    """The sign that a Lease is; the same one if that is no news."""
    revision, renewed = revision_of(lease.metadata), lease.spec.renew_time
    if revision <= sign.lease_revision or renewed == sign.renewed:
        return sign
    return replace(sign, renewed=renewed, lease_revision=revision, seen=now)


def _reported(sign: Sign, heartbeat: str, revision: int, now: int) -> Sign:
    """The sign that a status of the Node is; the same one if that is no news."""
    if not heartbeat or revision <= sign.node_revision or heartbeat == sign.heartbeat:
        return sign
    return replace(sign, heartbeat=heartbeat, node_revision=revision, seen=now)


def _is_alike(old: Node, new: Node) -> bool:
    """Whether only heartbeats differ."""
    return (
        old.spec == new.spec
        and readiness(old) == readiness(new)
        and [(one.type, one.status) for one in old.status.conditions]
        == [(one.type, one.status) for one in new.status.conditions]
    )


def _zone(node: Node) -> tuple[str, bool]:
    """Tally: see `ZONES`."""
    return zone_of(node), readiness(node) == "True"
