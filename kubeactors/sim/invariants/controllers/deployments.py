"""What holds of deployments: as many pods as wanted, as many available as promised, one ReplicaSet for a template."""

from collections.abc import Iterator
from typing import ClassVar

from kubeactors.actor.cell import Cell
from kubeactors.api.apps.v1 import Deployment, ReplicaSet
from kubeactors.api.core.v1 import Node, Pod, PodTemplateSpec, ReplicationController
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.client import controller_of, revision_of
from kubeactors.controllers.deployment.revisions import DESIRED_REPLICAS, number_in
from kubeactors.sim.bounds.rollouts import (
    Replicas,
    has_caught_up,
    is_active,
    is_available,
    is_ready,
    is_rolling,
    is_scaling_down_in_a_rollout,
    least,
    most,
    wanted,
)
from kubeactors.sim.invariants.inspection import UNDISTURBED, is_evicted, is_preempted
from kubeactors.sim.invariants.invariant import Invariant, title
from kubeactors.sim.processes import MANAGER
from kubeactors.sim.users.manifests import without_hash
from kubeactors.sim.world import Commit, World


class SurgeBound(Invariant):
    """No pod is created beyond what its ReplicaSet or ReplicationController wants, and its deployment's replicas and surge.

    Pods that are going do not count, nor do pods that were adopted, or that a user has taken out. What an adopted
    ReplicaSet wanted before may be wanted until its new deployment has scaled it down, and it has deleted its pods: each
    ReplicaSet replaces a pod that is lost, whatever another one has yet to delete. And a deployment that is paused when all
    are scaled to nothing scales the latest up at once, whatever pods they still have.

    Source: `scale` in pkg/controller/deployment/sync.go (v1.36).
    """

    name: ClassVar[str] = "surge-bound"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Deployment, ReplicaSet, ReplicationController, Pod)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._limits: dict[str, int] = {}
        """By uid: the most pods that a controller may believe to be wanted."""
        self._adopted: dict[str, None] = {}

    def committed(self, commit: Commit) -> Iterator[str]:
        """Follow the limits; look at each pod that is created."""
        match commit.new:
            case Deployment() as deployment:
                self._follow(deployment)
            case (ReplicaSet() | ReplicationController()) as found:
                self._limit(found.metadata.uid, wanted(found), caught_up=has_caught_up(found))
                owner = self._deployment_of(found)
                if owner is not None:
                    self._follow(owner)
                    self._take_in(commit.old, owner)
            case Pod() as pod:
                yield from self._pod(commit.old, pod)
            case _:
                return

    def _follow(self, deployment: Deployment) -> None:
        sets = tuple(self.world.sets_of(deployment.metadata.uid))
        going = deployment.metadata.deletion_timestamp is not None  # then its sets are scaled no more
        done = sum(map(wanted, sets)) <= most(deployment) and not going
        caught_up = done and has_caught_up(deployment) and all(map(self._has_settled, sets))
        left = sum(self._count(one) for one in sets if not wanted(one)) if deployment.spec.paused else 0
        self._limit(deployment.metadata.uid, most(deployment) + left, caught_up=caught_up)

    def _has_settled(self, found: ReplicaSet) -> bool:
        """Whether its controller has seen how many pods it wants, and none is too many."""
        return has_caught_up(found) and self._count(found) <= wanted(found)

    def _take_in(self, old: TypedObject | None, owner: Deployment) -> None:
        """An adopted ReplicaSet has brought what it wants."""
        if old is not None and controller_of(old.metadata) is None:
            uid = owner.metadata.uid
            brought = sum(self._limits.get(one.metadata.uid, 0) for one in self.world.sets_of(uid))
            self._limits[uid] = max(self._limits[uid], brought)

    def _limit(self, uid: str, limit: int, *, caught_up: bool) -> None:
        self._limits[uid] = limit if caught_up else max(limit, self._limits.get(uid, 0))

    def _deployment_of(self, found: Replicas) -> Deployment | None:
        reference = controller_of(found.metadata)
        owner = self.world.by_uid.get(reference.uid) if reference is not None else None
        return owner if isinstance(owner, Deployment) else None

    def _pod(self, old: TypedObject | None, pod: Pod) -> Iterator[str]:
        reference = controller_of(pod.metadata)
        owner = self.world.by_uid.get(reference.uid) if reference is not None else None
        if not isinstance(owner, Replicas):
            return
        if old is not None:
            if controller_of(old.metadata) is None:
                self._adopted[pod.metadata.uid] = None
            return
        yield from self._check(owner, self._count(owner), "pods")
        deployment = self._deployment_of(owner)
        if deployment is not None:
            total = sum(self._count(one) for one in self.world.sets_of(deployment.metadata.uid))
            yield from self._check(deployment, total, "pods of all templates")

    def _count(self, found: Replicas) -> int:
        adopted = self._adopted
        return sum(1 for pod in self.world.pods_of(found) if is_active(pod) and pod.metadata.uid not in adopted)

    def _check(self, owner: TypedObject, count: int, what: str) -> Iterator[str]:
        limit = self._limits.get(owner.metadata.uid, 0)
        if count > limit and not self.world.faults.is_spoilt(owner.metadata.uid):
            yield f"{title(owner)} has {count} {what}, and may have {limit}"


