"""What holds of each status by itself, at every moment: the numbers that it says go together.

A controller may see the world late; whatever it has seen, it has counted the same pods for all numbers of one status.
So a part is never more than the whole, and what follows from other numbers does follow from them. What the API server
refuses is left out: that more are ready than there are, or that a counter goes back.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import ClassVar, Protocol, cast

from msgspec.structs import replace

from kubeactors.api.apps.v1 import DaemonSet, Deployment
from kubeactors.api.autoscaling.v2 import HorizontalPodAutoscaler
from kubeactors.api.batch.v1 import CronJob
from kubeactors.api.core.v1 import ResourceQuota
from kubeactors.api.policy.v1 import PodDisruptionBudget, PodDisruptionBudgetStatus
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.sim.bounds.rollouts import has_caught_up, is_rolling, least, wanted
from kubeactors.sim.invariants.invariant import Invariant, title
from kubeactors.sim.world import Commit


class StatusCountsAddUp(Invariant):
    """What the status of a workload says of numbers goes together, whenever a controller says something new.

    Source: calculateStatus in pkg/controller/deployment/sync.go, updateDaemonSetStatus in
    pkg/controller/daemon/daemon_controller.go, updatePdbStatus in pkg/controller/disruption/disruption.go,
    reconcileAutoscaler in
    pkg/controller/podautoscaler/horizontal.go, syncResourceQuota in
    pkg/controller/resourcequota/resource_quota_controller.go (v1.36).
    """

    name: ClassVar[str] = "status-counts-add-up"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (
        Deployment, DaemonSet, CronJob, PodDisruptionBudget, HorizontalPodAutoscaler, ResourceQuota
    )  # fmt: skip

    def committed(self, commit: Commit) -> Iterator[str]:
        """Look at each status that is new, but for one that says nothing: it was lost."""
        old, new = commit.old, commit.new
        if old is None or new is None or _status(old) == _status(new) or self.world.faults.is_spoilt(new.metadata.uid):
            return
        if _status(new) == type(_status(new))():
            return
        for problem in PROBLEMS[type(new)](old, new):
            yield f"{title(new)} says {problem}"


class _WithStatus(Protocol):
    @property
    def status(self) -> object: ...


class _Condition(Protocol):
    @property
    def type(self) -> str: ...
    @property
    def status(self) -> str: ...


def _status(value: TypedObject) -> object:
    return cast("_WithStatus", value).status


def _says(conditions: Iterable[_Condition], type_: str) -> str:
    """The status of a condition; empty if there is none."""
    return next((one.status for one in conditions if one.type == type_), "")


def shrinking(**numbers: int) -> Iterator[str]:
    """Which of these numbers, each of a part of the one before, is more than that.

    >>> list(shrinking(replicas=3, ready=2, available=3))
    ['available 3, of ready 2']
    """
    named = list(numbers.items())
    for (whole, many), (part, more) in pairwise(named):
        if more > many:
            yield f"{part} {more}, of {whole} {many}"


def _of_deployment(_old: TypedObject, new: TypedObject) -> Iterator[str]:
    assert isinstance(new, Deployment)
    status = new.status
    enough = status.available_replicas >= (least(new) if is_rolling(new) else wanted(new))
    said = _says(status.conditions, "Available")
    if has_caught_up(new) and said != str(enough):
        yield f"Available {said}, and of {wanted(new)} {status.available_replicas} are"


def _of_daemon_set(_old: TypedObject, new: TypedObject) -> Iterator[str]:
    assert isinstance(new, DaemonSet)
    status, desired = new.status, new.status.desired_number_scheduled
    scheduled = status.current_number_scheduled
    yield from shrinking(
        desired=desired, scheduled=scheduled, ready=status.number_ready, available=status.number_available
    )
    yield from shrinking(scheduled=scheduled, updated=status.updated_number_scheduled)
    if status.number_unavailable != desired - status.number_available:
        yield f"unavailable {status.number_unavailable}, desired {desired}, available {status.number_available}"


def _of_cron_job(_old: TypedObject, new: TypedObject) -> Iterator[str]:
    assert isinstance(new, CronJob)
    uids = [one.uid for one in new.status.active]
    if len(dict.fromkeys(uids)) < len(uids):
        yield f"of one job twice that it runs: {[one.name for one in new.status.active]}"


def _of_budget(old: TypedObject, new: TypedObject) -> Iterator[str]:
    """An eviction takes off one disruption, names the pod, and leaves all other numbers; all else is reckoned."""
    assert isinstance(old, PodDisruptionBudget)
    assert isinstance(new, PodDisruptionBudget)
    status, allowed = new.status, new.status.disruptions_allowed
    said = next((one for one in status.conditions if one.type == "DisruptionAllowed"), None)
    if said is not None and said.status != str(allowed > 0):
        yield f"DisruptionAllowed {said.status}, and disruptions allowed {allowed}"
    if said is None or said.reason == "SyncFailed" or (status.disrupted_pods and _is_eviction(old.status, status)):
        return
    spare = max(status.current_healthy - status.desired_healthy, 0) if status.expected_pods else 0
    if allowed != spare:
        yield f"disruptions allowed {allowed}, and of {status.expected_pods} pods {spare} could go"


def _is_eviction(old: PodDisruptionBudgetStatus, new: PodDisruptionBudgetStatus) -> bool:
    named = {"disrupted_pods": old.disrupted_pods, "conditions": old.conditions}
    return replace(new, disruptions_allowed=new.disruptions_allowed + 1, **named) == old


def _of_autoscaler(_old: TypedObject, new: TypedObject) -> Iterator[str]:
    """What it wants lies within its bounds, if it could reckon; of a workload that is switched off it wants nothing."""
    assert isinstance(new, HorizontalPodAutoscaler)
    status, spec, desired = new.status, new.spec, new.status.desired_replicas
    able = all(_says(status.conditions, one) == "True" for one in ("AbleToScale", "ScalingActive"))
    seen = status.observed_generation == new.metadata.generation
    if able and seen and desired and not (spec.min_replicas or 1) <= desired <= spec.max_replicas:
        yield f"desired {desired}, and it may want {spec.min_replicas} to {spec.max_replicas}"


def _of_quota(old: TypedObject, new: TypedObject) -> Iterator[str]:
    """Who takes what is asked for off a quota knows its bounds as they were said last."""
    assert isinstance(old, ResourceQuota)
    assert isinstance(new, ResourceQuota)
    hard, used = new.status.hard, new.status.used
    if hard not in (old.status.hard, new.spec.hard):
        yield f"hard {hard}, and it is {new.spec.hard}"
    if not used.keys() <= hard.keys():
        yield f"used {used}, of hard {hard}"


PROBLEMS: dict[type[TypedObject], Callable[[TypedObject, TypedObject], Iterator[str]]] = {
    Deployment: _of_deployment,
    DaemonSet: _of_daemon_set,
    CronJob: _of_cron_job,
    PodDisruptionBudget: _of_budget,
    HorizontalPodAutoscaler: _of_autoscaler,
    ResourceQuota: _of_quota,
}
"""What does not go together in a new status, by kind; the object as it was before comes first."""

INVARIANTS: tuple[type[Invariant], ...] = (StatusCountsAddUp,)
