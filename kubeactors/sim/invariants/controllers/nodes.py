"""Invariants of nodes: healthy ones are not tainted, pods are evicted only for a reason, pod CIDRs are unique."""

from collections.abc import Iterator
from typing import ClassVar

from kubeactors.actor.cell import Cell
from kubeactors.actor.supervision import SECOND
from kubeactors.api.core.v1 import Node, Pod, Taint
from kubeactors.api.core.v1.placement import NO_EXECUTE
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.sim.bounds.capacity import is_ours
from kubeactors.sim.invariants.inspection import informed_at, is_evicted, is_lost_with_node
from kubeactors.sim.invariants.invariant import Invariant, title
from kubeactors.sim.invariants.prompt import PromptInvariant
from kubeactors.sim.users.manifests import NOT_READY, UNREACHABLE
from kubeactors.sim.world import Commit, World

BLAMELESS = 120 * SECOND
"""A node that was undisturbed for this long has no reason to miss heartbeats."""
CLEAN = 5 * SECOND
"""How long after its last taint was removed a node's pods are not evicted any more."""
QUARANTINE = 60 * SECOND
"""Pods of a deleted node are kept for 40 s, in case it returns, and until the next check.

Source: quarantineTime, gcCheckPeriod in pkg/controller/podgc/gc_controller.go (v1.36).
"""
MANAGER = "controller-manager"


class HealthyNodesAreNotTainted(Invariant):
    """A healthy node gets no not-ready or unreachable taint with NoExecute, even while other nodes or components fail."""

    name: ClassVar[str] = "healthy-nodes-are-not-tainted"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Node,)

    def committed(self, commit: Commit) -> Iterator[str]:
        """Check each node that gets such a taint."""
        old, new = commit.old, commit.new
        if (
            not isinstance(new, Node)
            or _is_tainted(new) == _is_tainted(old)
            or not _is_tainted(new)
            or not is_ours(new)
        ):
            return
        name, now = new.metadata.name, self.root.kernel.now
        blameless = self.world.faults.affected_until(name, "") + BLAMELESS < now
        # A corrupted status may wrongly report the node as unhealthy.
        if blameless and not self.world.faults.is_corrupted(new.metadata.uid):
            yield f"{title(new)} was tainted as not ready or unreachable, though no fault has affected it"


class EvictionsNeedATaint(Invariant):
    """Pods are evicted because of taints only while their node has a NoExecute taint."""

    name: ClassVar[str] = "evictions-need-a-taint"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Node, Pod)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._clean: dict[str, int] = {}
        """Nodes without NoExecute taints, and since when (virtual nanoseconds)."""

    def committed(self, commit: Commit) -> Iterator[str]:
        """Follow taints; check each pod that is evicted."""
        now, current = self.root.kernel.now, commit.current
        if isinstance(current, Node):
            if _execute(current) or commit.new is None:
                self._clean.pop(current.metadata.name, None)
            else:
                self._clean.setdefault(current.metadata.name, now)
        elif isinstance(current, Pod) and is_evicted(current) and not is_evicted(commit.old):
            clean = self._clean.get(current.spec.node_name)
            knows = informed_at(self.world, MANAGER)
            if clean is not None and max(clean + CLEAN, knows) < now:
                yield f"{title(current)} was evicted from {current.spec.node_name}, which has no NoExecute taint any more"


class PodsOfExistingNodesAreKept(Invariant):
    """No pod is garbage-collected as lost with its node while that node exists."""

    name: ClassVar[str] = "pods-of-existing-nodes-are-kept"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Node, Pod)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._since: dict[str, int] = {}
        """Existing nodes, and since when (virtual nanoseconds)."""

    def committed(self, commit: Commit) -> Iterator[str]:
        """Follow nodes; check each pod that is marked as lost with its node."""
        current = commit.current
        if isinstance(current, Node):
            if commit.new is None:
                self._since.pop(current.metadata.name, None)
            elif commit.old is None:
                self._since[current.metadata.name] = self.root.kernel.now
        elif isinstance(current, Pod) and is_lost_with_node(current) and not is_lost_with_node(commit.old):
            since = self._since.get(current.spec.node_name)
            if since is not None and since + SECOND < self.root.kernel.now:
                yield f"{title(current)} was removed because its node {current.spec.node_name} is gone, but that exists"


class PodCIDRsAreUnique(Invariant):
    """No two nodes, terminating ones included, have the same pod CIDR."""

    name: ClassVar[str] = "pod-cidrs-are-unique"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Node,)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._owners: dict[str, str] = {}
        """The names of nodes, by pod CIDR."""

    def committed(self, commit: Commit) -> Iterator[str]:
        """Follow pod CIDRs."""
        current = commit.current
        if not isinstance(current, Node):
            return
        name, cidr = current.metadata.name, current.spec.pod_cidr
        owner = self._owners.get(cidr)
        if commit.new is None:
            if owner == name:
                del self._owners[cidr]
        elif cidr:
            self._owners[cidr] = name
            if owner not in {None, name}:
                yield f"{title(current)} was given the pod CIDR {cidr} of node {owner}"


class NoPodsOnMissingNodes(PromptInvariant):
    """When all is quiet, no pod is bound to a node that does not exist."""

    name: ClassVar[str] = "no-pods-on-missing-nodes"
    reads: ClassVar[tuple[type[TypedObject], ...]] = (Node, Pod)
    patience: ClassVar[int] = QUARANTINE

    def settled(self) -> Iterator[str]:
        """Look at all bound pods."""
        for problem, _ in self.pending():
            yield problem

    def pending(self) -> Iterator[tuple[str, str]]:
        """Each such pod, by its UID: a scheduler with a stale cache may bind the next pod of its name to that node, too."""
        nodes = {one.metadata.name for one in self.world.of(Node).values()}
        for pod in self.world.of(Pod).values():
            if pod.spec.node_name and pod.spec.node_name not in nodes:
                yield f"{title(pod)} is bound to {pod.spec.node_name}, which does not exist", pod.metadata.uid


def _is_tainted(value: TypedObject | None) -> bool:
    return isinstance(value, Node) and any(one.key in (NOT_READY, UNREACHABLE) for one in _execute(value))


def _execute(node: Node) -> list[Taint]:
    return [one for one in node.spec.taints if one.effect == NO_EXECUTE]


INVARIANTS: tuple[type[Invariant], ...] = (
    HealthyNodesAreNotTainted,
    EvictionsNeedATaint,
    PodsOfExistingNodesAreKept,
    PodCIDRsAreUnique,
    NoPodsOnMissingNodes,
)
