"""Invariants of deployments: surge, availability, one ReplicaSet per template, and sums while paused or scaled."""

from collections.abc import Iterator
from typing import ClassVar

from kubeactors.actor.cell import Cell
from kubeactors.actor.supervision import SECOND
from kubeactors.api.apps.v1 import Deployment, ReplicaSet
from kubeactors.api.core.v1 import Node, Pod, PodTemplateSpec, ReplicationController
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.client import controller_of, revision_of
from kubeactors.controllers.deployment.revisions import DESIRED_REPLICAS, REVISION, number_in
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
from kubeactors.sim.invariants.inspection import has_said, informed_at, is_evicted, is_preempted
from kubeactors.sim.invariants.invariant import Invariant, title
from kubeactors.sim.invariants.prompt import PromptInvariant
from kubeactors.sim.processes import MANAGER
from kubeactors.sim.users.manifests import without_hash
from kubeactors.sim.world import Commit, World

STEADY = SECOND // 2
"""How long after a change an undisturbed controller has acted on it."""


class SurgeBound(Invariant):
    """No pod is created beyond the replicas of its ReplicaSet or ReplicationController, or its deployment's `maxSurge`.

    Terminating and adopted pods do not count, nor do pods that a user has relabelled. The replicas of an adopted ReplicaSet
    count until its new deployment has scaled it down and its pods are deleted: each ReplicaSet replaces lost pods, whatever
    another one has yet to delete. And a deployment that is paused when all ReplicaSets are scaled to 0 scales the latest one
    up at once, whatever pods they still have.

    Source: `scale` in pkg/controller/deployment/sync.go (v1.36).
    """

    name: ClassVar[str] = "surge-bound"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Deployment, ReplicaSet, ReplicationController, Pod)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._limits: dict[str, int] = {}
        """By uid: the most pods that a controller may consider wanted."""
        self._adopted: dict[str, None] = {}

    def committed(self, commit: Commit) -> Iterator[str]:
        """Follow the limits; check each pod that is created."""
        match commit.new:
            case Deployment() as deployment:
                self._follow(deployment)
            case (ReplicaSet() | ReplicationController()) as found:
                self._limit(found.metadata.uid, wanted(found), caught_up=has_caught_up(found))
                owner = self._deployment_of(found)
                if owner is not None:
                    self._follow(owner)
                    self._adopt(commit.old, owner)
            case Pod() as pod:
                yield from self._pod(commit.old, pod)
            case _:
                return

    def _follow(self, deployment: Deployment) -> None:
        sets = tuple(self.world.sets_of(deployment.metadata.uid))
        going = deployment.metadata.deletion_timestamp is not None  # then its ReplicaSets are no longer scaled
        done = sum(map(wanted, sets)) <= most(deployment) and not going
        caught_up = done and has_caught_up(deployment) and all(map(self._has_settled, sets))
        left = sum(self._count(one) for one in sets if not wanted(one)) if deployment.spec.paused else 0
        self._limit(deployment.metadata.uid, most(deployment) + left, caught_up=caught_up)

    def _has_settled(self, found: ReplicaSet) -> bool:
        """Whether its controller has observed its spec, and it has no surplus pods."""
        return has_caught_up(found) and self._count(found) <= wanted(found)

    def _adopt(self, old: TypedObject | None, owner: Deployment) -> None:
        """Add the replicas of a ReplicaSet that was just adopted."""
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
        if count > limit and not self.world.faults.is_corrupted(owner.metadata.uid):
            yield f"{title(owner)} has {count} {what}, but at most {limit} are allowed"


