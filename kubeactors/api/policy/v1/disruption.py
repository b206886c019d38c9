"""The condition of a disruption budget, derived from its counts.

Source: pkg/util/pdb (podDisruptionBudget helper), apimachinery/pkg/api/meta/conditions.go (v1.36).
"""

from msgspec.structs import replace

from kubeactors.api.policy.v1.poddisruptionbudget import (
    DISRUPTION_ALLOWED,
    INSUFFICIENT_PODS,
    SUFFICIENT_PODS,
    PodDisruptionBudgetStatus,
)
from kubeactors.apimachinery.conditions import with_condition
from kubeactors.apimachinery.meta import Condition


def with_disruption_allowed(status: PodDisruptionBudgetStatus, timestamp: str) -> PodDisruptionBudgetStatus:
    """The status with the DisruptionAllowed condition.

    >>> with_disruption_allowed(PodDisruptionBudgetStatus(disruptions_allowed=1), "").conditions[0].reason
    'SufficientPods'
    """
    enough = status.disruptions_allowed > 0
    condition = Condition(
        type=DISRUPTION_ALLOWED,
        status="True" if enough else "False",
        reason=SUFFICIENT_PODS if enough else INSUFFICIENT_PODS,
        observed_generation=status.observed_generation,
        last_transition_time=timestamp,
    )
    return replace(status, conditions=with_condition(status.conditions, condition))
