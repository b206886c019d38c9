"""Invariants of the scheduler's bindings and queue."""

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
from kubeactors.sim.bounds.capacity import has_capacity, has_less_capacity
from kubeactors.sim.bounds.placement import Search, conflicts, is_chosen, is_constrained
from kubeactors.sim.bounds.rollouts import FINISHED
from kubeactors.sim.disturbances import LONG_AGO, RETRIED
from kubeactors.sim.invariants.controllers.devices import claim_of, devices_of, devices_suit
from kubeactors.sim.invariants.controllers.volumes import LATE
from kubeactors.sim.invariants.inspection import informed_at
from kubeactors.sim.invariants.invariant import Invariant, title
from kubeactors.sim.tree import actors_within
from kubeactors.sim.world import Commit, World

SCHEDULER = "scheduler"
"""The component's name, and the prefix of its processes' names."""
LONG = SECOND // 2
"""How long after an event an undisturbed component has seen it."""

PREEMPTED = re.compile(r"Preempted by pod (\S+) on node \S+")
MOST_VICTIMS = 8
"""Pods are of equal size, so one victim is enough; a few more may be needed after the loss of a node, or a stale cache."""


def is_quiet(world: World, news: int, now: int) -> bool:
    """Whether schedulers have seen the last event, at `news`, and no fault has kept them from it."""
    return news + LONG < now and informed_at(world, SCHEDULER) < now


class PodsAreBoundOnce(Invariant):
    """A pod never leaves the node that it was bound to."""

    name: ClassVar[str] = "pods-are-bound-once"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Pod,)

    def committed(self, commit: Commit) -> Iterator[str]:
        """Compare the pod's node before and after."""
        old, new = commit.old, commit.new
        if (
            isinstance(old, Pod)
            and isinstance(new, Pod)
            and old.spec.node_name
            and new.spec.node_name != old.spec.node_name
        ):
            yield f"{title(new)} was bound to {old.spec.node_name}, and is now bound to {new.spec.node_name or 'no node'}"


class NodesAreNotOvercommitted(Invariant):
    """The pods bound to a node fit its allocatable resources.

    If these have shrunk, the scheduler may not have seen that yet: it is judged by the node as it was before. Nor may it
    have seen a new static pod of the node.
    """

    name: ClassVar[str] = "nodes-are-not-overcommitted"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Node, Pod)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._shrunk: dict[str, Node] = {}
        """Nodes whose allocatable has shrunk, by uid, as they were before."""
        self._mirrored: int = 0
        """When a mirror pod was last created."""

    def committed(self, commit: Commit) -> Iterator[str]:
        """Check the node of each pod that is bound."""
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
        node = self._shrunk.get(node.metadata.uid, node)
        is_known = is_quiet(self.world, self._mirrored, now)
        if not has_capacity(
            node, (one for one in self.world.pods_on(new.spec.node_name) if is_known or not mirrored(one))
        ):
            yield f"{title(new)} was bound to {node.metadata.name}, whose free resources are less than the pod requests"

    def _follow(self, old: Node, new: Node) -> None:
        uid = new.metadata.uid
        before = self._shrunk.get(uid, old)
        if has_less_capacity(new, before):
            self._shrunk[uid] = before
        else:
            self._shrunk.pop(uid, None)


class SchedulingConstraintsAreRespected(Invariant):
    """A pod is bound only where its node affinity, tolerations, pod (anti-)affinity, ports and spreading allow it.

    If a node was relabelled, the scheduler may not have seen that yet: the old labels count, too.
    """

    name: ClassVar[str] = "scheduling-constraints-are-respected"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Pod, Node)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._relabelled: dict[str, tuple[int, Node]] = {}
        """By uid: when a node was relabelled, and the node before that."""
        self._gone: dict[str, Node] = {}
        """The last state of deleted nodes, by name."""

    def committed(self, commit: Commit) -> Iterator[str]:
        """Check each binding against the node, as the scheduler may have seen it."""
        old, new = commit.old, commit.new
        if isinstance(old, Node):
            self._follow(old, new)
        if not isinstance(new, Pod) or not new.spec.node_name or (isinstance(old, Pod) and old.spec.node_name):
            return
        node = self.world.find(Node, new.spec.node_name, "") or self._gone.get(new.spec.node_name)
        problems = [self._problem(one, new) for one in self._as_it_may_seem(node)] if node is not None else []
        if problems and all(problems):
            yield f"{title(new)} was bound to {new.spec.node_name}, which {problems[0]}"

    def _follow(self, old: Node, new: TypedObject | None) -> None:
        if new is None:
            self._gone[old.metadata.name] = old
        elif old.metadata.labels != new.metadata.labels:
            self._relabelled[new.metadata.uid] = self.root.kernel.now, old

    def _as_it_may_seem(self, node: Node) -> Iterator[Node]:
        yield node
        when, before = self._relabelled.get(node.metadata.uid, (LONG_AGO, node))
        if self.root.kernel.now < max(when + RETRIED, informed_at(self.world, SCHEDULER)):
            yield before

    def _problem(self, node: Node, pod: Pod) -> str:
        if not is_chosen(node, pod):
            return "its node selector, affinity or tolerations exclude"
        beside = self._beside(pod) if is_constrained(pod) else ()
        return next((f"runs {title(one)}, with which it conflicts" for one in beside if conflicts(node, pod, one)), "")

    def _beside(self, pod: Pod) -> Iterator[Pod]:
        for one in self.world.pods_on(pod.spec.node_name):
            if one is not pod and one.status.phase not in FINISHED:
                yield one


