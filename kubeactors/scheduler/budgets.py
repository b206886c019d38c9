"""The PodDisruptionBudgets, reduced to what preemption needs."""

from kubeactors.api.policy.v1 import PodDisruptionBudget
from kubeactors.apimachinery.labels import of_object
from kubeactors.client import Lister
from kubeactors.scheduler.handle import Budget


class Budgets:
    """All budgets of the cluster, cached until `changed`."""

    def __init__(self, lister: Lister[PodDisruptionBudget]) -> None:
        self._lister = lister
        self._known: tuple[Budget, ...] | None = None

    def __call__(self) -> tuple[Budget, ...]:
        """The budgets; the same tuple as before if nothing has changed."""
        if self._known is None:
            self._known = tuple(budget_of(one) for one in self._lister)
        return self._known

    def changed(self) -> None:
        """Invalidate: a budget was created, updated or deleted."""
        self._known = None


def budget_of(found: PodDisruptionBudget) -> Budget:
    """What preemption needs of a PodDisruptionBudget.

    >>> budget_of(PodDisruptionBudget()).disruptions_allowed
    0
    """
    return Budget(
        namespace=found.metadata.namespace,
        selector=of_object(found.spec.selector),
        disruptions_allowed=found.status.disruptions_allowed,
        disrupted_pods=frozenset(found.status.disrupted_pods),
    )
