"""Invariants of the scheduler's choice among feasible nodes: none has a higher score than the chosen one.

Judged only if it is certain what the scheduler knew: nothing relevant has happened for a while, and no unbound pod has
room reserved. Pods may be bound in another order than their nodes were chosen.

Source: `selectHost` in pkg/scheduler/schedule_one.go (v1.36): of the best, any.
"""

from collections.abc import Iterator
from typing import ClassVar

import msgspec

from kubeactors.actor.cell import Cell
from kubeactors.api.apps.v1 import ReplicaSet, StatefulSet
from kubeactors.api.core.v1 import Node, Pod, ReplicationController, Service
from kubeactors.api.core.v1.demand import demand
from kubeactors.apimachinery.labels import Selector, of_labels, of_object
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.client import controller_of
from kubeactors.sim.bounds.capacity import admits
from kubeactors.sim.bounds.placement import Search, is_constrained, pod_preference, wants_near
from kubeactors.sim.bounds.rollouts import FINISHED
from kubeactors.sim.bounds.scores import ZONE, Choice, scores
from kubeactors.sim.bounds.spreading import Occupancy
from kubeactors.sim.disturbances import LONG_AGO
from kubeactors.sim.invariants.invariant import Invariant, title
from kubeactors.sim.invariants.scheduler import LONG, is_quiet
from kubeactors.sim.world import Commit, World

Selecting = Service | ReplicaSet | StatefulSet | ReplicationController


class Verdict(msgspec.Struct, frozen=True):
    """A suspected violation, dropped if another pod is bound at the same time."""

    at: int
    better: str
    """The node that should have been chosen; empty if there are several."""
    problem: str


class BestScoringNodeIsChosen(Invariant):
    """A pod is bound to a feasible node with the highest score, computed independently (`bounds/scores.py`).

    Not judged if another pod is bound shortly before or after, as the order of the choices is unknown.
    """

    name: ClassVar[str] = "best-scoring-node-is-chosen"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (
        Pod,
        Node,
        Service,
        ReplicaSet,
        StatefulSet,
        ReplicationController,
    )

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._changed_at: int = LONG_AGO
        """When something that scores depend on last changed: the scheduler may not have seen it."""
        self._waiting: Verdict | None = None

    def committed(self, commit: Commit) -> Iterator[str]:
        """Judge each pod that is bound, and note all other relevant changes."""
        old, new, now = commit.old, commit.new, self.root.kernel.now
        if isinstance(commit.current, Pod) and not is_relevant_change(old, new):
            return
        if isinstance(old, Node) and is_same_node(old, new):
            return
        if isinstance(old, Selecting) and isinstance(new, Selecting) and _selector(old) == _selector(new):
            return
        yield from self.looked()
        self._waiting = None
        quiet = is_quiet(self.world, self._changed_at, now)
        if quiet and isinstance(old, Pod) and isinstance(new, Pod) and not old.spec.node_name and _is_plain(new):
            problem = self._problem(old, new.spec.node_name)
            self._waiting = Verdict(now, "", problem) if problem else None
        self._changed_at = now

    def looked(self) -> Iterator[str]:
        """Report the pending verdict if nothing relevant has happened since."""
        if self._waiting is not None and self._waiting.at + LONG < self.root.kernel.now:
            yield self._waiting.problem
            self._waiting = None

    def _problem(self, pod: Pod, chosen: str) -> str:
        if pod.status.nominated_node_name or has_reserved_room(self.world):
            return ""
        choice = self._choice(pod)
        found = scores(choice) if choice.feasible else {}
        best = max(found.values(), default=0)
        if found.get(chosen, best) == best:
            return ""
        return f"{title(pod)} was bound to {chosen}, which does not have the highest score: {found}"

    def _choice(self, pod: Pod) -> Choice:
        search, nodes = Search(self.world, pod), tuple(self.world.of(Node).values())
        return Choice(
            pod=pod,
            nodes=nodes,
            feasible=tuple(one for one in nodes if admits(one, pod) and search.fits(one)),
            placed=search.placed,
            selectors=tuple(self._selectors(pod)),
        )

    def _selectors(self, pod: Pod) -> Iterator[Selector]:
        namespace, labels = pod.metadata.namespace, pod.metadata.labels
        for one in self.world.of(Service).values():
            found = of_labels(one.spec.selector)
            if one.metadata.namespace == namespace and one.spec.selector and found.matches(labels):
                yield found
        controller = controller_of(pod.metadata)
        owner = self.world.by_uid.get(controller.uid) if controller is not None else None
        if isinstance(owner, Selecting):
            yield _selector(owner)


