"""What holds of the scheduler's choices: of the nodes that take a pod it is none that suits the pod less than another.

Only where it can be told what the scheduler knew when it chose: where nothing concerned it for a while, and no pod keeps
room for itself that is bound nowhere yet. Whom it has chosen a node for before it may have bound after this one.

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
from kubeactors.sim.bounds.capacity import lets_in
from kubeactors.sim.bounds.placement import Search, fondness, is_choosy, wants_near
from kubeactors.sim.bounds.rollouts import FINISHED
from kubeactors.sim.bounds.scores import ZONE, Choice, scores
from kubeactors.sim.bounds.spreading import Crowds
from kubeactors.sim.disturbances import LONG_AGO
from kubeactors.sim.invariants.invariant import Invariant, title
from kubeactors.sim.invariants.scheduler import LONG, is_quiet
from kubeactors.sim.world import Commit, World

Selecting = Service | ReplicaSet | StatefulSet | ReplicationController


class Verdict(msgspec.Struct, frozen=True):
    """What is to be said of a choice, unless another one was made at the same time."""

    at: int
    better: str
    """The node that should have been chosen; empty if it is one of several."""
    problem: str


class BestScoringNodeIsChosen(Invariant):
    """A pod comes to none of the nodes that take it that suits it less than another one does (`bounds/scores.py`).

    If another one is bound shortly before or after, nobody can tell which was first.
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
        self._news: int = LONG_AGO
        """When something happened that the scheduler goes by: it may not have known of it."""
        self._waiting: Verdict | None = None

    def committed(self, commit: Commit) -> Iterator[str]:
        """Judge each pod that is bound, and note what happens besides."""
        old, new, now = commit.old, commit.new, self.root.kernel.now
        if isinstance(commit.current, Pod) and not is_news_of_pods(old, new):
            return
        if isinstance(old, Node) and is_same_node(old, new):
            return
        if isinstance(old, Selecting) and isinstance(new, Selecting) and _selector(old) == _selector(new):
            return
        yield from self.looked()
        self._waiting = None
        quiet = is_quiet(self.world, self._news, now)
        if quiet and isinstance(old, Pod) and isinstance(new, Pod) and not old.spec.node_name and _is_plain(new):
            problem = self._problem(old, new.spec.node_name)
            self._waiting = Verdict(now, "", problem) if problem else None
        self._news = now

    def looked(self) -> Iterator[str]:
        """Say what was to be said if nothing has happened since."""
        if self._waiting is not None and self._waiting.at + LONG < self.root.kernel.now:
            yield self._waiting.problem
            self._waiting = None

    def _problem(self, pod: Pod, chosen: str) -> str:
        if pod.status.nominated_node_name or room_is_kept(self.world):
            return ""
        choice = self._choice(pod)
        found = scores(choice) if choice.feasible else {}
        best = max(found.values(), default=0)
        if found.get(chosen, best) == best:
            return ""
        return f"{title(pod)} was bound to {chosen}, and nodes suit it so well: {found}"

    def _choice(self, pod: Pod) -> Choice:
        search, nodes = Search(self.world, pod), tuple(self.world.of(Node).values())
        return Choice(
            pod=pod,
            nodes=nodes,
            feasible=tuple(one for one in nodes if lets_in(one, pod) and search.fits(one)),
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


def room_is_kept(world: World) -> bool:
    """Whether a pod that is on no node yet may count on one: others were driven off for it, or its volumes are made ready."""
    return any(one.status.nominated_node_name or not _is_plain(one) for one in world.pods_on(""))


def is_news_of_pods(old: TypedObject | None, new: TypedObject | None) -> bool:
    """Whether a scheduler counts otherwise what is on nodes."""
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
    """Whether only who is there, and what it takes, speaks for a node."""
    spec = pod.spec
    return not (spec.node_selector or spec.resource_claims) and all(
        one.persistent_volume_claim is None and one.ephemeral is None for one in spec.volumes
    )


class ReplicasAreSpread(Invariant):
    """A pod of a set that has no wishes does not come to a node with more pods of its kind if it could be with fewer.

    Only where nothing else speaks for the one node or the other: both are as large, take it, and have its image, or none
    has; the other has less of everything; and where nothing has happened for a while, so that the scheduler has seen that.

    Source: the default plugins of kube-scheduler that score: NodeResourcesFit (LeastAllocated),
    NodeResourcesBalancedAllocation, PodTopologySpread with its default constraints, ImageLocality (v1.36). Pods are spread
    by default if a set or a Service selects them (`DefaultSelector` in plugins/helper/spread.go): those of jobs are not.
    """

    name: ClassVar[str] = "replicas-are-spread"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Pod, Node)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._news: int = 0
        """When a pod has left a node or ended there, or is to, or a node has become another one: the scheduler may not
        know yet."""
        self._waiting: list[Verdict] = []
        self._crowds = Crowds()
        self._fond: dict[str, Pod] = {}
        """By uid: pods with wishes of where to be, and near whom, that have not ended."""

    def committed(self, commit: Commit) -> Iterator[str]:
        """Note when there is such news; look at a pod that is bound. The scheduler knows whom it has bound before."""
        yield from self.looked()
        old, new, now = commit.old, commit.new, self.root.kernel.now
        self._follow(old, new)
        if not isinstance(old, Pod) or not isinstance(new, Pod):
            if not isinstance(new, Pod) and not is_same_node(old, new):
                self._news = now
        elif not old.spec.node_name and new.spec.node_name:
            self._waiting = [one for one in self._waiting if one.better != new.spec.node_name]
            calm = is_quiet(self.world, self._news, now)
            better = self._better(old, new.spec.node_name) if calm and _is_spread(new) and _has_no_wishes(new) else None
            if better is not None:
                told = f"{title(new)} was bound to {new.spec.node_name}, and {better} has fewer of its kind"
                self._waiting.append(Verdict(now, better, told))
        elif _going(new) != _going(old):
            self._news = now

    def looked(self) -> Iterator[str]:
        """Say what was to be said, but if a pod that was bound since may have been what kept a node from being chosen."""
        now = self.root.kernel.now
        due = [one for one in self._waiting if one.at + LONG < now]
        self._waiting = self._waiting[len(due) :]
        yield from (one.problem for one in due)

    def _better(self, pod: Pod, chosen: str) -> str | None:
        here = self.world.find(Node, chosen, "")
        better = self._emptier(pod, here) if here is not None else None
        return None if better is None or self._others_count(pod) else better

    def _others_count(self, pod: Pod) -> bool:
        """Whether others may speak for a node or against it. Asked last: all are looked at who wait, go, or have wishes."""
        if room_is_kept(self.world):
            return True
        if any(one.spec.node_name and one.status.phase not in FINISHED for one in self.world.pods_going()):
            return True  # who is on his way counts for some plugins, and for others not
        others = (one for one in self._fond.values() if one.metadata.uid != pod.metadata.uid)
        return any(wants_near(one, pod) or fondness(one, pod) for one in others)  # near him, or not

    def _emptier(self, pod: Pod, here: Node) -> str | None:
        """A node with fewer pods of its kind that would have been as good otherwise."""
        search = Search(self.world, pod)
        there = search.on(here)
        for name in self._crowds.emptier(len(there)):
            other = self.world.find(Node, name, "")
            if other is None or not search.takes(other) or not _is_like(here, other, pod):
                continue
            if _has_fewer(search.on(other), there, pod):
                return name
        return None

    def _follow(self, old: TypedObject | None, new: TypedObject | None) -> None:
        """Note how crowded a node is, and who has wishes."""
        if isinstance(old, Pod) and isinstance(new, Pod) and _presence(old) == _presence(new):
            return
        for one in filter(None, (old, new)):
            if isinstance(one, Node):
                self._crowds.resize(one.metadata.name, None if new is None else self._size(one.metadata.name))
            elif isinstance(one, Pod) and one.spec.node_name in self._crowds:
                self._crowds.resize(one.spec.node_name, self._size(one.spec.node_name))
            if isinstance(one, Pod):
                self._fond.pop(one.metadata.uid, None)
        if isinstance(new, Pod) and new.status.phase not in FINISHED and new.spec.affinity is not None:
            self._fond[new.metadata.uid] = new

    def _size(self, node: str) -> int:
        return sum(one.status.phase not in FINISHED for one in self.world.pods_on(node))


