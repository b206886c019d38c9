"""Invariant of status conditions of all kinds.

Source: the documentation of Condition in apimachinery/pkg/apis/meta/v1/types.go (v1.36).
"""

from collections.abc import Iterator
from functools import cache
from typing import ClassVar, Protocol, cast

from kubeactors.actor.cell import Cell
from kubeactors.actor.supervision import SECOND
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.sim.disturbances import LONG_AGO
from kubeactors.sim.invariants.invariant import Invariant, title
from kubeactors.sim.world import Commit, World

OLD = 5 * SECOND
"""A transition time that was first written this long ago cannot be that of a transition now."""

HEARSAY = ("PodScheduled", "DisruptionTarget")
"""Conditions of a pod with several writers, each of which may be stale: a lagging scheduler writes them for a pod that is
bound already, and so do components that evict it."""
FAILURE = "ReplicaFailure"
"""A condition whose transition time also changes with its reason.

Source: SetCondition in pkg/controller/replicaset/replica_set_utils.go (v1.36).
"""
ABLE = "AbleToScale"
"""An autoscaler may flip this condition twice before it writes: the scale could be read, and then not written.

Source: reconcileAutoscaler and setConditionInList in pkg/controller/podautoscaler/horizontal.go (v1.36).
"""


class _Condition(Protocol):
    @property
    def type(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def reason(self) -> str: ...
    @property
    def last_transition_time(self) -> str | None: ...


class _Status(Protocol):
    @property
    def conditions(self) -> tuple[_Condition, ...] | None: ...


class _Conditioned(Protocol):
    @property
    def status(self) -> _Status: ...


class ConditionTransitionsAreTimestamped(Invariant):
    """`lastTransitionTime` changes exactly when a condition's status does.

    Timers start from it: `minReadySeconds` of a pod, the grace period of a node, the progress deadline of a rollout.
    """

    name: ClassVar[str] = "condition-transitions-are-timestamped"

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._told: dict[tuple[str, str], int] = {}
        """By uid and type: when a condition's transition time was first written, as the writer's clock may be wrong."""

    def committed(self, commit: Commit) -> Iterator[str]:
        """Compare the transition times of conditions that existed before."""
        old, new = commit.old, commit.new
        if new is None or not _has_conditions(type(new)):
            return
        then = cast("_Conditioned", old).status.conditions if old is not None else ()
        now = cast("_Conditioned", new).status.conditions
        if then is now or not now or self.world.faults.is_corrupted(new.metadata.uid):
            return
        before = {one.type: one for one in then or () if one.type not in HEARSAY}
        for one in now:
            was, key = before.get(one.type), (new.metadata.uid, one.type)
            if was is None or was.last_transition_time != one.last_transition_time:
                self._told[key] = self.root.kernel.now
            if was is not None:
                is_old = was.status != one.status and self._is_old(key)
                for problem in _dated(was, one, is_old=is_old):
                    yield f"{title(new)}: {one.type} {problem}"

    def _is_old(self, key: tuple[str, str]) -> bool:
        """Whether a transition time cannot be that of a transition now; a delayed write may describe an older state."""
        hindered_until = max(self.world.faults.affected.values(), default=LONG_AGO)
        return max(self._told.get(key, LONG_AGO), hindered_until) + OLD < self.root.kernel.now


@cache
def _has_conditions(type_: type[TypedObject]) -> bool:
    return "conditions" in getattr(getattr(type_(), "status", None), "__struct_fields__", ())


def _dated(old: _Condition, new: _Condition, *, is_old: bool) -> Iterator[str]:
    then, now = old.last_transition_time, new.last_transition_time
    if old.status == new.status:
        if then != now and new.type != ABLE and (old.reason == new.reason or new.type != FAILURE):
            yield f"is still {new.status}, but its lastTransitionTime changed from {then} to {now}"
    elif then == now and then is not None and is_old:
        yield f"changed from {old.status} to {new.status}, but its lastTransitionTime is still {then}"


INVARIANTS: tuple[type[Invariant], ...] = (ConditionTransitionsAreTimestamped,)