def has_reserved_room(world: World) -> bool:
    """Whether an unbound pod may have room reserved on a node: by preemption, or while its volumes are bound."""
    return any(one.status.nominated_node_name or not _is_plain(one) for one in world.pods_on(""))


def is_relevant_change(old: TypedObject | None, new: TypedObject | None) -> bool:
    """Whether a change of a pod changes what a scheduler accounts on a node."""
    if not isinstance(old, Pod) or not isinstance(new, Pod):
        gone = old if new is None else None
        return isinstance(gone, Pod) and bool(gone.spec.node_name)
    before, after = (
        (one.spec.node_name, one.metadata.labels, one.status.phase in FINISHED, one.metadata.deletion_timestamp)
        for one in (old, new)
    )
    return bool(new.spec.node_name) and before != after


def _selector(value: Selecting) -> Selector:
    if isinstance(value, Service | ReplicationController):
        return of_labels(value.spec.selector)
    return of_object(value.spec.selector)


def _is_plain(pod: Pod) -> bool:
    """Whether the pod has no node selector, device claim or volume claim."""
    spec = pod.spec
    return not (spec.node_selector or spec.resource_claims) and all(
        one.persistent_volume_claim is None and one.ephemeral is None for one in spec.volumes
    )


class ReplicasAreSpread(Invariant):
    """A replica without scheduling constraints is not bound to a node with more of its siblings than another one has.

    Judged only if the nodes are otherwise equal: same size and zone, both feasible, the image on both or on neither, and
    less of everything on the other; and if nothing has changed for a while, so that the scheduler has seen that.

    Source: the default plugins of kube-scheduler that score: NodeResourcesFit (LeastAllocated),
    NodeResourcesBalancedAllocation, PodTopologySpread with its default constraints, ImageLocality (v1.36). Pods are spread
    by default if a set or a Service selects them (`DefaultSelector` in plugins/helper/spread.go): those of jobs are not.
    """

    name: ClassVar[str] = "replicas-are-spread"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Pod, Node)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._changed_at: int = 0
        """When a pod on a node last finished, or was deleted or asked to terminate, or a node changed: the scheduler may
        not have seen that."""
        self._waiting: list[Verdict] = []
        self._occupancy = Occupancy()
        self._with_affinity: dict[str, Pod] = {}
        """By uid: active pods with affinity terms."""

    def committed(self, commit: Commit) -> Iterator[str]:
        """Note such changes; judge each pod that is bound. The scheduler knows its own earlier bindings."""
        yield from self.looked()
        old, new, now = commit.old, commit.new, self.root.kernel.now
        self._follow(old, new)
        if not isinstance(old, Pod) or not isinstance(new, Pod):
            if not isinstance(new, Pod) and not is_same_node(old, new):
                self._changed_at = now
        elif not old.spec.node_name and new.spec.node_name:
            self._waiting = [one for one in self._waiting if one.better != new.spec.node_name]
            calm = is_quiet(self.world, self._changed_at, now)
            better = (
                self._better(old, new.spec.node_name) if calm and _is_spread(new) and _is_unconstrained(new) else None
            )
            if better is not None:
                told = f"{title(new)} was bound to {new.spec.node_name}, though the equal node {better} has fewer of its siblings"
                self._waiting.append(Verdict(now, better, told))
        elif _going(new) != _going(old):
            self._changed_at = now

    def looked(self) -> Iterator[str]:
        """Report pending verdicts, unless a pod bound since may explain why the other node was not chosen."""
        now = self.root.kernel.now
        due = [one for one in self._waiting if one.at + LONG < now]
        self._waiting = self._waiting[len(due) :]
        yield from (one.problem for one in due)

    def _better(self, pod: Pod, chosen: str) -> str | None:
        here = self.world.find(Node, chosen, "")
        better = self._emptier(pod, here) if here is not None else None
        return None if better is None or self._others_count(pod) else better

    def _others_count(self, pod: Pod) -> bool:
        """Whether other pods may influence the scores. Called last, as it looks at many pods."""
        if has_reserved_room(self.world):
            return True
        if any(one.spec.node_name and one.status.phase not in FINISHED for one in self.world.terminating_pods()):
            return True  # some plugins count terminating pods, others do not
        others = (one for one in self._with_affinity.values() if one.metadata.uid != pod.metadata.uid)
        return any(wants_near(one, pod) or pod_preference(one, pod) for one in others)  # affinity or anti-affinity

    def _emptier(self, pod: Pod, here: Node) -> str | None:
        """An otherwise equal node with fewer siblings."""
        search = Search(self.world, pod)
        there = search.on(here)
        for name in self._occupancy.emptier(len(there)):
            other = self.world.find(Node, name, "")
            if other is None or not search.takes(other) or not _is_like(here, other, pod):
                continue
            if _has_fewer(search.on(other), there, pod):
                return name
        return None

    def _follow(self, old: TypedObject | None, new: TypedObject | None) -> None:
        """Keep the number of pods per node, and the pods with affinity terms."""
        if isinstance(old, Pod) and isinstance(new, Pod) and _presence(old) == _presence(new):
            return
        for one in filter(None, (old, new)):
            if isinstance(one, Node):
                self._occupancy.resize(one.metadata.name, None if new is None else self._size(one.metadata.name))
            elif isinstance(one, Pod) and one.spec.node_name in self._occupancy:
                self._occupancy.resize(one.spec.node_name, self._size(one.spec.node_name))
            if isinstance(one, Pod):
                self._with_affinity.pop(one.metadata.uid, None)
        if isinstance(new, Pod) and new.status.phase not in FINISHED and new.spec.affinity is not None:
            self._with_affinity[new.metadata.uid] = new

    def _size(self, node: str) -> int:
        return sum(one.status.phase not in FINISHED for one in self.world.pods_on(node))


