"""The table printers of PodDisruptionBudgets.

Source: pkg/printers/internalversion/printers.go (v1.36).
"""

from kubeactors.api.policy.v1.poddisruptionbudget import PodDisruptionBudget
from kubeactors.api.printers.table import AGE, NAME, Cells, Column, Printer, age
from kubeactors.apimachinery.meta import IntOrString


def budget_cells(budget: PodDisruptionBudget, now_ns: int) -> Cells:
    """All cells of a budget's row."""
    spec = budget.spec
    return (
        budget.metadata.name,
        _shown(spec.min_available),
        _shown(spec.max_unavailable),
        budget.status.disruptions_allowed,
        age(budget.metadata, now_ns),
    )


def _shown(value: IntOrString | None) -> str:
    return "N/A" if value is None else str(value)


POD_DISRUPTION_BUDGET = Printer(
    columns=(
        NAME,
        Column(name="Min Available", description="The number of pods that must remain available."),
        Column(name="Max Unavailable", description="The number of pods that can be unavailable."),
        Column(
            name="Allowed Disruptions",
            type="integer",
            description="The number of evictions that are currently allowed.",
        ),
        AGE,
    ),
    cells=budget_cells,
)