class AvailabilityBound(Invariant):
    """Controllers delete no pod whose loss violates its deployment's `maxUnavailable`.

    A deployment is watched from when it is available until something happens that the bound does not cover: a node fails, a
    user deletes a pod, or scales down amid a rollout. After that it is watched again once its controller must know, since
    one that still counts the lost pod may delete another, as may a ReplicaSet that was scaled down at that moment; but not
    while a pod is ready for less than `minReadySeconds`: a ReplicaSet that scales down may delete another ready pod
    instead, because that has more neighbours.

    Source: cleanupUnhealthyReplicas in pkg/controller/deployment/rolling.go, ActivePodsWithRanks in
    pkg/controller/controller_utils.go (v1.36).
    """

    name: ClassVar[str] = "availability-bound"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Deployment, ReplicaSet, Pod)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._floors: dict[str, int] = {}
        """By uid of each watched deployment: how many of its pods must be available."""
        self._news: dict[str, int] = {}
        """By uid of ReplicaSet: the revision at which a pod of it last became ready or unready."""
        self._suspended: dict[str, int] = {}
        """By uid of deployment: when something last happened that its controllers may not have known for a moment."""
        self._shrunk: dict[str, int] = {}
        """By uid of ReplicaSet: when it was last scaled down."""

    def committed(self, commit: Commit) -> Iterator[str]:
        """Follow the floors; check each pod that is lost."""
        self._note(commit)
        if not self.world.faults.calm:
            self._floors.clear()
            return
        current = commit.current
        match current:
            case Deployment():
                self._follow(commit, current)
            case ReplicaSet():
                self._follow_set(commit.old, current)
            case Pod():
                yield from self._pod(commit, current)
            case _:
                return

    def _note(self, commit: Commit) -> None:
        """Note when a pod becomes ready or unready."""
        old, new = commit.old, commit.new
        if isinstance(old, Pod) and is_ready(old) != (isinstance(new, Pod) and is_ready(new)):
            owner = controller_of(old.metadata)
            self._news[owner.uid if owner is not None else ""] = commit.revision

    def _suspend(self, uid: str) -> None:
        """Stop to watch a deployment, because of something that its controllers may not know."""
        self._floors.pop(uid, None)
        self._suspended[uid] = self.root.kernel.now

    def _follow(self, commit: Commit, deployment: Deployment) -> None:
        uid = deployment.metadata.uid
        sets = sum(1 for one in self.world.sets_of(uid) if wanted(one))
        if (
            commit.new is None
            or deployment.metadata.deletion_timestamp is not None
            or is_scaling_down_in_a_rollout(commit.old, deployment, sets)
        ):
            self._suspend(uid)
        elif uid in self._floors:
            self._floors[uid] = min(self._floors[uid], least(deployment))
        self._arm(deployment)

    def _follow_set(self, old: TypedObject | None, found: ReplicaSet) -> None:
        owner = self._owner(found)
        if isinstance(old, ReplicaSet) and wanted(found) < wanted(old):
            self._shrunk[found.metadata.uid] = self.root.kernel.now
        if owner is not None and found.metadata.uid in self.world.intents.user_managed:
            self._suspend(owner.metadata.uid)  # its pods are lost without a controller's doing
        self._arm(owner)

    def _arm(self, deployment: Deployment | None) -> None:
        """Start to watch a deployment, if it is available and its controllers are up to date."""
        if deployment is None or deployment.metadata.deletion_timestamp is not None or not has_caught_up(deployment):
            return
        uid, floor = deployment.metadata.uid, least(deployment)
        if self._floors.get(uid) == floor or (
            uid not in self._floors and informed_at(self.world, MANAGER) >= self.root.kernel.now
        ):
            return
        if all(map(self._is_known, self.world.sets_of(uid))) and self._stays(uid) >= floor:
            self._floors[uid] = floor

    def _is_known(self, found: ReplicaSet) -> bool:
        """Whether its status is accurate and up to date, and all of its ready pods are available.

        A status may be accurate by chance: when one pod became ready and another unready since it was written.
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
        """How many available pods are within the replicas; others may be about to be deleted because of a lower bound."""
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
        if old.metadata.labels != pod.metadata.labels or self.world.faults.is_corrupted(uid):
            self._suspend(uid)  # a relabelled pod is lost without a controller's doing
        if is_ready(old) and (commit.new is None or not is_ready(pod)):
            if not self._is_the_controllers_doing(commit, old):
                self._suspend(uid)
            available = self._available(uid)
            if available < self._floors.get(uid, 0) and not self._was_scaled_unknowingly(old, uid):
                yield (
                    f"{title(owner)} has {available} available pods after the deletion of {title(pod)}, "
                    f"but needs {self._floors[uid]}"
                )
        self._arm(owner)

    def _was_scaled_unknowingly(self, pod: Pod, uid: str) -> bool:
        """Whether the pod's ReplicaSet was scaled down before the deployment's controller knew of the last loss."""
        owner = controller_of(pod.metadata)
        shrunk, lost = self._shrunk.get(owner.uid if owner is not None else ""), self._suspended.get(uid)
        return shrunk is not None and lost is not None and abs(shrunk - lost) < STEADY

    def _is_the_controllers_doing(self, commit: Commit, old: Pod) -> bool:
        """Whether a controller deleted a ready pod: no user did, and no taint, preemption or end of its namespace caused it."""
        if self.world.is_namespace_ending(old.metadata.namespace):
            return False
        deleted = commit.new is None or commit.new.metadata.deletion_timestamp is not None
        node = self.world.find(Node, old.spec.node_name, "")
        well = node is not None and not node.spec.taints
        driven = has_said(self.world, old, is_evicted) or has_said(self.world, old, is_preempted)
        owner = controller_of(old.metadata)
        by_user = old.metadata.uid in self.world.intents.user_managed or (
            owner is not None and owner.uid in self.world.intents.user_managed
        )
        return deleted and well and not by_user and not driven


class OneReplicaSetPerTemplate(Invariant):
    """When all is quiet, no two ReplicaSets of a deployment have the same template, which would duplicate its pods."""

    name: ClassVar[str] = "one-replica-set-per-template"

    def settled(self) -> Iterator[str]:
        """Compare the templates of each deployment's ReplicaSets, without their hash label."""
        for deployment in self.world.of(Deployment).values():
            seen: list[PodTemplateSpec] = []
            for one in self.world.sets_of(deployment.metadata.uid):
                template = without_hash(one.spec.template)
                if template in seen:
                    yield f"{title(deployment)} has two ReplicaSets with the same template; one is {title(one)}"
                seen.append(template)


