"""policy/v1: Eviction and PodDisruptionBudget."""

from kubeactors.api.policy.v1.eviction import Eviction
from kubeactors.api.policy.v1.poddisruptionbudget import (
    PodDisruptionBudget,
    PodDisruptionBudgetSpec,
    PodDisruptionBudgetStatus,
)

__all__ = ["Eviction", "PodDisruptionBudget", "PodDisruptionBudgetSpec", "PodDisruptionBudgetStatus"]