SPREAD = ("ReplicaSet", "ReplicationController", "StatefulSet")
"""Controllers whose pods the scheduler spreads by default."""


def _going(pod: Pod) -> tuple[bool, bool]:
    """Whether it has finished, and whether it is terminating: the one frees its room, the other may change scores."""
    return pod.status.phase in FINISHED, pod.metadata.deletion_timestamp is not None


def is_same_node(old: TypedObject | None, new: TypedObject | None) -> bool:
    """Whether a change of a node is irrelevant to the scheduler."""
    if not isinstance(old, Node) or not isinstance(new, Node) or old.spec != new.spec:
        return False
    before, after = old.status, new.status
    return old.metadata.labels == new.metadata.labels and (before.allocatable, before.images) == (
        after.allocatable,
        after.images,
    )


def _is_spread(pod: Pod) -> bool:
    controller = controller_of(pod.metadata)
    return controller is not None and controller.kind in SPREAD


def _is_unconstrained(pod: Pod) -> bool:
    spec = pod.spec
    return not (is_constrained(pod) or spec.node_selector or spec.resource_claims or spec.priority) and all(
        one.persistent_volume_claim is None and one.ephemeral is None for one in spec.volumes
    )


def _is_like(here: Node, other: Node, pod: Pod) -> bool:
    """Whether two nodes are in one zone and differ only in their pods."""
    wanted = [one.image for one in (*pod.spec.init_containers, *pod.spec.containers)]
    images = [
        [name for name in wanted if any(name in one.names for one in node.status.images)] for node in (here, other)
    ]
    alike = here.status.allocatable == other.status.allocatable and images[0] == images[1] and not other.spec.taints
    return alike and here.metadata.labels.get(ZONE) == other.metadata.labels.get(ZONE)


def _presence(pod: Pod) -> tuple[str, bool]:
    """Its node, and whether it has finished."""
    return pod.spec.node_name, pod.status.phase in FINISHED


def _is_akin(one: Pod, other: Pod) -> bool:
    """Whether a service may select both."""
    return any(other.metadata.labels.get(key) == value for key, value in one.metadata.labels.items())


def _has_fewer(elsewhere: list[Pod], there: list[Pod], pod: Pod) -> bool:
    """Whether the other node has fewer siblings of the pod, fewer pods, and fewer resources requested, as evenly."""
    alike = [sum(1 for one in found if one.metadata.labels == pod.metadata.labels) for found in (there, elsewhere)]
    akin = [sum(1 for one in found if _is_akin(one, pod)) for found in (there, elsewhere)]
    sizes = [[demand(one.spec) for one in found] for found in (there, elsewhere)]
    cpu = [sum(one.milli_cpu for one in some) for some in sizes]
    memory = [sum(one.memory for one in some) for some in sizes]
    return (
        alike[1] < alike[0]
        and akin[1] < akin[0]
        and len(elsewhere) < len(there)
        and cpu[1] <= cpu[0]
        and memory[1] <= memory[0]
        and cpu[1] * memory[0] == cpu[0] * memory[1]
    )


INVARIANTS: tuple[type[Invariant], ...] = (ReplicasAreSpread, BestScoringNodeIsChosen)