class TheNewestRevisionIsRolledOut(PromptInvariant):
    """The ReplicaSet with a deployment's template has a greater revision than all others, also after a rollback.

    `kubectl rollout undo` finds the previous template by that. A Recreate deployment may still wait for the pods of other
    ReplicaSets before it looks at them.

    Source: "Deployments: rolling back" in Kubernetes' documentation; getNewReplicaSet in pkg/controller/deployment/sync.go,
    SetNewReplicaSetAnnotations in pkg/controller/deployment/util/deployment_util.go (v1.36).
    """

    name: ClassVar[str] = "the-newest-revision-is-rolled-out"
    reads: ClassVar[tuple[type[TypedObject], ...]] = (Deployment, ReplicaSet)

    def settled(self) -> Iterator[str]:
        """Compare the revisions of each deployment's ReplicaSets."""
        for problem, _ in self.pending():
            yield problem

    def pending(self) -> Iterator[tuple[str, str]]:
        """The deployments whose present template has an older revision."""
        for deployment in self.world.of(Deployment).values():
            sets = list(self.world.sets_of(deployment.metadata.uid))
            present = [one for one in sets if without_hash(one.spec.template) == deployment.spec.template]
            if len(present) != 1 or not self._is_judged(deployment):
                continue
            now = _revision(present[0])
            newest = max((_revision(one) for one in sets if one is not present[0]), default=0)
            if newest >= now:
                problem = f"{title(present[0])} has the template of {title(deployment)} and the revision {now}"
                yield f"{problem}, but another one has {newest}", str(deployment.metadata.generation)

    def _is_judged(self, found: Deployment) -> bool:
        rolls = is_rolling(found) and found.metadata.deletion_timestamp is None and has_caught_up(found)
        return rolls and not self.world.faults.is_corrupted(found.metadata.uid)


def _revision(found: ReplicaSet) -> int:
    return number_in(found.metadata.annotations, REVISION) or 0


class PausedRolloutsAddUp(Invariant):
    """When all is quiet, the ReplicaSets of a deployment that is paused amid a rollout add up to its replicas and surge.

    If only one of them is scaled up, it has the replicas without the surge.

    Source: scale in pkg/controller/deployment/sync.go (v1.36).
    """

    name: ClassVar[str] = "paused-rollouts-add-up"

    def settled(self) -> Iterator[str]:
        """Add up the ReplicaSets of each such deployment."""
        for deployment in self.world.of(Deployment).values():
            if not deployment.spec.paused or deployment.metadata.deletion_timestamp is not None:
                continue
            sizes = [size for size in map(wanted, self.world.sets_of(deployment.metadata.uid)) if size]
            goal = most(deployment) if len(sizes) > 1 else wanted(deployment)
            if sizes and is_rolling(deployment) and sum(sizes) != goal:
                yield f"the ReplicaSets of {title(deployment)}, which is paused, add up to {sum(sizes)} replicas, not {goal}"


class ProportionalScalingAddsUp(Invariant):
    """After proportional scaling, the ReplicaSets of a rollout add up to the deployment's replicas and surge.

    The annotation desired-replicas marks the size for which a ReplicaSet was scaled. Once the last one is marked, they add
    up; then the rollout continues. One without the mark, because it was recreated, gets it from the rollout. The remainder
    of rounding goes to the first ReplicaSet alone: if that has fewer replicas than must go, too many remain.

    Source: scale in pkg/controller/deployment/sync.go (v1.36).
    """

    name: ClassVar[str] = "proportional-scaling-adds-up"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (ReplicaSet,)

    def committed(self, commit: Commit) -> Iterator[str]:
        """Check the sum when a ReplicaSet is scaled."""
        old, new = commit.old, commit.new
        if not isinstance(old, ReplicaSet) or not isinstance(new, ReplicaSet) or not wanted(old):
            return
        reference = controller_of(new.metadata)
        owner = self.world.by_uid.get(reference.uid) if reference is not None else None
        if (
            not isinstance(owner, Deployment)
            or not is_rolling(owner)
            or self.world.faults.is_corrupted(owner.metadata.uid)
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
            yield f"the ReplicaSets of {title(owner)} were scaled proportionally to {total} replicas, not {most(owner)}"


def _part(found: ReplicaSet) -> int | None:
    """The deployment size for which it was scaled; None if it has no mark."""
    return number_in(found.metadata.annotations, DESIRED_REPLICAS)


INVARIANTS: tuple[type[Invariant], ...] = (
    SurgeBound,
    AvailabilityBound,
    OneReplicaSetPerTemplate,
    TheNewestRevisionIsRolledOut,
    PausedRolloutsAddUp,
    ProportionalScalingAddsUp,
)
