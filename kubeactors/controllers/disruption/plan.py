"""Computes how many pods of a PodDisruptionBudget may be disrupted.

Source: pkg/controller/disruption/disruption.go (v1.36).
"""

from collections.abc import Mapping

import msgspec
from msgspec.structs import replace

from kubeactors.api.core.v1 import Pod
from kubeactors.api.policy.v1 import PodDisruptionBudget, PodDisruptionBudgetStatus
from kubeactors.api.policy.v1.disruption import with_disruption_allowed
from kubeactors.api.policy.v1.poddisruptionbudget import DISRUPTION_ALLOWED, SYNC_FAILED
from kubeactors.apimachinery.conditions import with_condition
from kubeactors.apimachinery.intstr import scaled
from kubeactors.apimachinery.labels import format_selector
from kubeactors.apimachinery.meta import Condition
from kubeactors.apimachinery.time import SECOND, format_time, parse_time
from kubeactors.client import controller_of
from kubeactors.controllers.clocks import seconds_left
from kubeactors.controllers.pods import is_ready

DELETION_SECONDS = 120
"""A pod whose eviction was allowed, but which is not terminating after this time, is taken to stay."""


class View(msgspec.Struct, frozen=True, kw_only=True):
    """The input of a sync: the budget, its pods, and the scale of each of their controllers, by its UID.

    `now` is Unix time in nanoseconds.
    """

    budget: PodDisruptionBudget
    pods: tuple[Pod, ...] = ()
    scales: Mapping[str, int] = {}
    now: int = 0


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """The status to write; unmanaged pods, where that matters; pods that were expected to be deleted and were not."""

    status: PodDisruptionBudgetStatus
    unmanaged: tuple[Pod, ...] = ()
    not_deleted: tuple[Pod, ...] = ()
    wait_seconds: float | None = None


def needs_scales(budget: PodDisruptionBudget) -> bool:
    """Whether the budget depends on the desired number of pods."""
    spec = budget.spec
    return spec.max_unavailable is not None or isinstance(spec.min_available, str)


def plan(view: View) -> Plan:
    """Compute the status.

    Raises:
        IntOrStringError: a percentage in the spec is malformed.
    """
    budget, status = view.budget, view.budget.status
    disrupted, not_deleted, wait = _disrupted(view)
    expected, desired = _expected(view)
    healthy = sum(
        is_ready(pod) and pod.metadata.deletion_timestamp is None and pod.metadata.name not in disrupted
        for pod in view.pods
    )
    allowed = max(healthy - desired, 0) if expected > 0 else 0
    new = replace(
        status,
        current_healthy=healthy,
        desired_healthy=desired,
        expected_pods=expected,
        disruptions_allowed=allowed,
        disrupted_pods=disrupted,
        observed_generation=budget.metadata.generation,
    )
    unmanaged = tuple(pod for pod in view.pods if controller_of(pod.metadata) is None)
    return Plan(
        status=with_disruption_allowed(new, format_time(view.now)),
        unmanaged=unmanaged if needs_scales(budget) else (),
        not_deleted=not_deleted,
        wait_seconds=wait,
    )


def failed(budget: PodDisruptionBudget, why: str, now: int) -> PodDisruptionBudgetStatus:
    """The status of a budget that cannot be computed: no disruptions are allowed."""
    condition = Condition(
        type=DISRUPTION_ALLOWED,
        status="False",
        reason=SYNC_FAILED,
        message=why,
        observed_generation=budget.status.observed_generation,
        last_transition_time=format_time(now),
    )
    conditions = with_condition(budget.status.conditions, condition)
    return replace(budget.status, disruptions_allowed=0, conditions=conditions)


def unmanaged_message(budget: PodDisruptionBudget) -> str:
    """The message of the event about unmanaged pods."""
    return (
        f"Pods selected by this PodDisruptionBudget (selector: {format_selector(budget.spec.selector)}) were found to "
        "be unmanaged. As a result, the status of the PDB cannot be calculated correctly, which may result in undefined "
        'behavior. To account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.'
    )


def _expected(view: View) -> tuple[int, int]:
    """The expected number of pods, and how many of them must be healthy."""
    spec, wanted = view.budget.spec, sum(view.scales.values())
    if spec.max_unavailable is not None:
        return wanted, max(wanted - scaled(spec.max_unavailable, wanted, round_up=True), 0)
    if isinstance(spec.min_available, int):
        return len(view.pods), spec.min_available
    if spec.min_available is not None:
        return wanted, scaled(spec.min_available, wanted, round_up=True)
    return 0, 0


def _disrupted(view: View) -> tuple[dict[str, str], tuple[Pod, ...], float | None]:
    """The pods whose eviction is under way, by name; those that stayed; and when to check again."""
    times = view.budget.status.disrupted_pods
    going: dict[str, str] = {}
    staying: list[Pod] = []
    waits: list[float] = []
    for pod in view.pods if times else ():
        time = times.get(pod.metadata.name)
        if time is None or pod.metadata.deletion_timestamp is not None:
            continue
        since = parse_time(time)
        if since + DELETION_SECONDS * SECOND < view.now:
            staying.append(pod)
        else:
            going[pod.metadata.name] = time
            waits.append(seconds_left(since, DELETION_SECONDS, view.now) + 1)
    return going, tuple(staying), min(waits, default=None)
