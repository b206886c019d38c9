"""What holds while nodes are dark or tainted: that is noticed in time, and those go that must."""

from collections.abc import Iterator, Sequence
from typing import ClassVar

from kubeactors.actor.cell import Cell
from kubeactors.actor.supervision import SECOND
from kubeactors.api.coordination.v1 import Lease
from kubeactors.api.core.v1 import Node, Pod, Taint, Toleration
from kubeactors.api.core.v1.placement import NO_EXECUTE
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.sim.bounds.rollouts import is_active
from kubeactors.sim.invariants.inspection import UNDISTURBED
from kubeactors.sim.invariants.invariant import Invariant, title
from kubeactors.sim.world import Commit, World

LEASES = "kube-node-lease"
"""The namespace of heartbeats."""
NOTICED = 75 * SECOND
"""So long after its last heartbeat a node is not ready: 50 s of patience, and some for looking and writing."""
GONE = 5 * SECOND
"""So much later than its tolerations say a pod may be told to go."""
REPORTED = ("Ready", "MemoryPressure", "DiskPressure", "PIDPressure")
MANAGER = "controller-manager"


class UnreachableNodesAreDetected(Invariant):
    """A node that has said nothing for long is not said to be ready, and nothing is said of what only it can know.

    It may have no power; its kubelet may stand still, or be cut off: nobody else can tell that from the other.

    Source: "Node heartbeats" in Kubernetes' documentation.
    """

    name: ClassVar[str] = "unreachable-nodes-are-detected"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Node, Lease)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._heard: dict[str, int] = {}
        """When each node has said something last; the one that has been silent longest comes first."""

    def committed(self, commit: Commit) -> Iterator[str]:
        """Note heartbeats; look at each node of which it is said that nobody knows how it is."""
        new, metadata = commit.new, commit.current.metadata
        if isinstance(commit.current, Node) and new is None:
            self._heard.pop(metadata.name, None)
        elif metadata.namespace == LEASES or (isinstance(new, Node) and _beats(commit.old, new)):
            self._heard.pop(metadata.name, None)
            self._heard[metadata.name] = self.root.kernel.now
        if isinstance(new, Node):
            said = {one.type: one.status for one in new.status.conditions}
            if said.get("Ready") == "Unknown":
                known = [one for one in REPORTED if said.get(one) != "Unknown"]
                if known:
                    yield f"{title(new)} is silent, and it is said to know {', '.join(known)}"

    def looked(self) -> Iterator[str]:
        """Look at all nodes that have been silent for so long."""
        now, known = self.root.kernel.now, self.world.faults.disturbed_until(MANAGER) + UNDISTURBED
        for name, since in self._heard.items():
            if max(since, known) + NOTICED >= now:
                break
            node = self.world.find(Node, name, "")
            ready = (one.status for one in node.status.conditions if one.type == "Ready") if node is not None else ()
            if node is not None and "True" in ready and not self.world.faults.is_spoilt(node.metadata.uid):
                yield f"{title(node)} is said to be ready, and has said nothing for {(now - since) // SECOND} s"


def _beats(old: TypedObject | None, new: Node) -> bool:
    """Whether its kubelet has written this."""
    then = [one.last_heartbeat_time for one in old.status.conditions] if isinstance(old, Node) else []
    return [one.last_heartbeat_time for one in new.status.conditions] != then


class TaintedNodesAreVacated(Invariant):
    """A pod goes once its node has had a taint for longer than the pod tolerates it, if users let pods go."""

    name: ClassVar[str] = "tainted-nodes-are-vacated"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Node, Pod)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._taints: dict[str, dict[str, int]] = {}
        """By node and key: since when it has a taint that drives pods off."""
        self._bound: dict[str, int] = {}
        """By uid: since when a pod is on its node."""

    def committed(self, commit: Commit) -> Iterator[str]:
        """Follow taints, and who comes to nodes."""
        now, current = self.root.kernel.now, commit.current
        if isinstance(current, Pod) and current.spec.node_name:
            self._bound.setdefault(current.metadata.uid, now)
        elif isinstance(current, Node):
            before = {} if commit.new is None else self._taints.get(current.metadata.name, {})
            keys = [one.key for one in _execute(current)]
            self._taints[current.metadata.name] = {key: before.get(key, now) for key in keys}
        yield from ()

    def looked(self) -> Iterator[str]:
        """Look at the pods of all nodes with taints."""
        now, faults = self.root.kernel.now, self.world.faults
        known = max(faults.disturbed_until(MANAGER), faults.hindered_until(MANAGER)) + UNDISTURBED
        for name, taints in self._taints.items():
            node = self.world.find(Node, name, "") if taints else None
            if node is None:
                continue
            for pod in filter(is_active, self.world.pods_on(name)):
                tolerated = _seconds(pod.spec.tolerations, _execute(node))
                begin = max(*taints.values(), known, self._bound[pod.metadata.uid])
                if tolerated is not None and begin + tolerated * SECOND + GONE < now:
                    yield f"{title(pod)} tolerates {name} for {tolerated} s, and is there still"


def _execute(node: Node) -> list[Taint]:
    return [one for one in node.spec.taints if one.effect == NO_EXECUTE]


def _seconds(tolerations: Sequence[Toleration], taints: Sequence[Taint]) -> int | None:
    """How long these taints are tolerated; None for ever.

    Tolerations of our pods name a key, or everything.
    """
    limits: list[int] = []
    for taint in taints:
        fitting = [one for one in tolerations if one.key in {"", taint.key}]
        if not fitting:
            return 0
        limits += [one.toleration_seconds for one in fitting if one.toleration_seconds is not None]
    return min(limits, default=None)


INVARIANTS: tuple[type[Invariant], ...] = (UnreachableNodesAreDetected, TaintedNodesAreVacated)
