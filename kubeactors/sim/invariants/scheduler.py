"""What holds of placement."""

import re
from collections.abc import Iterator
from itertools import islice
from typing import ClassVar

from kubeactors.actor.cell import Cell
from kubeactors.actor.supervision import SECOND
from kubeactors.api.core.v1 import Node, PersistentVolumeClaim, Pod
from kubeactors.api.core.v1.event import Event
from kubeactors.api.resource.v1 import ResourceSlice
from kubeactors.api.storage.v1 import StorageClass
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.client import controller_of
from kubeactors.kubelet.static_pods import mirrored
from kubeactors.scheduler.scheduler import Scheduler
from kubeactors.sim.bounds.capacity import has_less, has_room
from kubeactors.sim.bounds.placement import Search, clashes, is_choosy, is_chosen
from kubeactors.sim.bounds.rollouts import FINISHED
from kubeactors.sim.disturbances import LONG_AGO
from kubeactors.sim.invariants.controllers.devices import claim_of, devices_of, devices_suit
from kubeactors.sim.invariants.controllers.volumes import LATE
from kubeactors.sim.invariants.inspection import UNDISTURBED, informed_at
from kubeactors.sim.invariants.invariant import Invariant, title
from kubeactors.sim.tree import actors_within
from kubeactors.sim.world import Commit, World

SCHEDULER = "scheduler"
"""The component, and what the names of its processes begin with."""
LONG = SECOND // 2
"""So long after something everybody knows of it whom no fault concerns."""

PREEMPTED = re.compile(r"Preempted by pod (\S+) on node \S+")
MOST_VICTIMS = 8
"""All pods are of a size: one makes room for one. A few more may have to go when a node is lost, or a cache lags."""


def is_quiet(world: World, news: int, now: int) -> bool:
    """Whether a scheduler knows what happened last, at `news`: nothing has kept it from being told for long."""
    return news + LONG < now and informed_at(world, SCHEDULER) < now


class PodsAreBoundOnce(Invariant):
    """A pod never leaves the node that it was bound to."""

    name: ClassVar[str] = "pods-are-bound-once"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Pod,)

    def committed(self, commit: Commit) -> Iterator[str]:
        """Its node stays."""
        old, new = commit.old, commit.new
        if (
            isinstance(old, Pod)
            and isinstance(new, Pod)
            and old.spec.node_name
            and new.spec.node_name != old.spec.node_name
        ):
            yield f"{title(new)} was bound to {old.spec.node_name} and then to {new.spec.node_name or 'nothing'}"


class NodesAreNotOvercommitted(Invariant):
    """The pods that are bound to a node fit on it.

    If it says that it has less room than before, a scheduler may not know so yet, and nobody else looks: it is judged by
    what the node had. Nor may it know yet of a pod that the node's kubelet has begun without asking anybody.
    """

    name: ClassVar[str] = "nodes-are-not-overcommitted"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Node, Pod)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._roomier: dict[str, Node] = {}
        """By uid of a node that has less room than it had: the node as it was before."""
        self._mirrored: int = 0
        """When a kubelet last told of a pod of its own."""

    def committed(self, commit: Commit) -> Iterator[str]:
        """A pod is bound to a node that has room for it."""
        old, new = commit.old, commit.new
        if isinstance(old, Node) and isinstance(new, Node):
            self._follow(old, new)
        if not isinstance(new, Pod) or not new.spec.node_name or (isinstance(old, Pod) and old.spec.node_name):
            return
        now = self.root.kernel.now
        if mirrored(new):
            self._mirrored = now
            return
        node = self.world.find(Node, new.spec.node_name, "")
        if node is None:
            return
        node = self._roomier.get(node.metadata.uid, node)
        is_known = is_quiet(self.world, self._mirrored, now)
        if not has_room(node, (one for one in self.world.pods_on(new.spec.node_name) if is_known or not mirrored(one))):
            yield f"{title(new)} was bound to {node.metadata.name}, which had no room for it"

    def _follow(self, old: Node, new: Node) -> None:
        uid = new.metadata.uid
        before = self._roomier.get(uid, old)
        if has_less(new, before):
            self._roomier[uid] = before
        else:
            self._roomier.pop(uid, None)


class SchedulingConstraintsAreRespected(Invariant):
    """A pod is bound to no node that it asks not to be on, or beside a pod that it cannot be beside.

    If a node has got other labels, a scheduler may not know so yet, and nobody else looks: either may be what it goes by.
    """

    name: ClassVar[str] = "scheduling-constraints-are-respected"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Pod, Node)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._relabelled: dict[str, tuple[int, Node]] = {}
        """By uid of a node: when it got other labels, and what it was before."""
        self._gone: dict[str, Node] = {}
        """By name: what nodes were that went."""

    def committed(self, commit: Commit) -> Iterator[str]:
        """A pod is bound."""
        old, new = commit.old, commit.new
        if isinstance(old, Node):
            self._follow(old, new)
        if not isinstance(new, Pod) or not new.spec.node_name or (isinstance(old, Pod) and old.spec.node_name):
            return
        node = self.world.find(Node, new.spec.node_name, "") or self._gone.get(new.spec.node_name)
        objections = [self._objection(one, new) for one in self._as_it_may_seem(node)] if node is not None else []
        if objections and all(objections):
            yield f"{title(new)} was bound to {new.spec.node_name}, where {objections[0]}"

    def _follow(self, old: Node, new: TypedObject | None) -> None:
        if new is None:
            self._gone[old.metadata.name] = old
        elif old.metadata.labels != new.metadata.labels:
            self._relabelled[new.metadata.uid] = self.root.kernel.now, old

    def _as_it_may_seem(self, node: Node) -> Iterator[Node]:
        yield node
        when, before = self._relabelled.get(node.metadata.uid, (LONG_AGO, node))
        if self.root.kernel.now < max(when, self.world.faults.disturbed_until(SCHEDULER)) + UNDISTURBED:
            yield before

    def _objection(self, node: Node, pod: Pod) -> str:
        if not is_chosen(node, pod):
            return "it does not want to be"
        beside = self._beside(pod) if is_choosy(pod) else ()
        return next((f"{title(one)} is already" for one in beside if clashes(node, pod, one)), "")

    def _beside(self, pod: Pod) -> Iterator[Pod]:
        for one in self.world.pods_on(pod.spec.node_name):
            if one is not pod and one.status.phase not in FINISHED:
                yield one


