"""What holds of the scheduler's choices: of the nodes that take a pod it is none that suits the pod less than another.

Only where it can be told what the scheduler knew when it chose: where nothing concerned it for a while, and no other pod
was bound shortly before or after. There what it says of nodes is reckoned anew (`bounds/scores.py`).

Source: `selectHost` in pkg/scheduler/schedule_one.go (v1.36): of the best, any.
"""

from collections.abc import Iterator
from typing import ClassVar

import msgspec

from kubeactors.actor.cell import Cell
from kubeactors.actor.supervision import SECOND
from kubeactors.api.apps.v1 import ReplicaSet, StatefulSet
from kubeactors.api.core.v1 import Node, Pod, ReplicationController, Service
from kubeactors.apimachinery.labels import Selector, of_labels, of_object
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.client import controller_of
from kubeactors.sim.bounds.placement import suits
from kubeactors.sim.bounds.rollouts import FINISHED
from kubeactors.sim.bounds.room import has_room, lets_in
from kubeactors.sim.bounds.scores import Choice, scores
from kubeactors.sim.invariants.invariant import Invariant, title
from kubeactors.sim.invariants.scheduler import SCHEDULER, is_same_node
from kubeactors.sim.world import LONG_AGO, Commit, World

LONG = SECOND // 2
"""So long after something everybody knows of it whom no fault concerns."""
Selecting = Service | ReplicaSet | StatefulSet | ReplicationController


class Verdict(msgspec.Struct, frozen=True):
    """What is to be said of a choice, unless another one was made at the same time."""

    at: int
    problem: str


class TheBestIsChosen(Invariant):
    """A pod comes to none of the nodes that take it that suits it less than another one does."""

    name: ClassVar[str] = "the-best-node-is-chosen"
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
        quiet = max(self._news, self.world.disturbed_until(SCHEDULER)) + LONG < now
        if quiet and isinstance(old, Pod) and isinstance(new, Pod) and not old.spec.node_name and _is_plain(new):
            problem = self._problem(old, new.spec.node_name)
            self._waiting = Verdict(now, problem) if problem else None
        self._news = now

    def looked(self) -> Iterator[str]:
        """Say what was to be said if nothing has happened since."""
        if self._waiting is not None and self._waiting.at + LONG < self.root.kernel.now:
            yield self._waiting.problem
            self._waiting = None

    def _problem(self, pod: Pod, chosen: str) -> str:
        if pod.status.nominated_node_name:
            return ""  # room was made for it there
        waiting = (one for one in self.world.of(Pod).values() if not one.spec.node_name)
        if any(one.status.nominated_node_name or not _is_plain(one) for one in waiting):
            return ""  # room is kept, and not only for this one: also while volumes and devices are made ready
        choice = self._choice(pod)
        found = scores(choice) if choice.feasible else {}
        best = max(found.values(), default=0)
        if found.get(chosen, best) == best:
            return ""
        return f"{title(pod)} was bound to {chosen}, and nodes suit it so well: {found}"

    def _choice(self, pod: Pod) -> Choice:
        pods = [one for one in self.world.of(Pod).values() if one.metadata.uid != pod.metadata.uid]
        pods = [one for one in pods if one.status.phase not in FINISHED]
        nodes = tuple(self.world.of(Node).values())
        return Choice(
            pod=pod,
            nodes=nodes,
            feasible=tuple(
                one for one in nodes if lets_in(one, pod) and has_room(one, pods, pod) and suits(one, nodes, pods, pod)
            ),
            placed=tuple(one for one in pods if one.spec.node_name),
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


INVARIANTS: tuple[type[Invariant], ...] = (TheBestIsChosen,)