class AllocatedDevicesAreReachable(Invariant):
    """A pod is bound only to a node that can reach every device allocated to it."""

    name: ClassVar[str] = "allocated-devices-are-reachable"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Pod,)

    def committed(self, commit: Commit) -> Iterator[str]:
        """Look up the ResourceSlices of the pod's devices."""
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
                    yield f"{title(new)} was bound to {new.spec.node_name}, but a device allocated to it is on {where}"


class SchedulablePodsAreScheduled(Invariant):
    """When all is quiet, no pod is pending that fits a node."""

    name: ClassVar[str] = "schedulable-pods-are-scheduled"

    def settled(self) -> Iterator[str]:
        """Try every node for every pending pod."""
        for pod in self.world.pods_on(""):
            if pod.metadata.deletion_timestamp is not None or self._waits_for_claims(pod):
                continue
            search = Search(self.world, pod)
            for node in self.world.of(Node).values():
                if search.takes(node) and devices_suit(self.world, node, pod):
                    yield f"{title(pod)} is pending, though it fits {node.metadata.name}"
                    break

    def _waits_for_claims(self, pod: Pod) -> bool:
        """Whether it uses a claim that is missing, being deleted, or unbound with immediate binding.

        Only for pods without a controller: controllers see to the claims of their pods.
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
    """No pod stays unschedulable while, by the scheduler's own cache, it fits a node: a requeue was missed.

    The scheduler retries it after five minutes, or on another event, which hides the mistake from checks at the end.
    Not checked while a node is nominated for preemption, as its room is reserved, nor while a fault affects the
    scheduler, which may have events yet to handle.

    Source: the doc of `QueueingHintFn` in pkg/scheduler/framework (v1.36): a hint that skips too much loses pods.
    """

    name: ClassVar[str] = "fitting-pods-are-requeued"

    def looked(self) -> Iterator[str]:
        """Try every node for every unschedulable pod."""
        if self.world.faults.affected_until(SCHEDULER) > self.root.kernel.now:
            return
        for path, scheduler in actors_within(SCHEDULER, self.root, Scheduler):
            yield from _unrequeued(path, scheduler)


def _unrequeued(path: str, scheduler: Scheduler) -> Iterator[str]:
    if next(scheduler.cache.nominated_nodes(), None) is not None:
        return
    for queued in scheduler.queue._unschedulable.values():  # noqa: SLF001 -- an invariant looks inside
        pod = queued.info
        profile = scheduler._profile_of(pod.pod)  # noqa: SLF001
        taking = (node.name for node in scheduler.cache if profile and not profile.all_refusals(pod, node))
        for name in islice(taking, 1):
            yield f"{path} keeps {title(pod.pod)} as unschedulable, though it fits {name}"


class PreemptionTerminates(Invariant):
    """A preempting pod takes the room that its victims make: pods are not preempted for it again and again."""

    name: ClassVar[str] = "preemption-terminates"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Event,)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._victims: dict[str, dict[str, None]] = {}
        """By uid of the preempting pod: the uids of its victims."""

    def committed(self, commit: Commit) -> Iterator[str]:
        """Count the victims named in events."""
        event = commit.new
        told = PREEMPTED.fullmatch(event.message) if isinstance(event, Event) else None
        if told is None or not isinstance(event, Event):
            return
        victims = self._victims.setdefault(told[1], {})
        victims[event.involved_object.uid] = None
        if len(victims) > MOST_VICTIMS:
            yield f'pod "{event.involved_object.name}" is victim number {len(victims)} of the preempting pod {told[1]}'


INVARIANTS: tuple[type[Invariant], ...] = (
    PodsAreBoundOnce,
    NodesAreNotOvercommitted,
    SchedulingConstraintsAreRespected,
    AllocatedDevicesAreReachable,
    SchedulablePodsAreScheduled,
    FittingPodsAreRequeued,
    PreemptionTerminates,
)
