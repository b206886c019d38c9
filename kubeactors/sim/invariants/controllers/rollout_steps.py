"""Invariant of each step of a rolling update: how far ReplicaSets are scaled.

Pods are lost, or exceed the surge, only if something happens before the next step corrects a wrong one, which is rare. So
the sizes are judged as soon as they are written.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import ClassVar

from kubeactors.actor.cell import Cell
from kubeactors.actor.supervision import SECOND
from kubeactors.api.apps.v1 import Deployment, ReplicaSet
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import ApiRequest, Result, Update
from kubeactors.client import controller_of
from kubeactors.controllers.deployment.revisions import DESIRED_REPLICAS, number_in
from kubeactors.sim.bounds.rollouts import has_caught_up, is_rolling, least, most, wanted
from kubeactors.sim.disturbances import LONG_AGO
from kubeactors.sim.invariants.inspection import commit_behind, informed_at
from kubeactors.sim.invariants.invariant import Invariant, RequestInvariant, title
from kubeactors.sim.network import Asked
from kubeactors.sim.processes import MANAGER
from kubeactors.sim.users.manifests import without_hash
from kubeactors.sim.world import Commit, World

UNSEEN = 10 * SECOND
"""How long an undisturbed deployment controller may not have seen a change, or may still be about to act on an older state."""
Value = Callable[[ReplicaSet], int]


class RolloutStepsKeepWithinBounds(RequestInvariant):
    """A rolling update scales ReplicaSets only as far as `maxUnavailable` and `maxSurge` allow.

    Old ones down only if enough available pods remain in the others, of which a ReplicaSet that was just scaled down keeps
    no more than its size, whatever it still reports. One up only if all, with the pods that are yet to be deleted, are no
    more than the replicas and the surge.

    Source: "Deployments: max unavailable, max surge" in Kubernetes' documentation; reconcileOldReplicaSets in
    pkg/controller/deployment/rolling.go, NewRSNewReplicas in pkg/controller/deployment/util/deployment_util.go (v1.36).
    """

    name: ClassVar[str] = "rollout-steps-keep-within-bounds"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Deployment, ReplicaSet)
    requests: ClassVar[tuple[type[ApiRequest[object]], ...]] = (Update,)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._bounds: dict[str, tuple[int, int]] = {}
        """By uid of deployment: the fewest available and the most pods of any spec that its controller may act on."""
        self._widest: dict[str, tuple[int, int]] = {}
        """The same of any spec that it ever had."""
        self._shared: dict[str, int] = {}
        """By uid of deployment: when its ReplicaSets last got their shares of another number."""
        self._moved: dict[str, int] = {}
        """The same: when one last was adopted, orphaned or deleted."""
        self._states: dict[str, list[tuple[int, ReplicaSet]]] = {}
        """By uid of ReplicaSet: its states, with the times of their commits."""

    def committed(self, commit: Commit) -> Iterator[str]:
        """Follow bounds and states."""
        old, new = commit.old, commit.new
        if isinstance(new, Deployment):
            self._follow(new)
        if not isinstance(commit.current, ReplicaSet):
            return
        now = self.root.kernel.now
        if old is not None and new is not None and _mark(old) != _mark(new):
            self._shared[_owner(new)] = now
        if old is not None and (new is None or _owner(old) != _owner(new)):
            self._moved |= {_owner(one): now for one in (old, new) if one is not None}
        if isinstance(new, ReplicaSet):
            self._states.setdefault(new.metadata.uid, []).append((now, new))
        else:
            self._states.pop(commit.current.metadata.uid, None)
        yield from ()

    def answered(self, asked: Asked, answer: object) -> Iterator[str]:
        """Judge each ReplicaSet that a component has resized; users may resize them as they like."""
        written = answer.object if isinstance(answer, Result) else None
        commit = commit_behind(self.world, written) if isinstance(written, ReplicaSet) else None
        old, new = (commit.old, commit.new) if commit is not None else (None, None)
        if isinstance(old, ReplicaSet) and isinstance(new, ReplicaSet) and wanted(old) != wanted(new):
            owner = self.world.by_uid.get(_owner(new))
            if isinstance(owner, Deployment) and self._is_judged(owner, new):
                yield from self._judge(owner, old, new)

    def _follow(self, found: Deployment) -> None:
        uid, now = found.metadata.uid, (least(found), most(found))
        self._bounds[uid] = now if has_caught_up(found) else _wider(self._bounds.get(uid, now), now)
        self._widest[uid] = _wider(self._widest.get(uid, now), now)

    def _is_judged(self, owner: Deployment, new: ReplicaSet) -> bool:
        uid, now = owner.metadata.uid, self.root.kernel.now
        steps = is_rolling(owner) and not owner.spec.paused and owner.metadata.deletion_timestamp is None
        sized = _mark(new) == wanted(owner) and not self.world.faults.is_corrupted(uid)
        settled = self._shared.get(uid, LONG_AGO) + UNSEEN < now and self._moved.get(uid, LONG_AGO) < self._seen_since()
        return steps and sized and settled

    def _seen_since(self) -> int:
        """The controller may have seen any state since then as the newest."""
        now = self.root.kernel.now
        return now - UNSEEN if informed_at(self.world, MANAGER) < now else LONG_AGO + 1

    def _judge(self, owner: Deployment, old: ReplicaSet, new: ReplicaSet) -> Iterator[str]:
        uid, informed = owner.metadata.uid, self._seen_since() > LONG_AGO + 1
        others = [one for one in self.world.sets_of(uid) if one.metadata.uid != new.metadata.uid]
        fewest, most_ = self._bounds[uid] if informed else self._widest[uid]
        change = f"{title(new)} was scaled from {wanted(old)} to {wanted(new)}"
        if wanted(new) > wanted(old):
            total = wanted(new) + sum(self._of_late(one, _occupied, min) for one in others)
            if total > most_ and informed:  # otherwise it may not know all of them
                yield f"{change}: together {total} pods, but {title(owner)} allows {most_}"
            return
        stay = sum(self._of_late(one, _staying, max) for one in others)
        before, after = stay + _staying(old), stay + min(old.status.available_replicas, wanted(new))
        if after < min(before, fewest) and without_hash(new.spec.template) != owner.spec.template:
            yield f"{change}: {after} available pods remain, but {title(owner)} needs {fewest}"

    def _of_late(self, found: ReplicaSet, value: Value, extreme: Callable[[Iterable[int]], int]) -> int:
        """The extreme value of the states that the controller may have seen."""
        states, since = self._states.get(found.metadata.uid, []), self._seen_since()
        first = next((index for index, (time, _) in enumerate(states) if time > since), len(states))
        return extreme([value(found), *(value(one) for _, one in states[max(first - 1, 0) :])])


def _wider(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    return min(one[0], other[0]), max(one[1], other[1])


def _staying(found: ReplicaSet) -> int:
    """How many available pods stay: no more than its size."""
    return min(found.status.available_replicas, wanted(found))


def _occupied(found: ReplicaSet) -> int:
    """How many pods it has, or may create."""
    return max(found.status.replicas, wanted(found))


def _owner(found: TypedObject) -> str:
    reference = controller_of(found.metadata)
    return reference.uid if reference is not None else ""


def _mark(found: TypedObject) -> int | None:
    """The replicas of the deployment for which a ReplicaSet was last sized."""
    return number_in(found.metadata.annotations, DESIRED_REPLICAS)


INVARIANTS: tuple[type[Invariant], ...] = (RolloutStepsKeepWithinBounds,)