class AvailabilityBound(Invariant):
    """Controllers delete no pod that a deployment needs to stay as available as it promises.

    It is watched from when the deployment was available until something happens that nobody promises to survive: a
    node goes down, a user deletes a pod, a rollout is scaled down in its midst. From then on it is watched anew once no
    fault keeps its controller from knowing that: who still counts the pod may take another one away. While a pod is ready
    that has yet to be so for `minReadySeconds`, it is not watched anew: a ReplicaSet that is to lose it may choose another
    one that is ready, too, because that has more neighbours.

    Source: cleanupUnhealthyReplicas in pkg/controller/deployment/rolling.go, ActivePodsWithRanks in
    pkg/controller/controller_utils.go (v1.36).
    """

    name: ClassVar[str] = "availability-bound"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Deployment, ReplicaSet, Pod)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._floors: dict[str, int] = {}
        """By uid of deployment: how many of its pods must be available."""
        self._shaken: dict[str, None] = {}
        """The uids of those that something has happened to since they were watched, which their controller need not know."""
        self._news: dict[str, int] = {}
        """By uid of ReplicaSet: the revision at which a pod of it last became ready, or ceased to be."""

    def committed(self, commit: Commit) -> Iterator[str]:
        """Follow the floors; look at each pod that goes."""
        self._note(commit)
        if not self.world.faults.calm:
            for uid in tuple(self._floors):
                self._shake(uid)
            return
        current = commit.current
        match current:
            case Deployment():
                self._follow(commit, current)
            case ReplicaSet():
                self._arm(self._owner(current))
            case Pod():
                yield from self._pod(commit, current)
            case _:
                return

    def _note(self, commit: Commit) -> None:
        """Whether it is news of a pod."""
        old, new = commit.old, commit.new
        if isinstance(old, Pod) and is_ready(old) != (isinstance(new, Pod) and is_ready(new)):
            owner = controller_of(old.metadata)
            self._news[owner.uid if owner is not None else ""] = commit.revision

    def _shake(self, uid: str) -> None:
        self._floors.pop(uid, None)
        self._shaken[uid] = None

    def _follow(self, commit: Commit, deployment: Deployment) -> None:
        uid = deployment.metadata.uid
        sets = sum(1 for one in self.world.sets_of(uid) if wanted(one))
        if (
            commit.new is None
            or deployment.metadata.deletion_timestamp is not None
            or is_scaling_down_in_a_rollout(commit.old, deployment, sets)
        ):
            self._shake(uid)
        elif uid in self._floors:
            self._floors[uid] = min(self._floors[uid], least(deployment))
        self._arm(deployment)

    def _arm(self, deployment: Deployment | None) -> None:
        """Watch it from now on, if it is available and controllers know how things are."""
        if deployment is None or deployment.metadata.deletion_timestamp is not None or not has_caught_up(deployment):
            return
        uid = deployment.metadata.uid
        if uid in self._shaken and self.world.faults.disturbed_until(MANAGER) + UNDISTURBED >= self.root.kernel.now:
            return
        if all(map(self._is_known, self.world.sets_of(uid))) and self._stays(uid) >= least(deployment):
            self._floors[uid] = least(deployment)
            self._shaken.pop(uid, None)

    def _is_known(self, found: ReplicaSet) -> bool:
        """Whether its status is true, and not by chance, and all its pods that are ready are available.

        When a pod becomes ready and another one ceases to be, what was written before is true again; but by now its
        controller may count one more.
        """
        if revision_of(found.metadata) < self._news.get(found.metadata.uid, 0):
            return False
        wall, needed = self.root.kernel.wall + self.root.kernel.now, found.spec.min_ready_seconds
        ready = [pod for pod in self.world.pods_of(found) if is_ready(pod)]
        counted = has_caught_up(found) and found.status.available_replicas == len(ready)
        return counted and all(is_available(pod, needed, wall) for pod in ready)

    def _available(self, uid: str) -> int:
        return sum(1 for one in self.world.sets_of(uid) for pod in self.world.pods_of(one) if is_ready(pod))

    def _stays(self, uid: str) -> int:
        """How many available pods are wanted: any other may be going already, since a lower promise was made."""
        return sum(min(wanted(one), sum(map(is_ready, self.world.pods_of(one)))) for one in self.world.sets_of(uid))

    def _owner(self, value: TypedObject) -> Deployment | None:
        reference = controller_of(value.metadata)
        owner = self.world.by_uid.get(reference.uid) if reference is not None else None
        if isinstance(owner, ReplicaSet):
            return self._owner(owner)
        return owner if isinstance(owner, Deployment) else None

    def _pod(self, commit: Commit, pod: Pod) -> Iterator[str]:
        old = commit.old
        if not isinstance(old, Pod):
            return
        owner = self._owner(old)
        if owner is None:
            return
        uid = owner.metadata.uid
        if old.metadata.labels != pod.metadata.labels or self.world.faults.is_spoilt(uid):
            self._shake(uid)  # a user takes it out: fewer are left
        if is_ready(old) and (commit.new is None or not is_ready(pod)):
            if not self._is_the_controllers_doing(commit, old):
                self._shake(uid)
            available = self._available(uid)
            if available < self._floors.get(uid, 0):
                yield f"{title(owner)} has {available} available pods, promises {self._floors[uid]}; {title(pod)} went"
        self._arm(owner)

    def _is_the_controllers_doing(self, commit: Commit, old: Pod) -> bool:
        """Whether a ready pod was deleted, by no user, not because its node is bad, and not to make room."""
        deleted = commit.new is None or commit.new.metadata.deletion_timestamp is not None
        node = self.world.find(Node, old.spec.node_name, "")
        well = node is not None and not node.spec.taints
        driven = is_evicted(old) or is_preempted(old)
        owner = controller_of(old.metadata)
        by_user = old.metadata.uid in self.world.intents.in_hand or (
            owner is not None and owner.uid in self.world.intents.in_hand
        )
        return deleted and well and not by_user and not driven


