"""Admission policies in CEL, admission webhooks, and writes that they apply to."""

from typing import Literal

from kubeactors.sim.steps import Action
from kubeactors.sim.workload.tenancy import Sort

Form = Literal["validating", "mutating", "validating-webhook", "mutating-webhook"]
Operation = Literal["CREATE", "UPDATE", "DELETE", "*"]
Means = Literal["all", "label", "condition", "name", "exclusion", "parameter"]
"""How a rule selects objects: all; by a label selector, a match condition in CEL, a resource name; all but one by an
excluding rule; by a number in a parameter ConfigMap, which may change while the rule stays."""
Place = Literal["tenant", "elsewhere", "default"]
"""In which namespaces: the tenant's, all but the tenant's, `default`."""
Labelling = Literal["merge", "update", "apply", "try"]
"""By merge patch; by read and update; by server-side apply, which may create the object; by a dry-run patch."""


Answer = Literal["nobody", "allow", "refuse", "mark", "error", "nonsense"]
"""The server behind a webhook: unreachable; allows all; rejects all; adds an entry to ConfigMaps; answers with an error;
answers with a wrong UID."""


class SetAdmissionRule(Action, frozen=True, kw_only=True, tag="set-admission-rule"):
    """Reject or mutate some writes for a while, unless a rule of that form and number exists.

    A mutating policy adds an entry to the ConfigMaps that it selects; for a webhook its server decides.
    """

    form: Form
    number: int
    """Part of its name."""
    seconds: float
    """How long it exists. Half-way it changes to select the object of the next number, if it selects one."""
    sort: Sort
    operations: tuple[Operation, ...]
    place: Place = "tenant"
    by: Means = "all"
    which: int = 1
    """The number of the selected object."""
    soft: bool = False
    """Whether a violation only warns, and failures are ignored."""
    errs: bool = False
    """Whether its expression fails to evaluate."""
    in_binding: bool = False
    """Whether the namespace selector is in the policy's binding, not in the policy."""
    answer: Answer = "nobody"
    """How the webhook's server behaves."""
    takes_seconds: float = 0.0
    """How long the server takes: perhaps longer than the webhook's timeout."""

    @property
    def heals_at(self) -> float:
        """When it is deleted."""
        return self.at + self.seconds

    @property
    def moments(self) -> tuple[float, ...]:
        """When it is created, changed, deleted."""
        return self.at, self.at + self.seconds / 2, self.heals_at


class LabelTenantObject(Action, frozen=True, kw_only=True, tag="label-tenant-object"):
    """Change a label of an object in the tenant's namespace."""

    sort: Sort
    number: int
    how: Labelling
    mark: str
    """The label's value."""


RuleAction = SetAdmissionRule | LabelTenantObject
