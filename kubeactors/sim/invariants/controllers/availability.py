"""Invariant of availability: a pod counts as available only after it has been ready for `minReadySeconds`."""

from collections.abc import Iterator
from typing import ClassVar, TypeAlias

from kubeactors.actor.cell import Cell
from kubeactors.actor.supervision import SECOND
from kubeactors.api.apps.v1 import DaemonSet, ReplicaSet, StatefulSet
from kubeactors.api.core.v1 import Pod, ReplicationController
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.time import parse_time
from kubeactors.client import controller_of
from kubeactors.sim.invariants.inspection import informed_at
from kubeactors.sim.invariants.invariant import Invariant, title
from kubeactors.sim.processes import MANAGER
from kubeactors.sim.world import Commit, World

Owner: TypeAlias = ReplicaSet | ReplicationController | StatefulSet | DaemonSet
TRUNCATED = SECOND
"""Times in objects are whole seconds."""


class AvailabilityTakesItsTime(Invariant):
    """No status counts more available pods than have ever been ready for `minReadySeconds`.

    Not judged once a clock was wrong, as the pods' conditions say since when they are ready; nor soon after a fault, as a
    stale cache may show a pod as ready that no longer is.

    Source: "Deployments: min ready seconds" in Kubernetes' documentation; IsPodAvailable in pkg/api/v1/pod/util.go (v1.36).
    """

    name: ClassVar[str] = "availability-takes-its-time"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Pod, ReplicaSet, ReplicationController, StatefulSet, DaemonSet)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._been: dict[str, dict[str, int]] = {}
        """By uid of owner and of pod: for how long (nanoseconds) a pod was ready at most, up to its last write."""

    def committed(self, commit: Commit) -> Iterator[str]:
        """Note how long a pod was ready; compare a status that counts more pods than before."""
        old, new = commit.old, commit.new
        if isinstance(old, Pod):
            self._note(old)
        elif isinstance(new, Owner) and isinstance(old, Owner) and _available(new) > _available(old):
            needed = min(old.spec.min_ready_seconds, new.spec.min_ready_seconds)
            count = self._count(new.metadata.uid, needed * SECOND - TRUNCATED)
            if _available(new) > count and self._is_judged():
                yield (
                    f"{title(new)} reports {_available(new)} available pods, "
                    f"but only {count} have been ready for {needed} s"
                )

    def _is_judged(self) -> bool:
        informed = informed_at(self.world, MANAGER) < self.root.kernel.now
        return informed and not self.world.faults.clocks_differ()

    def _note(self, pod: Pod) -> None:
        owner, since = controller_of(pod.metadata), _ready_since(pod)
        if owner is not None and since:
            age = self.root.kernel.wall + self.root.kernel.now - parse_time(since)
            times = self._been.setdefault(owner.uid, {})
            times[pod.metadata.uid] = max(times.get(pod.metadata.uid, age), age)

    def _count(self, uid: str, least: int) -> int:
        for one in self.world.controlled_by(uid).values():
            if isinstance(one, Pod):
                self._note(one)
        return sum(1 for age in self._been.get(uid, {}).values() if age >= least)


def _ready_since(pod: Pod) -> str | None:
    """Since when it has been ready, terminating or not."""
    conditions = pod.status.conditions
    return next((one.last_transition_time for one in conditions if one.type == "Ready" and one.status == "True"), None)


def _available(found: Owner) -> int:
    return (found.status.number_available if isinstance(found, DaemonSet) else found.status.available_replicas) or 0


INVARIANTS: tuple[type[Invariant], ...] = (AvailabilityTakesItsTime,)
