"""Invariants of scaling down: how many pods a ReplicaSet or ReplicationController deletes, and which."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, TypeAlias

import msgspec

from kubeactors.actor.cell import Cell
from kubeactors.actor.supervision import SECOND
from kubeactors.api.apps.v1 import ReplicaSet
from kubeactors.api.core.v1 import Pod, ReplicationController
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import ApiRequest, Delete
from kubeactors.apimachinery.time import parse_time
from kubeactors.client import controller_of
from kubeactors.controllers.replicaset.controller import ReplicasController
from kubeactors.sim.bounds.rollouts import Replicas, is_active, is_ready, wanted
from kubeactors.sim.disturbances import LONG_AGO
from kubeactors.sim.invariants.inspection import informed_at
from kubeactors.sim.invariants.invariant import RequestInvariant, title
from kubeactors.sim.invariants.requests import is_refusal
from kubeactors.sim.network import Asked
from kubeactors.sim.processes import kind_of_process
from kubeactors.sim.world import Commit, World

STEADY = SECOND // 2
"""How long after a change its controller has seen it."""
TOGETHER = SECOND
"""How soon after each other the pods of one scale-down are deleted."""
COST = "controller.kubernetes.io/pod-deletion-cost"
RUNS = {"Running": 2, "Unknown": 1}

Occupancy: TypeAlias = Mapping[str, int]
"""By node: how many pods of the same owner, or of others of the same deployment, are on it."""


class Choice(msgspec.Struct, frozen=True):
    """A pod that was deleted to scale down, and its siblings."""

    at: int
    deleted: Pod
    siblings: Sequence[Pod]
    occupancy: Occupancy
    ages: tuple[int, ...]
    """When the choice may have been made, in unix nanoseconds."""


class ScaleDownFollowsRanking(RequestInvariant):
    """A scale-down deletes the lowest-ranked pods: unassigned, pending, unready, of low deletion cost, crowded, young ones.

    Judged only if the pods have not changed for a while, and the controller was undisturbed for longer: it may choose by the
    state of its cache before it waited for an answer.

    Source: "ReplicaSet: scaling down" in Kubernetes' documentation; ActivePodsWithRanks in
    pkg/controller/controller_utils.go, getIndirectlyRelatedPods in pkg/controller/replicaset/replica_set.go (v1.36).
    """

    name: ClassVar[str] = "scale-down-follows-ranking"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Pod,)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._since: dict[str, int] = {}
        """By uid: when a pod was last written, or an owner last got or lost a pod."""
        self._deletion_requested: dict[str, None] = {}
        self._choices: list[Choice] = []

    def committed(self, commit: Commit) -> Iterator[str]:
        """Note the time of the change."""
        now, states = self.root.kernel.now, (commit.old, commit.new)
        before, after = (controller_of(one.metadata) if one is not None else None for one in states)
        owners = [one.uid for one in (before, after) if one is not None and before != after]
        self._since |= dict.fromkeys((commit.current.metadata.uid, *owners), now)
        yield from ()

    def asked(self, asked: Asked) -> None:
        """Note the pod, and the siblings that it was chosen from."""
        request = asked.request
        if not isinstance(request, Delete) or not isinstance(asked.sender.actor, ReplicasController):
            return
        wanted = request.options.preconditions
        deleted = self.world.by_uid.get((wanted.uid if wanted is not None else None) or "")
        if isinstance(deleted, Pod):
            self._deletion_requested[deleted.metadata.uid] = None
            self._choices += self._among(asked, deleted)

    def _among(self, asked: Asked, deleted: Pod) -> Iterator[Choice]:
        owner = self._owner(deleted)
        owners = [] if owner is None else self._related(owner)
        pods = [pod for one in owners for pod in self._pods_of(one)]
        told = informed_at(self.world, kind_of_process(asked.component)) < asked.at
        if not told or not all(map(self._is_steady, (*owners, *pods))):
            return
        related = list(filter(is_active, pods))
        siblings = [pod for pod in related if self._owner(pod) is owner and pod is not deleted]
        occupancy = Counter(pod.spec.node_name for pod in related)
        wall = self.root.kernel.wall + self.root.kernel.now
        yield Choice(asked.at, deleted, siblings, occupancy, (wall - SECOND, wall))

    def _owner(self, pod: TypedObject) -> TypedObject | None:
        reference = controller_of(pod.metadata)
        return self.world.by_uid.get(reference.uid) if reference is not None else None

    def _related(self, owner: TypedObject) -> list[TypedObject]:
        """The owner, and the other ReplicaSets of its deployment, whose pods count for crowding."""
        above = controller_of(owner.metadata)
        owners = [owner] if above is None else list(self.world.controlled_by(above.uid).values())
        return [one for one in owners if isinstance(one, ReplicaSet | ReplicationController)]

    def _pods_of(self, owner: TypedObject) -> Iterator[Pod]:
        for one in self.world.controlled_by(owner.metadata.uid).values():
            if isinstance(one, Pod):
                yield one

    def _is_steady(self, one: TypedObject) -> bool:
        return self._since.get(one.metadata.uid, 0) + STEADY < self.root.kernel.now

    def looked(self) -> Iterator[str]:
        """Check the siblings that were not deleted together with the pod."""
        due = [one for one in self._choices if one.at + TOGETHER < self.root.kernel.now]
        self._choices = [one for one in self._choices if one not in due]
        for choice in due:
            for pod in choice.siblings:
                if pod.metadata.uid not in self._deletion_requested and ranks_lower(pod, choice):
                    yield f"{title(choice.deleted)} was deleted to scale down, but {title(pod)} ranks lower and was kept"


def ranks_lower(pod: Pod, choice: Choice) -> bool:
    """Whether a pod certainly ranks lower than the deleted one."""
    deleted, occupancy = choice.deleted, choice.occupancy
    left, right = _rank(pod, occupancy), _rank(deleted, occupancy)
    if left != right:
        return left < right
    return all(_is_newer(pod, deleted, now) and not _is_in_cycle(pod, choice, now) for now in choice.ages)


def _is_in_cycle(pod: Pod, choice: Choice, now: int) -> bool:
    """Whether the comparisons form a cycle, so that any order is right.

    Of two pods that became ready at the same time the younger one ranks lower; but with a third one, ready for a similar
    time, each compares by UID.
    """
    since = _ready_since(pod)
    if since is None or since != _ready_since(choice.deleted):
        return False
    times = [
        _ready_since(one) for one in choice.siblings if _rank(one, choice.occupancy) == _rank(pod, choice.occupancy)
    ]
    return any(one is not None and one != since and _magnitude(one, now) == _magnitude(since, now) for one in times)


def _rank(pod: Pod, occupancy: Occupancy) -> tuple[bool, int, bool, int, int]:
    node = pod.spec.node_name
    cost = int(pod.metadata.annotations.get(COST, "0"))
    return bool(node), RUNS.get(pod.status.phase, 0), is_ready(pod), cost, -occupancy[node]


def _is_newer(pod: Pod, other: Pod, now: int) -> bool:
    """Whether it is ready for a much shorter time; or if equal, restarts more often; or if equal, is much younger."""
    since, before = _ready_since(pod), _ready_since(other)
    if since != before:
        return _magnitude(since, now) < _magnitude(before, now)
    if _restarts(pod) != _restarts(other):
        return _restarts(pod) > _restarts(other)
    return _magnitude(pod.metadata.creation_timestamp, now) < _magnitude(other.metadata.creation_timestamp, now)


def _ready_since(pod: Pod) -> str | None:
    if not is_ready(pod):
        return None
    return next((one.last_transition_time for one in pod.status.conditions if one.type == "Ready"), None)


def _restarts(pod: Pod) -> int:
    return max((one.restart_count for one in pod.status.container_statuses), default=0)


def _magnitude(time: str | None, now: int) -> int:
    """An age's order of magnitude: only different logarithms count as different."""
    return (now - parse_time(time)).bit_length() if time else 0


