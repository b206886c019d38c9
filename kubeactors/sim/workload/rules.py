"""What users say about what may be written: policies of admission in CEL, and webhooks; and writes that these are about."""

from typing import Literal

from kubeactors.sim.steps import Action
from kubeactors.sim.workload.tenancy import Sort

Form = Literal["validating", "mutating", "validating-webhook", "mutating-webhook"]
Operation = Literal["CREATE", "UPDATE", "DELETE", "*"]
Means = Literal["all", "label", "condition", "name", "exclusion", "parameter"]
"""How it is said which objects are meant: all; by a selector of labels, a condition in CEL, a name; all but one of a name;
by a number that is in a config map, and so may change while the rule stays."""
Place = Literal["tenant", "elsewhere", "default"]
"""In which namespaces: in that of the tenant, in all but that one, in the users' own."""
Touching = Literal["merge", "update", "apply", "try"]
"""By a patch; by reading and writing; by server-side apply, which creates it, too; and by a patch that is to do nothing."""


Answer = Literal["nobody", "allow", "refuse", "mark", "error", "nonsense"]
"""Whom a webhook asks: nobody who can be reached; a program that allows all, refuses all, or gives configuration maps an
entry; that fails; or that answers another question."""


class SetRule(Action, frozen=True, kw_only=True, tag="set-rule"):
    """Let some writes be refused, or changed, for a while. Nothing happens if there is a rule of that form and number.

    What a policy means of configuration maps that are changed gets an entry; of a webhook its program decides.
    """

    form: Form
    number: int
    """Part of its name."""
    seconds: float
    """How long it is there. Half-way it means the object of the next number, if it means one."""
    sort: Sort
    operations: tuple[Operation, ...]
    place: Place = "tenant"
    by: Means = "all"
    which: int = 1
    """The number of the object that is meant."""
    soft: bool = False
    """Whether a violation leads to a warning only, and a failure to nothing."""
    errs: bool = False
    """Whether its expression comes to nothing."""
    in_binding: bool = False
    """Whether the place is said where a policy is put into force, and not by itself."""
    answer: Answer = "nobody"
    """What a webhook is answered."""
    takes_seconds: float = 0.0
    """How long that takes: perhaps longer than is waited for it."""

    @property
    def heals_at(self) -> float:
        """When it is gone."""
        return self.at + self.seconds

    @property
    def moments(self) -> tuple[float, ...]:
        """It comes, changes, goes."""
        return self.at, self.at + self.seconds / 2, self.heals_at


class Touch(Action, frozen=True, kw_only=True, tag="touch"):
    """Change a label of something that is in the tenant's namespace."""

    sort: Sort
    number: int
    how: Touching
    mark: str
    """The label's value."""


RuleAction = SetRule | Touch
