"""What holds of nodes: those that live are not given up, and nobody is driven off without a reason."""

from collections.abc import Iterator
from typing import ClassVar

from kubeactors.actor.cell import Cell
from kubeactors.actor.supervision import SECOND
from kubeactors.api.core.v1 import Node, Pod, Taint
from kubeactors.api.core.v1.placement import NO_EXECUTE
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.sim.bounds.capacity import is_ours
from kubeactors.sim.invariants.inspection import UNDISTURBED, is_condemned, is_evicted
from kubeactors.sim.invariants.invariant import Invariant, title
from kubeactors.sim.invariants.prompt import PromptInvariant
from kubeactors.sim.users.manifests import NOT_READY, UNREACHABLE
from kubeactors.sim.world import Commit, World

BLAMELESS = 120 * SECOND
"""A node that no fault has concerned for so long has no reason to be silent."""
CLEAN = 5 * SECOND
"""So long after its last taint has gone nobody may be driven off a node."""
QUARANTINE = 60 * SECOND
"""Pods of a node that is gone stay for 40 s, in case it comes back, and a little more until somebody looks.

Source: quarantineTime, gcCheckPeriod in pkg/controller/podgc/gc_controller.go (v1.36).
"""
MANAGER = "controller-manager"


class HealthyNodesAreNotTainted(Invariant):
    """A node is not given up while it is well: an outage of others is none of its fault."""

    name: ClassVar[str] = "healthy-nodes-are-not-tainted"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Node,)

    def committed(self, commit: Commit) -> Iterator[str]:
        """Look at each taint that drives pods off."""
        old, new = commit.old, commit.new
        if not isinstance(new, Node) or _given_up(new) == _given_up(old) or not _given_up(new) or not is_ours(new):
            return
        name, now = new.metadata.name, self.root.kernel.now
        blameless = self.world.faults.disturbed_until(name, "") + BLAMELESS < now
        # The status of one that was spoilt says by mistake that it is ill.
        if blameless and not self.world.faults.is_spoilt(new.metadata.uid):
            yield f"{title(new)} was given up, though nothing has befallen it"


class EvictionsNeedATaint(Invariant):
    """Pods are evicted for taints only while their node has some."""

    name: ClassVar[str] = "evictions-need-a-taint"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Node, Pod)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._clean: dict[str, int] = {}
        """Nodes without taints, and since when."""

    def committed(self, commit: Commit) -> Iterator[str]:
        """Follow taints; look at each pod that is evicted."""
        now, current = self.root.kernel.now, commit.current
        if isinstance(current, Node):
            if _execute(current) or commit.new is None:
                self._clean.pop(current.metadata.name, None)
            else:
                self._clean.setdefault(current.metadata.name, now)
        elif isinstance(current, Pod) and is_evicted(current) and not is_evicted(commit.old):
            clean = self._clean.get(current.spec.node_name)
            knows = self.world.faults.disturbed_until(MANAGER) + UNDISTURBED
            if clean is not None and max(clean + CLEAN, knows) < now:
                yield f"{title(current)} was driven off {current.spec.node_name}, which has no taint any more"


class PodsOfExistingNodesAreKept(Invariant):
    """No pod is removed for want of its node while that is there."""

    name: ClassVar[str] = "pods-of-existing-nodes-are-kept"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Node, Pod)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._since: dict[str, int] = {}
        """Nodes that exist, and since when."""

    def committed(self, commit: Commit) -> Iterator[str]:
        """Follow nodes; look at each pod of which it is said that its node is gone."""
        current = commit.current
        if isinstance(current, Node):
            if commit.new is None:
                self._since.pop(current.metadata.name, None)
            elif commit.old is None:
                self._since[current.metadata.name] = self.root.kernel.now
        elif isinstance(current, Pod) and is_condemned(current) and not is_condemned(commit.old):
            since = self._since.get(current.spec.node_name)
            if since is not None and since + SECOND < self.root.kernel.now:
                yield f"{title(current)} was removed because {current.spec.node_name} is gone, which it is not"


class PodCIDRsAreUnique(Invariant):
    """No two nodes have the same range of addresses for their pods, one that is being deleted included."""

    name: ClassVar[str] = "pod-cidrs-are-unique"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Node,)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._owners: dict[str, str] = {}
        """The names of nodes, by range."""

    def committed(self, commit: Commit) -> Iterator[str]:
        """Follow ranges."""
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
                yield f"{title(current)} has the range {cidr}, which node {owner} has"


class NoPodsOnMissingNodes(PromptInvariant):
    """When all is quiet, no pod is on a node that does not exist."""

    name: ClassVar[str] = "no-pods-on-missing-nodes"
    patience: ClassVar[int] = QUARANTINE

    def settled(self) -> Iterator[str]:
        """Look at all pods that were bound."""
        nodes = {one.metadata.name for one in self.world.of(Node).values()}
        for pod in self.world.of(Pod).values():
            if pod.spec.node_name and pod.spec.node_name not in nodes:
                yield f"{title(pod)} is on {pod.spec.node_name}, which does not exist"


def _given_up(value: TypedObject | None) -> bool:
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