class OneReplicaSetPerTemplate(Invariant):
    """When all is quiet, no two ReplicaSets of a deployment have the same template: its pods would be there twice."""

    name: ClassVar[str] = "one-replica-set-per-template"

    def settled(self) -> Iterator[str]:
        """Compare the templates of each deployment, but for the label that tells them apart."""
        for deployment in self.world.of(Deployment).values():
            seen: list[PodTemplateSpec] = []
            for one in self.world.sets_of(deployment.metadata.uid):
                template = without_hash(one.spec.template)
                if template in seen:
                    yield f"{title(deployment)} has two replica sets of one template, {title(one)} among them"
                seen.append(template)


class PausedRolloutsAddUp(Invariant):
    """When all is quiet, a deployment that is paused in the midst of a rollout wants as many pods as it may have.

    Its ReplicaSets share the replicas and the surge among them; if only one wants any, that wants the replicas.

    Source: scale in pkg/controller/deployment/sync.go (v1.36).
    """

    name: ClassVar[str] = "paused-rollouts-add-up"

    def settled(self) -> Iterator[str]:
        """Add up what the ReplicaSets of each such deployment want."""
        for deployment in self.world.of(Deployment).values():
            if not deployment.spec.paused or deployment.metadata.deletion_timestamp is not None:
                continue
            sizes = [size for size in map(wanted, self.world.sets_of(deployment.metadata.uid)) if size]
            goal = most(deployment) if len(sizes) > 1 else wanted(deployment)
            if sizes and is_rolling(deployment) and sum(sizes) != goal:
                yield f"the replica sets of {title(deployment)} want {sum(sizes)} pods, and may want {goal}"


class ProportionalScalingAddsUp(Invariant):
    """Once all ReplicaSets of a rollout have got their parts of a new number of replicas, these add up to it and the surge.

    Each is marked with the number that it has got its part of. That of the last one is where they add up; from then on
    the rollout goes on. One without a mark, because somebody has made it anew, gets one from the rollout, too. What is
    left over when parts are rounded is the first one's, and nobody else's: if it has fewer than are to go, too many stay.

    Source: scale in pkg/controller/deployment/sync.go (v1.36).
    """

    name: ClassVar[str] = "proportional-scaling-adds-up"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (ReplicaSet,)

    def committed(self, commit: Commit) -> Iterator[str]:
        """Look when one gets its part."""
        old, new = commit.old, commit.new
        if not isinstance(old, ReplicaSet) or not isinstance(new, ReplicaSet) or not wanted(old):
            return
        reference = controller_of(new.metadata)
        owner = self.world.by_uid.get(reference.uid) if reference is not None else None
        if (
            not isinstance(owner, Deployment)
            or not is_rolling(owner)
            or self.world.faults.is_spoilt(owner.metadata.uid)
        ):
            return
        if _part(old) in (None, wanted(owner)):
            return
        sets = tuple(self.world.sets_of(owner.metadata.uid))
        sharing = [one for one in sets if wanted(one)]
        total = sum(map(wanted, sharing))
        had_too_few = total > most(owner) and any(not wanted(one) and _part(one) == wanted(owner) for one in sets)
        all_have = len(sharing) > 1 and all(_part(one) == wanted(owner) for one in sharing)
        if all_have and total != most(owner) and not had_too_few:
            yield f"the replica sets of {title(owner)} have got parts of {most(owner)} pods that add up to {total}"


def _part(found: ReplicaSet) -> int | None:
    """Of how many replicas it has got its part; None if it was never told."""
    return number_in(found.metadata.annotations, DESIRED_REPLICAS)


INVARIANTS: tuple[type[Invariant], ...] = (
    SurgeBound,
    AvailabilityBound,
    OneReplicaSetPerTemplate,
    PausedRolloutsAddUp,
    ProportionalScalingAddsUp,
)
