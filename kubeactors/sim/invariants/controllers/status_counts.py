"""Invariant of each single status, at every moment: its numbers are consistent.

A controller's cache may be stale, but all numbers of one status come from the same cache. So a part never exceeds the whole,
and derived numbers follow from the others. What the API server validates is not checked again: for example that no more
pods are ready than exist, or that a counter does not decrease.
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
    """The numbers of a workload's status are consistent in every write.

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
        """Check each changed status, except an empty one, which a fault has cleared."""
        old, new = commit.old, commit.new
        if (
            old is None
            or new is None
            or _status(old) == _status(new)
            or self.world.faults.is_corrupted(new.metadata.uid)
        ):
            return
        if _status(new) == type(_status(new))():
            return
        for problem in PROBLEMS[type(new)](old, new):
            yield f"the status of {title(new)} has {problem}"


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
    """Violations of a sequence of numbers each of which counts a part of the one before.

    >>> list(shrinking(replicas=3, ready=2, available=3))
    ['available 3, but ready only 2']
    """
    named = list(numbers.items())
    for (whole, many), (part, more) in pairwise(named):
        if more > many:
            yield f"{part} {more}, but {whole} only {many}"


def _of_deployment(_old: TypedObject, new: TypedObject) -> Iterator[str]:
    assert isinstance(new, Deployment)
    status = new.status
    enough = status.available_replicas >= (least(new) if is_rolling(new) else wanted(new))
    said = _says(status.conditions, "Available")
    if has_caught_up(new) and said != str(enough):
        yield f"Available {said}, but availableReplicas {status.available_replicas} of {wanted(new)}"


def _of_daemon_set(_old: TypedObject, new: TypedObject) -> Iterator[str]:
    assert isinstance(new, DaemonSet)
    status, desired = new.status, new.status.desired_number_scheduled
    scheduled = status.current_number_scheduled
    yield from shrinking(
        desired=desired, scheduled=scheduled, ready=status.number_ready, available=status.number_available
    )
    yield from shrinking(scheduled=scheduled, updated=status.updated_number_scheduled)
    if status.number_unavailable != desired - status.number_available:
        yield (
            f"numberUnavailable {status.number_unavailable}, but desiredNumberScheduled {desired} "
            f"and numberAvailable {status.number_available}"
        )


def _of_cron_job(_old: TypedObject, new: TypedObject) -> Iterator[str]:
    assert isinstance(new, CronJob)
    uids = [one.uid for one in new.status.active]
    if len(dict.fromkeys(uids)) < len(uids):
        yield f"a job twice in its active list: {[one.name for one in new.status.active]}"


def _of_budget(old: TypedObject, new: TypedObject) -> Iterator[str]:
    """An eviction decrements `disruptionsAllowed` and adds the pod; all other writes compute all numbers."""
    assert isinstance(old, PodDisruptionBudget)
    assert isinstance(new, PodDisruptionBudget)
    status, allowed = new.status, new.status.disruptions_allowed
    said = next((one for one in status.conditions if one.type == "DisruptionAllowed"), None)
    if said is not None and said.status != str(allowed > 0):
        yield f"DisruptionAllowed {said.status}, but disruptionsAllowed {allowed}"
    if said is None or said.reason == "SyncFailed" or (status.disrupted_pods and _is_eviction(old.status, status)):
        return
    spare = max(status.current_healthy - status.desired_healthy, 0) if status.expected_pods else 0
    if allowed != spare:
        yield f"disruptionsAllowed {allowed}, but by its other numbers it should be {spare} of {status.expected_pods} pods"


def _is_eviction(old: PodDisruptionBudgetStatus, new: PodDisruptionBudgetStatus) -> bool:
    named = {"disrupted_pods": old.disrupted_pods, "conditions": old.conditions}
    return replace(new, disruptions_allowed=new.disruptions_allowed + 1, **named) == old


def _of_autoscaler(_old: TypedObject, new: TypedObject) -> Iterator[str]:
    """`desiredReplicas` is within the bounds if it could be computed; it is 0 for a workload scaled to 0."""
    assert isinstance(new, HorizontalPodAutoscaler)
    status, spec, desired = new.status, new.spec, new.status.desired_replicas
    able = all(_says(status.conditions, one) == "True" for one in ("AbleToScale", "ScalingActive"))
    seen = status.observed_generation == new.metadata.generation
    if able and seen and desired and not (spec.min_replicas or 1) <= desired <= spec.max_replicas:
        yield f"desiredReplicas {desired}, but the bounds are {spec.min_replicas} to {spec.max_replicas}"


def _of_quota(old: TypedObject, new: TypedObject) -> Iterator[str]:
    """Admission updates `used`, and keeps the last `hard` of the status."""
    assert isinstance(old, ResourceQuota)
    assert isinstance(new, ResourceQuota)
    hard, used = new.status.hard, new.status.used
    if hard not in (old.status.hard, new.spec.hard):
        yield f"hard {hard}, but the spec has {new.spec.hard}"
    if not used.keys() <= hard.keys():
        yield f"used {used} with other resources than hard {hard}"


PROBLEMS: dict[type[TypedObject], Callable[[TypedObject, TypedObject], Iterator[str]]] = {
    Deployment: _of_deployment,
    DaemonSet: _of_daemon_set,
    CronJob: _of_cron_job,
    PodDisruptionBudget: _of_budget,
    HorizontalPodAutoscaler: _of_autoscaler,
    ResourceQuota: _of_quota,
}
"""By kind: what is inconsistent in a new status; the arguments are the object before and after."""

INVARIANTS: tuple[type[Invariant], ...] = (StatusCountsAddUp,)