class AllocatedDevicesAreReachable(Invariant):
    """A pod is bound to no node from which a device of its own cannot be reached."""

    name: ClassVar[str] = "allocated-devices-are-reachable"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Pod,)

    def committed(self, commit: Commit) -> Iterator[str]:
        """Look for who offers what the pod was given."""
        old, new = commit.old, commit.new
        if not isinstance(new, Pod) or not new.spec.node_name or (isinstance(old, Pod) and old.spec.node_name):
            return
        for one in new.spec.resource_claims:
            claim = claim_of(self.world, new, one)
            given = [device[:2] for device in devices_of(claim)] if claim is not None else []
            for offered in self.world.of(ResourceSlice).values() if given else ():
                where = offered.spec.node_name
                if (offered.spec.driver, offered.spec.pool.name) in given and where not in (
                    None,
                    "",
                    new.spec.node_name,
                ):
                    yield f"{title(new)} was bound to {new.spec.node_name}, and its device is on {where}"


class SchedulablePodsAreScheduled(Invariant):
    """When all is quiet, no pod waits that some node would take."""

    name: ClassVar[str] = "schedulable-pods-are-scheduled"

    def settled(self) -> Iterator[str]:
        """Try every node for every pod that waits."""
        for pod in self.world.pods_on(""):
            if pod.metadata.deletion_timestamp is not None or self._waits_for_claims(pod):
                continue
            search = Search(self.world, pod)
            for node in self.world.of(Node).values():
                if search.takes(node) and devices_suit(self.world, node, pod):
                    yield f"{title(pod)} waits, though {node.metadata.name} has room for it"
                    break

    def _waits_for_claims(self, pod: Pod) -> bool:
        """Whether a user has given it a claim that is not there, or goes, or waits for a volume, but not for a pod.

        What claims controllers give to pods, they see to.
        """
        if controller_of(pod.metadata) is not None:
            return False
        for volume in pod.spec.volumes:
            if volume.persistent_volume_claim is None:
                continue
            name = volume.persistent_volume_claim.claim_name
            claim = self.world.find(PersistentVolumeClaim, name, pod.metadata.namespace)
            if claim is None or claim.metadata.deletion_timestamp is not None:
                return True
            found = self.world.find(StorageClass, claim.spec.storage_class_name or "", "")
            if claim.status.phase != "Bound" and (found is None or found.volume_binding_mode != LATE):
                return True
        return False


class FittingPodsAreRequeued(Invariant):
    """No pod waits for news while the scheduler's own books say that a node takes it: then it has missed some.

    It is tried again after five minutes, or when something else happens: that hides it from those who look in the end.
    While room is kept for pods that others make it for, nobody can tell whose it is. A scheduler that stands still, or
    lags, has news yet to handle: it is looked at when no fault concerns it.

    Source: the doc of `QueueingHintFn` in pkg/scheduler/framework (v1.36): a hint that skips too much loses pods.
    """

    name: ClassVar[str] = "fitting-pods-are-requeued"

    def looked(self) -> Iterator[str]:
        """Try every node for every pod that waits."""
        if self.world.faults.disturbed_until(SCHEDULER) > self.root.kernel.now:
            return
        for path, scheduler in actors_within(SCHEDULER, self.root, Scheduler):
            yield from _untried(path, scheduler)


def _untried(path: str, scheduler: Scheduler) -> Iterator[str]:
    if next(scheduler.cache.nominated_nodes(), None) is not None:
        return
    for queued in scheduler.queue._unschedulable.values():  # noqa: SLF001 -- an invariant looks inside
        pod = queued.info
        profile = scheduler._profile_of(pod.pod)  # noqa: SLF001
        taking = (node.name for node in scheduler.cache if profile and not profile.all_refusals(pod, node))
        for name in islice(taking, 1):
            yield f"{path} does not try {title(pod.pod)} again, and {name} would take it"


class PreemptionTerminates(Invariant):
    """Pods make room for an urgent one, and it takes that: they are not driven off for it again and again."""

    name: ClassVar[str] = "preemption-terminates"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Event,)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._victims: dict[str, dict[str, None]] = {}
        """By the uid of who is urgent: the uids of those who had to go."""

    def committed(self, commit: Commit) -> Iterator[str]:
        """Count the victims that are told of."""
        event = commit.new
        told = PREEMPTED.fullmatch(event.message) if isinstance(event, Event) else None
        if told is None or not isinstance(event, Event):
            return
        victims = self._victims.setdefault(told[1], {})
        victims[event.involved_object.uid] = None
        if len(victims) > MOST_VICTIMS:
            yield f"pod {event.involved_object.name} is the {len(victims)}th that had to go for pod {told[1]}"


INVARIANTS: tuple[type[Invariant], ...] = (
    PodsAreBoundOnce,
    NodesAreNotOvercommitted,
    SchedulingConstraintsAreRespected,
    AllocatedDevicesAreReachable,
    SchedulablePodsAreScheduled,
    FittingPodsAreRequeued,
    PreemptionTerminates,
)
