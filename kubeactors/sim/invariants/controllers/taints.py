"""Invariants of the taints that follow from nodes' readiness."""

from collections.abc import Iterator
from typing import ClassVar

from kubeactors.actor.cell import Cell
from kubeactors.actor.supervision import SECOND
from kubeactors.api.core.v1 import Node
from kubeactors.api.core.v1.placement import NO_EXECUTE, NO_SCHEDULE
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.sim.disturbances import LONG_AGO
from kubeactors.sim.invariants.inspection import remembers_since
from kubeactors.sim.invariants.invariant import Invariant, title
from kubeactors.sim.invariants.prompt import PromptInvariant
from kubeactors.sim.processes import MANAGER
from kubeactors.sim.users.manifests import NOT_READY, UNREACHABLE
from kubeactors.sim.world import Commit, World

RATIONED = 35 * SECOND
"""How soon one or two unready nodes of a zone get their NoExecute taint, at a rate of one in 10 s.

Source: nodeEvictionRate of kube-controller-manager (v1.36).
"""
APART = 9 * SECOND
"""The shortest time between two of them, as writes may take a while."""
FEW = 2
"""How many nodes of a zone may be unready without the zone counting as disrupted.

Source: ComputeZoneState in pkg/controller/nodelifecycle/node_lifecycle_controller.go (v1.36).
"""
ZONE = ("topology.kubernetes.io/region", "topology.kubernetes.io/zone")
CALLED_FOR = {"False": NOT_READY, "Unknown": UNREACHABLE}
"""The taint by the status of a node's condition Ready."""


class TaintsFollowReadiness(PromptInvariant):
    """A node whose condition Ready is False or Unknown has the taint for that, and a ready node has neither taint.

    Source: "Taint Nodes by Condition" and "Taint based Evictions" in Kubernetes' documentation.
    """

    name: ClassVar[str] = "taints-follow-readiness"
    reads: ClassVar[tuple[type[TypedObject], ...]] = (Node,)

    def settled(self) -> Iterator[str]:
        """Check each node."""
        for node in self.world.of(Node).values():
            wanted = CALLED_FOR.get(_ready(node), "")
            for effect in (NO_SCHEDULE, NO_EXECUTE):
                taint = _taint(node, effect)
                if taint != wanted and (effect == NO_SCHEDULE or not wanted):
                    has, expected = taint or "no readiness taint", wanted or "none"
                    yield f"{title(node)} has {has} with effect {effect}, but should have {expected}"


class UnreadyNodesAreTainted(PromptInvariant):
    """An unready node gets its NoExecute taint, which evicts its pods, unless most nodes of the zone are unready."""

    name: ClassVar[str] = "unready-nodes-are-tainted"
    reads: ClassVar[tuple[type[TypedObject], ...]] = (Node,)
    patience: ClassVar[int] = RATIONED

    def pending(self) -> Iterator[tuple[str, str]]:
        """Check each unready node."""
        nodes = self.world.of(Node).values()
        unready = [one for one in nodes if _ready(one) != "True"]
        if len(unready) <= min(FEW, len(nodes) - 1):
            for node in unready:
                wanted = CALLED_FOR.get(_ready(node), "")
                if _taint(node, NO_EXECUTE) != wanted:
                    yield f"{title(node)} is not ready, but lacks the taint {wanted}:{NO_EXECUTE}", ""


class NodeEvictionsAreRateLimited(Invariant):
    """Of the unready nodes of a zone one in ten seconds gets its NoExecute taint, as many may only be unreachable.

    A restarted controller, or the next leader, does not know when it tainted the last one.

    Source: "Rate limits on eviction" in Kubernetes' documentation.
    """

    name: ClassVar[str] = "node-evictions-are-rate-limited"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Node,)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._last: dict[tuple[str, ...], int] = {}
        """By zone: when a node of it last got a NoExecute taint (virtual nanoseconds)."""

    def committed(self, commit: Commit) -> Iterator[str]:
        """Check each node that gets such a taint."""
        old, new, now = commit.old, commit.new, self.root.kernel.now
        if not isinstance(new, Node) or not _taint(new, NO_EXECUTE):
            return
        if isinstance(old, Node) and _taint(old, NO_EXECUTE):
            return
        zone = tuple(new.metadata.labels.get(one, "") for one in ZONE)
        last = self._last.get(zone, LONG_AGO)
        self._last[zone] = now
        if now < last + APART and remembers_since(self.world, MANAGER) < last:
            yield f"{title(new)} got a NoExecute taint {(now - last) / SECOND:g} s after another node of its zone, not 10 s"


def _ready(node: Node) -> str:
    return next((str(one.status) for one in node.status.conditions if one.type == "Ready"), "")


def _taint(node: Node, effect: str) -> str:
    """The key of its readiness taint with that effect; empty if there is none."""
    keys = (one.key for one in node.spec.taints if one.effect == effect)
    return next((one for one in keys if one in {NOT_READY, UNREACHABLE}), "")


INVARIANTS: tuple[type[Invariant], ...] = (TaintsFollowReadiness, UnreadyNodesAreTainted, NodeEvictionsAreRateLimited)
