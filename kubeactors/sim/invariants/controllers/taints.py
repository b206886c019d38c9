"""What holds of taints: they follow what nodes say of themselves."""

from collections.abc import Iterator
from typing import ClassVar

from kubeactors.actor.cell import Cell
from kubeactors.actor.supervision import SECOND
from kubeactors.api.core.v1 import Node
from kubeactors.api.core.v1.placement import NO_EXECUTE, NO_SCHEDULE
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.sim.disturbances import LONG_AGO
from kubeactors.sim.invariants.invariant import Invariant, title
from kubeactors.sim.invariants.prompt import PromptInvariant
from kubeactors.sim.processes import MANAGER
from kubeactors.sim.users.manifests import NOT_READY, UNREACHABLE
from kubeactors.sim.world import Commit, World

RATIONED = 35 * SECOND
"""So soon one or two nodes of a zone are given up: one every 10 s.

Source: nodeEvictionRate of kube-controller-manager (v1.36).
"""
APART = 9 * SECOND
"""So far apart at least are two of them: writes may take a while."""
FEW = 2
"""So many nodes of a zone may be unready without its being called disrupted.

Source: ComputeZoneState in pkg/controller/nodelifecycle/node_lifecycle_controller.go (v1.36).
"""
ZONE = ("topology.kubernetes.io/region", "topology.kubernetes.io/zone")
CALLED_FOR = {"False": NOT_READY, "Unknown": UNREACHABLE}
"""The taint by the status of a node's condition Ready."""


class TaintsFollowReadiness(PromptInvariant):
    """A node that is not ready, or of which that is not known, is tainted so, and one that is ready is not.

    Source: "Taint Nodes by Condition" and "Taint based Evictions" in Kubernetes' documentation.
    """

    name: ClassVar[str] = "taints-follow-readiness"

    def settled(self) -> Iterator[str]:
        """Look at each node."""
        for node in self.world.of(Node).values():
            wanted = CALLED_FOR.get(_ready(node), "")
            for effect in (NO_SCHEDULE, NO_EXECUTE):
                taint = _taint(node, effect)
                if taint != wanted and (effect == NO_SCHEDULE or not wanted):
                    yield f"{title(node)} is tainted with {taint or 'nothing'}:{effect}, not {wanted or 'nothing'}"


class UnreadyNodesAreEvicted(PromptInvariant):
    """A node that is not ready drives its pods off, unless no other node is ready, or most of its zone are not."""

    name: ClassVar[str] = "unready-nodes-are-evicted"
    patience: ClassVar[int] = RATIONED

    def pending(self) -> Iterator[tuple[str, str]]:
        """Look at each node that is not ready."""
        nodes = self.world.of(Node).values()
        unready = [one for one in nodes if _ready(one) != "True"]
        if len(unready) <= min(FEW, len(nodes) - 1):
            for node in unready:
                wanted = CALLED_FOR.get(_ready(node), "")
                if _taint(node, NO_EXECUTE) != wanted:
                    yield f"{title(node)} is not ready, and not tainted with {wanted}:{NO_EXECUTE}", ""


class NodeEvictionsAreRateLimited(Invariant):
    """Of the nodes of a zone that are not ready one every ten seconds drives its pods off: so many may only be cut off.

    A controller that has started anew does not know when it gave up the last one.

    Source: "Rate limits on eviction" in Kubernetes' documentation.
    """

    name: ClassVar[str] = "node-evictions-are-rate-limited"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Node,)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._last: dict[tuple[str, ...], int] = {}
        """By zone: when a node of it was given up last."""

    def committed(self, commit: Commit) -> Iterator[str]:
        """Look at each node that gets its taint."""
        old, new, now = commit.old, commit.new, self.root.kernel.now
        if not isinstance(new, Node) or not _taint(new, NO_EXECUTE):
            return
        if isinstance(old, Node) and _taint(old, NO_EXECUTE):
            return
        zone = tuple(new.metadata.labels.get(one, "") for one in ZONE)
        last = self._last.get(zone, LONG_AGO)
        self._last[zone] = now
        if now < last + APART and self.world.faults.disturbed_until(MANAGER) < last:
            yield f"{title(new)} was given up {(now - last) / SECOND:g} s after another one of its zone"


def _ready(node: Node) -> str:
    return next((str(one.status) for one in node.status.conditions if one.type == "Ready"), "")


def _taint(node: Node, effect: str) -> str:
    """The key of its taint of that effect that is about readiness; empty if there is none."""
    keys = (one.key for one in node.spec.taints if one.effect == effect)
    return next((one for one in keys if one in {NOT_READY, UNREACHABLE}), "")


INVARIANTS: tuple[type[Invariant], ...] = (TaintsFollowReadiness, UnreadyNodesAreEvicted, NodeEvictionsAreRateLimited)
