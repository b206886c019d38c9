"""What holds of which pods go when there are too many."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, TypeAlias

import msgspec

from kubeactors.actor.cell import Cell
from kubeactors.actor.supervision import SECOND
from kubeactors.api.apps.v1 import ReplicaSet
from kubeactors.api.core.v1 import Pod, ReplicationController
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import Delete
from kubeactors.apimachinery.time import parse_time
from kubeactors.client import controller_of
from kubeactors.controllers.replicaset.controller import ReplicasController
from kubeactors.sim.bounds.rollouts import is_active, is_ready
from kubeactors.sim.invariants.invariant import RequestInvariant, title
from kubeactors.sim.invariants.looking import informed_at
from kubeactors.sim.network import Asked
from kubeactors.sim.processes import kind_of_process
from kubeactors.sim.world import Commit, World

STEADY = SECOND // 2
"""What a pod has been for so long its controller has had time to see."""
TOGETHER = SECOND
"""Who is to go together with another pod is asked so soon after it."""
COST = "controller.kubernetes.io/pod-deletion-cost"
RUNS = {"Running": 2, "Unknown": 1}

Crowds: TypeAlias = Mapping[str, int]
"""By node: how many pods of the same owner, or of others of the same deployment, are on it."""


class _Choice(msgspec.Struct, frozen=True):
    """A pod that was asked to go, and those beside it."""

    at: int
    doomed: Pod
    beside: Sequence[Pod]
    crowds: Crowds
    ages: tuple[int, ...]
    """At which times, in unix nanoseconds, the choice may have been made."""


class LeastMissedGoFirst(RequestInvariant):
    """Of too many pods those go that are missed least: unassigned, pending, not ready, cheap, crowded, new ones.

    Only where all pods have been as they are for a while, and nothing has befallen the controller for longer: it may choose
    by what its cache showed before it waited for an answer.

    Source: "ReplicaSet: scaling down" in Kubernetes' documentation; ActivePodsWithRanks in
    pkg/controller/controller_utils.go, getIndirectlyRelatedPods in pkg/controller/replicaset/replica_set.go (v1.36).
    """

    name: ClassVar[str] = "least-missed-go-first"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Pod,)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._since: dict[str, int] = {}
        """By uid: when a pod was written last, and when an owner last got or lost one."""
        self._asked_to_go: dict[str, None] = {}
        self._choices: list[_Choice] = []

    def committed(self, commit: Commit) -> Iterator[str]:
        """Note when."""
        now, states = self.root.kernel.now, (commit.old, commit.new)
        before, after = (controller_of(one.metadata) if one is not None else None for one in states)
        owners = [one.uid for one in (before, after) if one is not None and before != after]
        self._since |= dict.fromkeys((commit.current.metadata.uid, *owners), now)
        yield from ()

    def asked(self, asked: Asked) -> None:
        """Note whom it was chosen among."""
        request = asked.request
        if not isinstance(request, Delete) or not isinstance(asked.sender.actor, ReplicasController):
            return
        wanted = request.options.preconditions
        doomed = self.world.by_uid.get((wanted.uid if wanted is not None else None) or "")
        if isinstance(doomed, Pod):
            self._asked_to_go[doomed.metadata.uid] = None
            self._choices += self._among(asked, doomed)

    def _among(self, asked: Asked, doomed: Pod) -> Iterator[_Choice]:
        owner = self._owner(doomed)
        owners = [] if owner is None else self._related(owner)
        pods = [pod for one in owners for pod in self._pods_of(one)]
        told = informed_at(self.world, kind_of_process(asked.component)) < asked.at
        if not told or not all(map(self._is_steady, (*owners, *pods))):
            return
        related = list(filter(is_active, pods))
        beside = [pod for pod in related if self._owner(pod) is owner and pod is not doomed]
        crowds = Counter(pod.spec.node_name for pod in related)
        wall = self.root.kernel.wall + self.root.kernel.now
        yield _Choice(asked.at, doomed, beside, crowds, (wall - SECOND, wall))

    def _owner(self, pod: TypedObject) -> TypedObject | None:
        reference = controller_of(pod.metadata)
        return self.world.by_uid.get(reference.uid) if reference is not None else None

    def _related(self, owner: TypedObject) -> list[TypedObject]:
        """It, and others of the same deployment, which may have gone before them."""
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
        """Look who has stayed."""
        due = [one for one in self._choices if one.at + TOGETHER < self.root.kernel.now]
        self._choices = [one for one in self._choices if one not in due]
        for choice in due:
            for pod in choice.beside:
                if pod.metadata.uid not in self._asked_to_go and _goes_before(pod, choice):
                    yield f"{title(choice.doomed)} was asked to go, and {title(pod)} was not, which is missed less"


def _goes_before(pod: Pod, choice: _Choice) -> bool:
    """Whether a pod is certainly missed less than the one that was chosen."""
    doomed, crowds = choice.doomed, choice.crowds
    left, right = _worth(pod, crowds), _worth(doomed, crowds)
    if left != right:
        return left < right
    return all(_is_newer(pod, doomed, now) for now in choice.ages)


def _worth(pod: Pod, crowds: Crowds) -> tuple[bool, int, bool, int, int]:
    node = pod.spec.node_name
    cost = int(pod.metadata.annotations.get(COST, "0"))
    return bool(node), RUNS.get(pod.status.phase, 0), is_ready(pod), cost, -crowds[node]


def _is_newer(pod: Pod, other: Pod, now: int) -> bool:
    """Whether it is ready for a far shorter time; or if that is the same, restarts more often, or is far younger."""
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
    """Ages are told apart by their logarithm only."""
    return (now - parse_time(time)).bit_length() if time else 0


INVARIANTS: tuple[type[RequestInvariant], ...] = (LeastMissedGoFirst,)