SPREAD = ("ReplicaSet", "ReplicationController", "StatefulSet")
"""Whose pods the scheduler spreads without being asked to."""


def _going(pod: Pod) -> tuple[bool, bool]:
    """Whether it has ended, and whether it is to go: the one takes its room and the other may take its weight from it."""
    return pod.status.phase in FINISHED, pod.metadata.deletion_timestamp is not None


def is_same_node(old: TypedObject | None, new: TypedObject | None) -> bool:
    """Whether a node is to a scheduler what it was."""
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


def _has_no_wishes(pod: Pod) -> bool:
    spec = pod.spec
    return not (is_choosy(pod) or spec.node_selector or spec.resource_claims or spec.priority) and all(
        one.persistent_volume_claim is None and one.ephemeral is None for one in spec.volumes
    )


def _is_like(here: Node, other: Node, pod: Pod) -> bool:
    """Whether nothing speaks for one of two nodes but who is there, and they are in one zone."""
    wanted = [one.image for one in (*pod.spec.init_containers, *pod.spec.containers)]
    images = [
        [name for name in wanted if any(name in one.names for one in node.status.images)] for node in (here, other)
    ]
    alike = here.status.allocatable == other.status.allocatable and images[0] == images[1] and not other.spec.taints
    return alike and here.metadata.labels.get(ZONE) == other.metadata.labels.get(ZONE)


def _presence(pod: Pod) -> tuple[str, bool]:
    """Where it is, and whether it has ended."""
    return pod.spec.node_name, pod.status.phase in FINISHED


def _is_akin(one: Pod, other: Pod) -> bool:
    """Whether a service may select both."""
    return any(other.metadata.labels.get(key) == value for key, value in one.metadata.labels.items())


def _has_fewer(elsewhere: list[Pod], there: list[Pod], pod: Pod) -> bool:
    """Whether there are fewer pods like this elsewhere, and less of everything."""
    alike = [sum(1 for one in found if one.metadata.labels == pod.metadata.labels) for found in (there, elsewhere)]
    akin = [sum(1 for one in found if _is_akin(one, pod)) for found in (there, elsewhere)]
    sizes = [[demand(one.spec) for one in found] for found in (there, elsewhere)]
    return (
        alike[1] < alike[0]
        and akin[1] < akin[0]
        and len(elsewhere) < len(there)
        and sum(one.milli_cpu for one in sizes[1]) <= sum(one.milli_cpu for one in sizes[0])
        and sum(one.memory for one in sizes[1]) <= sum(one.memory for one in sizes[0])
    )


INVARIANTS: tuple[type[Invariant], ...] = (ReplicasAreSpread, BestScoringNodeIsChosen)