class OnlySurplusPodsAreDeleted(RequestInvariant):
    """A ReplicaSet or ReplicationController deletes no more pods than are surplus.

    Compared with the fewest replicas that it has wanted of late, and only while it loses no pods otherwise, which its
    controller may still have counted.

    Source: "How a ReplicaSet works" in Kubernetes' documentation; manageReplicas in
    pkg/controller/replicaset/replica_set.go (v1.36).
    """

    name: ClassVar[str] = "only-surplus-pods-are-deleted"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Pod, ReplicaSet, ReplicationController)
    requests: ClassVar[tuple[type[ApiRequest[object]], ...]] = (Delete,)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._sizes: dict[str, tuple[int, int]] = {}
        """By uid of owner: when its replicas last changed, and the fewest around that time."""
        self._shrunk: dict[str, int] = {}
        """By uid of owner: when it last lost a pod that it had not deleted."""
        self._asked: dict[str, int] = {}
        """By uid of pod: when its controller requested its deletion."""
        self._found: list[str] = []

    def committed(self, commit: Commit) -> Iterator[str]:
        """Follow replicas and lost pods."""
        old, new, now = commit.old, commit.new, self.root.kernel.now
        if isinstance(new, Replicas) and (not isinstance(old, Replicas) or wanted(old) != wanted(new)):
            since, fewest = self._sizes.get(new.metadata.uid, (now, wanted(new)))
            before = wanted(old) if isinstance(old, Replicas) else wanted(new)
            self._sizes[new.metadata.uid] = now, min(wanted(new), fewest if since + STEADY >= now else before)
        elif isinstance(old, Pod) and is_active(old) and not _stays(old, new):
            owner = controller_of(old.metadata)
            if owner is not None and old.metadata.uid not in self._asked:
                self._shrunk[owner.uid] = now
        yield from ()

    def asked(self, asked: Asked) -> None:
        """Count the pods that would be left."""
        request, now = asked.request, asked.at
        if not isinstance(request, Delete) or not isinstance(asked.sender.actor, ReplicasController):
            return
        uid = request.options.preconditions.uid if request.options.preconditions is not None else None
        deleted = self.world.by_uid.get(uid or "")
        if not isinstance(deleted, Pod) or not is_active(deleted):
            return
        self._asked[deleted.metadata.uid] = now
        reference = controller_of(deleted.metadata)
        owner = self.world.by_uid.get(reference.uid) if reference is not None else None
        told = informed_at(self.world, kind_of_process(asked.component)) < now
        if isinstance(owner, Replicas) and told and self._is_steady(owner, now):
            self._count(asked, owner)

    def answered(self, asked: Asked, answer: object) -> Iterator[str]:
        """Drop rejected deletions."""
        request = asked.request
        if is_refusal(answer) and isinstance(request, Delete) and request.options.preconditions is not None:
            self._asked.pop(request.options.preconditions.uid or "", None)
        yield from ()

    def _is_steady(self, owner: Replicas, now: int) -> bool:
        uid = owner.metadata.uid
        exempt = owner.metadata.deletion_timestamp is not None or self.world.faults.is_corrupted(uid)
        return not exempt and self._shrunk.get(uid, LONG_AGO) + STEADY < now

    def _count(self, asked: Asked, owner: Replicas) -> None:
        since, fewest = self._sizes[owner.metadata.uid]
        least = fewest if since + STEADY >= asked.at else wanted(owner)
        left = sum(1 for pod in self.world.pods_of(owner) if is_active(pod) and not self._is_leaving(pod, asked.at))
        if left < least:
            self._found.append(
                f"{asked.sender.path} deletes too many pods of {title(owner)}: that leaves {left}, but it wants {least}"
            )

    def _is_leaving(self, pod: Pod, now: int) -> bool:
        """Whether its deletion was requested just now, and is not committed yet."""
        return self._asked.get(pod.metadata.uid, LONG_AGO) + STEADY >= now

    def looked(self) -> Iterator[str]:
        """Report what was found since the last look."""
        yield from self._found
        self._found.clear()


def _stays(old: Pod, new: TypedObject | None) -> bool:
    """Whether a pod is active still, and has the labels by which its owner selects it."""
    return isinstance(new, Pod) and is_active(new) and new.metadata.labels == old.metadata.labels


INVARIANTS: tuple[type[RequestInvariant], ...] = (ScaleDownFollowsRanking, OnlySurplusPodsAreDeleted)
