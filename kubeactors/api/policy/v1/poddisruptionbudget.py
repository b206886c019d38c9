"""PodDisruptionBudget: limits concurrent voluntary disruptions of pods.

Source: api/policy/v1/types.go, pkg/apis/policy/validation/validation.go (v1.36).
"""

from collections.abc import Iterator
from typing import Annotated

from kubeactors.api.validation import validate_count
from kubeactors.apimachinery import names
from kubeactors.apimachinery.condition_validation import validate_conditions
from kubeactors.apimachinery.field import FieldError, invalid, not_supported
from kubeactors.apimachinery.labels import validate_selector
from kubeactors.apimachinery.meta import (
    Condition,
    IntOrString,
    LabelSelector,
    Object,
    Time,
    TypedObject,
    always,
    merge_by,
    patch_strategy,
)
from kubeactors.apimachinery.scheme import Kind

ALWAYS_ALLOW, IF_HEALTHY_BUDGET = "AlwaysAllow", "IfHealthyBudget"
"""The eviction of unhealthy pods: always allowed, or only if enough others are healthy."""

DISRUPTION_ALLOWED = "DisruptionAllowed"
SUFFICIENT_PODS, INSUFFICIENT_PODS, SYNC_FAILED = "SufficientPods", "InsufficientPods", "SyncFailed"
"""The condition of a budget, and its reasons."""


class PodDisruptionBudgetSpec(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The pods, and how many must be available or may be unavailable, as a number or a percentage."""

    min_available: IntOrString | None = None
    selector: Annotated[LabelSelector | None, patch_strategy("replace")] = None
    max_unavailable: IntOrString | None = None
    unhealthy_pod_eviction_policy: str | None = None


class PodDisruptionBudgetStatus(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The number of allowed disruptions. `disrupted_pods` are pods whose eviction was allowed and not observed yet."""

    observed_generation: int = 0
    disrupted_pods: dict[str, Time] = {}
    disruptions_allowed: int = always(0)
    current_healthy: int = always(0)
    desired_healthy: int = always(0)
    expected_pods: int = always(0)
    conditions: Annotated[tuple[Condition, ...], merge_by("type")] = ()


class PodDisruptionBudget(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Limits the number of pods that evictions may disrupt at a time."""

    api_version: str = "policy/v1"
    kind: str = "PodDisruptionBudget"
    spec: PodDisruptionBudgetSpec = always(PodDisruptionBudgetSpec())
    status: PodDisruptionBudgetStatus = always(PodDisruptionBudgetStatus())


def validate_pod_disruption_budget(budget: PodDisruptionBudget) -> Iterator[FieldError]:
    """One of both numbers is set, and the policy is valid."""
    spec, policies = budget.spec, (ALWAYS_ALLOW, IF_HEALTHY_BUDGET)
    if spec.min_available is not None and spec.max_unavailable is not None:
        yield invalid("spec", spec, "minAvailable and maxUnavailable cannot be both set")
    yield from _validate_number(spec.min_available, "spec.minAvailable")
    yield from _validate_number(spec.max_unavailable, "spec.maxUnavailable")
    yield from validate_selector(spec.selector, "spec.selector")
    policy = spec.unhealthy_pod_eviction_policy
    if policy is not None and policy not in policies:
        yield not_supported("spec.unhealthyPodEvictionPolicy", policy, policies)


def validate_pod_disruption_budget_update(new: PodDisruptionBudget, _old: PodDisruptionBudget) -> Iterator[FieldError]:
    """The same as for a new one."""
    return validate_pod_disruption_budget(new)


def validate_pod_disruption_budget_status(new: PodDisruptionBudget, _old: PodDisruptionBudget) -> Iterator[FieldError]:
    """Conditions and counts are valid."""
    status = new.status
    yield from validate_conditions(status.conditions, "status.conditions")
    yield from validate_count(status.disruptions_allowed, "status.disruptionsAllowed")
    yield from validate_count(status.current_healthy, "status.currentHealthy")
    yield from validate_count(status.desired_healthy, "status.desiredHealthy")
    yield from validate_count(status.expected_pods, "status.expectedPods")


def _validate_number(value: IntOrString | None, path: str) -> Iterator[FieldError]:
    """A count, or a percentage of at most 100%.

    >>> [str(one) for one in _validate_number("120%", "spec.minAvailable")]
    ['spec.minAvailable: Invalid value: "120%": must not be greater than 100%']
    """
    if not isinstance(value, str):
        yield from validate_count(value, path)
        return
    wrong = names.percent(value)
    for message in wrong:
        yield invalid(path, value, message)
    if not wrong and int(value[:-1]) > 100:
        yield invalid(path, value, "must not be greater than 100%")


KINDS = (
    Kind(
        type=PodDisruptionBudget,
        group="policy",
        kind="PodDisruptionBudget",
        resource="poddisruptionbudgets",
        singular="poddisruptionbudget",
        short_names=("pdb",),
        subresources=("status",),
        validate=validate_pod_disruption_budget,
        validate_update=validate_pod_disruption_budget_update,
        validate_status_update=validate_pod_disruption_budget_status,
    ),
)
"""The kind of budgets."""
