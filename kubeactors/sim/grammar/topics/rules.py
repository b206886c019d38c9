"""Temporary admission rules, and writes that they apply to, mostly after API servers have observed the rules."""

from msgspec.structs import replace

from kubeactors.sim import workload
from kubeactors.sim.grammar.source import Source
from kubeactors.sim.workload import AnyAction

SORTS: tuple[workload.Sort, ...] = ("config-map", "config-map", "secret", "service", "pod")
FORMS: tuple[workload.Form, ...] = (
    "validating", "validating", "mutating", "mutating",
    "validating-webhook", "mutating-webhook", "validating-webhook", "mutating-webhook",
)  # fmt: skip
MEANS: tuple[workload.Means, ...] = ("label", "condition", "all", "name", "exclusion", "parameter")
MEANS_OF_HOOKS = MEANS[:3]
ANSWERS: tuple[workload.Answer, ...] = ("refuse", "allow", "nobody", "refuse", "error", "nonsense")
ANSWERS_OF_CHANGES: tuple[workload.Answer, ...] = ("mark", "mark", "mark", "mark", *ANSWERS)
TAKES = (0.0, 0.0, 0.5, 5.0)
"""How long webhooks' servers take, in seconds: sometimes longer than the timeout."""
MEANS_OF_CHANGES: tuple[workload.Means, ...] = ("label", "condition", "name", "parameter")
"""Not `all` or `exclusion`: a mutation of controllers' objects would make them write again and again."""
PLACES: tuple[workload.Place, ...] = ("tenant", "tenant", "tenant", "elsewhere", "default")
OPERATIONS_OF_CHANGES: tuple[tuple[workload.Operation, ...], ...] = (("CREATE", "UPDATE"), ("UPDATE",), ("CREATE",))
OPERATIONS: tuple[tuple[workload.Operation, ...], ...] = (*OPERATIONS_OF_CHANGES, ("DELETE",), ("*",))
TOUCHINGS: tuple[workload.Labelling, ...] = ("merge", "update", "try", "apply")
SECONDS, SETTLED = (40.0, 60.0, 25.0, 5.0), 12.0
"""How long rules exist, in seconds (half-way they change), and after how long API servers have observed a change."""
SOON = (0.0, 0.05, 0.5, 2.0, 10.0)
"""The delay of a rule after its object, in seconds."""
KNOWN = (0.0, SETTLED, SETTLED)


class Rules:
    """Draws actions about them.

    Args:
        source: makes the choices.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._sort: workload.Sort = source.choice(SORTS)
        """The kind of objects that they apply to."""
        self._count = 0
        """The number of rules so far."""

    def first(self, at: float) -> list[AnyAction]:
        """A rule, and an object that exists before it."""
        rule = self._rule(round(at + self._source.choice(SOON), 3))
        touches = [self._label(rule.at + later, rule.sort, rule.which) for later in self._when_known(rule)]
        return [workload.CreateTenantObject(at=at, sort=rule.sort, number=rule.which, cpu="100m"), rule, *touches]

    @staticmethod
    def _when_known(rule: workload.SetAdmissionRule) -> tuple[float, ...]:
        """After how long API servers have observed a rule, its change half-way, and its deletion."""
        return SETTLED, rule.seconds / 2 + SETTLED, rule.seconds + SETTLED

    def another(self, at: float) -> AnyAction:
        """Another rule or a write, mostly after API servers have observed the rule."""
        source = self._source
        at, sort, number = round(at + source.choice(KNOWN), 3), self._sort, source.choice((1, 1, 2, 3))
        match source.integer(0, 7):
            case 0:
                return self._rule(at)
            case 1 | 2:
                return workload.CreateTenantObject(at=at, sort=sort, number=number, cpu="100m")
            case 3:
                return workload.DeleteTenantObject(at=at, sort=sort, number=number)
            case _:
                return self._label(at, sort, number)

    def _label(self, at: float, sort: workload.Sort, number: int) -> AnyAction:
        source = self._source
        how = source.choice(TOUCHINGS if sort == "config-map" else TOUCHINGS[:3])
        mark = f"m{source.integer(0, 9)}"
        return workload.LabelTenantObject(at=round(at, 3), sort=sort, number=number, how=how, mark=mark)

    def _rule(self, at: float) -> workload.SetAdmissionRule:
        source = self._source
        self._count += 1
        form: workload.Form = source.choice(FORMS)
        hooks = form.endswith("webhook")
        answers = ANSWERS_OF_CHANGES if form == "mutating-webhook" else ANSWERS
        answer: workload.Answer = source.choice(answers) if hooks else "nobody"
        mutates = form == "mutating" or answer == "mark"
        place: workload.Place = "tenant" if mutates else source.choice(PLACES)
        sort: workload.Sort = "config-map" if mutates else self._sort
        means: tuple[workload.Means, ...] = MEANS_OF_CHANGES if mutates else MEANS
        if hooks:
            means = tuple(one for one in means if one in MEANS_OF_HOOKS)
        found = workload.SetAdmissionRule(
            at=at,
            form=form,
            number=self._count,
            seconds=source.choice(SECONDS),
            sort=sort,
            operations=source.choice(OPERATIONS_OF_CHANGES if mutates else OPERATIONS),
            place=place,
            by=source.choice(means),
            which=source.integer(1, 2),
            soft=not source.integer(0, 3),
            errs=not source.integer(0, 4),
            in_binding=not source.integer(0, 1),
            answer=answer,
            takes_seconds=source.choice(TAKES) if answer != "nobody" else 0.0,
        )
        if place == "default":  # pods that controllers create are rejected for a while
            return replace(found, sort="pod", operations=("CREATE",), by="all", errs=False)
        return found
