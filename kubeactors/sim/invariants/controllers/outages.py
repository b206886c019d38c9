"""Invariants of nodes that are unreachable or tainted: that is detected in time, and pods are evicted."""

from collections.abc import Iterator, Sequence
from typing import ClassVar

from kubeactors.actor.cell import Cell
from kubeactors.actor.supervision import SECOND
from kubeactors.api.coordination.v1 import Lease
from kubeactors.api.core.v1 import Node, Pod, Taint, Toleration
from kubeactors.api.core.v1.placement import NO_EXECUTE
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.sim.bounds.rollouts import is_active
from kubeactors.sim.disturbances import RETRIED
from kubeactors.sim.invariants.inspection import informed_at
from kubeactors.sim.invariants.invariant import Invariant, title
from kubeactors.sim.world import Commit, World

LEASES = "kube-node-lease"
"""The namespace of heartbeats."""
NOTICED = 75 * SECOND
"""How long after its last heartbeat a node is marked as not ready: 50 s of grace, and some until the check and the write."""
GONE = 5 * SECOND
"""How much later than its toleration ends a pod may be evicted."""
REPORTED = ("Ready", "MemoryPressure", "DiskPressure", "PIDPressure")
MANAGER = "controller-manager"


class UnreachableNodesAreDetected(Invariant):
    """A node without heartbeats is not Ready, and its other conditions are Unknown.

    Whether it has no power, its kubelet is paused, or it is partitioned: others cannot tell these apart.

    Source: "Node heartbeats" in Kubernetes' documentation.
    """

    name: ClassVar[str] = "unreachable-nodes-are-detected"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Node, Lease)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._heard: dict[str, int] = {}
        """The last heartbeat of each node, the oldest first."""

    def committed(self, commit: Commit) -> Iterator[str]:
        """Note heartbeats; check the conditions of each node whose readiness is Unknown."""
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
                    yield f"{title(new)} has Ready Unknown, but its {', '.join(known)} is not Unknown"

    def looked(self) -> Iterator[str]:
        """Look at all nodes whose heartbeats are overdue."""
        now, known = self.root.kernel.now, informed_at(self.world, MANAGER)
        for name, since in self._heard.items():
            if max(since, known) + NOTICED >= now:
                break
            node = self.world.find(Node, name, "")
            ready = (one.status for one in node.status.conditions if one.type == "Ready") if node is not None else ()
            if node is not None and "True" in ready and not self.world.faults.is_corrupted(node.metadata.uid):
                yield f"{title(node)} is Ready, but has sent no heartbeat for {(now - since) // SECOND} s"


def _beats(old: TypedObject | None, new: Node) -> bool:
    """Whether this write is a heartbeat of its kubelet."""
    then = [one.last_heartbeat_time for one in old.status.conditions] if isinstance(old, Node) else []
    return [one.last_heartbeat_time for one in new.status.conditions] != then


class TaintedNodesAreVacated(Invariant):
    """A pod is evicted once its node has had a NoExecute taint for longer than the pod tolerates, unless policies forbid it."""

    name: ClassVar[str] = "tainted-nodes-are-vacated"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Node, Pod)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._taints: dict[str, dict[str, int]] = {}
        """By node and key: since when it has a NoExecute taint (virtual nanoseconds)."""
        self._bound: dict[str, int] = {}
        """By uid: since when a pod is bound (virtual nanoseconds)."""

    def committed(self, commit: Commit) -> Iterator[str]:
        """Follow taints and bindings."""
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
        known = max(informed_at(self.world, MANAGER), faults.slowed_until(MANAGER) + RETRIED)
        for name, taints in self._taints.items():
            node = self.world.find(Node, name, "") if taints else None
            if node is None:
                continue
            for pod in filter(is_active, self.world.pods_on(name)):
                tolerated = _seconds(pod.spec.tolerations, _execute(node))
                begin = max(*taints.values(), known, self._bound[pod.metadata.uid])
                if tolerated is not None and begin + tolerated * SECOND + GONE < now:
                    yield f"{title(pod)} tolerates the taints of {name} for {tolerated} s, but was not evicted after that"


def _execute(node: Node) -> list[Taint]:
    return [one for one in node.spec.taints if one.effect == NO_EXECUTE]


def _seconds(tolerations: Sequence[Toleration], taints: Sequence[Taint]) -> int | None:
    """For how many seconds these taints are tolerated; None forever.

    Tolerations in scenarios name a key, or match everything.
    """
    limits: list[int] = []
    for taint in taints:
        fitting = [one for one in tolerations if one.key in {"", taint.key}]
        if not fitting:
            return 0
        limits += [one.toleration_seconds for one in fitting if one.toleration_seconds is not None]
    return min(limits, default=None)


INVARIANTS: tuple[type[Invariant], ...] = (UnreachableNodesAreDetected, TaintedNodesAreVacated)
