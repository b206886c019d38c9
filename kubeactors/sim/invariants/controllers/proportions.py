"""Invariant of proportional scaling: a deployment that is scaled during a rollout divides the change among its ReplicaSets."""

from collections.abc import Iterator
from typing import ClassVar

from kubeactors.actor.cell import Cell
from kubeactors.api.apps.v1 import Deployment, ReplicaSet
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.client import controller_of
from kubeactors.sim.bounds.rollouts import is_rolling, most, wanted
from kubeactors.sim.invariants.invariant import Invariant, title
from kubeactors.sim.world import Commit, World

MAX_REPLICAS = "deployment.kubernetes.io/max-replicas"
"""The annotation with the replicas and surge of the deployment when the ReplicaSet was last given its share."""
DESIRED_REPLICAS = "deployment.kubernetes.io/desired-replicas"
"""The annotation with the replicas of the deployment at that time. If only the surge has changed since, nothing is scaled."""


class ScalingIsProportional(Invariant):
    """Each ReplicaSet of a rollout keeps its share of the pods when the deployment is scaled.

    The largest also gets the remainder that rounding leaves. A deployment is judged only if the sizes added up to its
    replicas and surge before: otherwise the remainder is larger.

    Source: "Deployments: proportional scaling" in Kubernetes' documentation; scale in pkg/controller/deployment/sync.go,
    getReplicaSetFraction in pkg/controller/deployment/util/deployment_util.go (v1.36).
    """

    name: ClassVar[str] = "scaling-is-proportional"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (ReplicaSet,)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._sizes: dict[str, dict[str, int]] = {}
        """By uid of deployment: the sizes of its ReplicaSets by uid when they last were shares of one total and added up to it."""

    def committed(self, commit: Commit) -> Iterator[str]:
        """Judge a ReplicaSet that gets its share of another total; note sizes that add up."""
        reference = controller_of(commit.current.metadata)
        owner = self.world.by_uid.get(reference.uid) if reference is not None else None
        if not isinstance(owner, Deployment):
            return
        sets = [one for one in self.world.sets_of(owner.metadata.uid) if wanted(one)]
        if (
            isinstance(commit.old, ReplicaSet)
            and isinstance(commit.new, ReplicaSet)
            and _is_scaled(commit.old, commit.new)
        ):
            yield from self._judge(owner, sets, commit.old, commit.new)
        numbers = dict.fromkeys(map(_number, sets))
        if len(numbers) == 1:
            adds_up = sum(map(wanted, sets)) in numbers
            self._sizes[owner.metadata.uid] = {one.metadata.uid: wanted(one) for one in sets} if adds_up else {}

    def _judge(self, owner: Deployment, sets: list[ReplicaSet], old: ReplicaSet, new: ReplicaSet) -> Iterator[str]:
        sizes, uid, total = self._sizes.get(owner.metadata.uid, {}), new.metadata.uid, most(owner)
        before = _number(old)
        if not is_rolling(owner) or len(sizes) < 2 or uid not in sizes or before is None or not wanted(owner):
            return
        if not before != _number(new) == total:
            return
        others = [one for one in sets if one.metadata.uid != uid]
        known = all(_number(one) == total or wanted(one) == sizes.get(one.metadata.uid) for one in others)
        if not known or self.world.faults.is_corrupted(owner.metadata.uid):
            return
        shares = {one: (2 * size * total + before) // (2 * before) for one, size in sizes.items()}  # rounded half up
        left = total - sum(shares.values())
        if left and (left > 0) != (total > before):
            return  # which of them gets less because the others were rounded up depends on their order
        extra = left if sizes[uid] == max(sizes.values()) else 0
        if wanted(new) not in {shares[uid], max(shares[uid] + extra, 0)}:
            change = f"from {sizes[uid]} of {before} pods to {wanted(new)}"
            yield f"{title(new)} was scaled {change}, but its share of {total} is {shares[uid]}"


def _is_scaled(old: ReplicaSet, new: ReplicaSet) -> bool:
    """Source: isScalingEvent in pkg/controller/deployment/sync.go (v1.36)."""
    return old.metadata.annotations.get(DESIRED_REPLICAS) != new.metadata.annotations.get(DESIRED_REPLICAS)


def _number(found: ReplicaSet) -> int | None:
    said = found.metadata.annotations.get(MAX_REPLICAS, "")
    return int(said) if said.isdecimal() and int(said) else None


INVARIANTS: tuple[type[Invariant], ...] = (ScalingIsProportional,)
