"""Whether two violations are of one kind: then a plan that shows the one stands for that which shows the other."""

import re
from collections.abc import Iterator

from kubeactors.sim.invariants import ALL, CONVERGES, QUIESCES, RESTARTS_CHANGE_NOTHING, Invariant
from kubeactors.sim.judge import Violation
from kubeactors.sim.plan import AnyStep, Plan

IN_THE_END: tuple[str, ...] = (
    *(one.name for one in ALL if one.settled is not Invariant.settled),
    *(CONVERGES, QUIESCES, RESTARTS_CHANGE_NOTHING),
)
"""What is judged once faults are over: which of these objects first to what has gone wrong is a matter of chance."""
VAGUE = (CONVERGES, QUIESCES, RESTARTS_CHANGE_NOTHING)
"""These say only that something has gone wrong: whoever objects to the same objects sooner says what."""
_WORD = re.compile(r"[\w.-]+")


def is_alike(found: Violation, wanted: Violation, plan: Plan) -> bool:
    """Whether the same does not hold: the same invariant, or in the end something else about the same objects.

    If it was not known what had gone wrong with these, whatever is said of them will do.

    >>> from kubeactors.sim.workload import Scale
    >>> plan = Plan(steps=(Scale(at=1, name="web", replicas=2), Scale(at=1, name="api", replicas=2)))
    >>> says = Violation(invariant="statuses-are-accurate", at=9, revision=1, message='deployment "default/web" says 2')
    >>> waits = Violation(invariant="cluster-converges", at=9, revision=1, message="deployment web wants 2")
    >>> other = Violation(invariant="cluster-converges", at=9, revision=1, message="deployment api wants 2")
    >>> is_alike(waits, says, plan), is_alike(other, says, plan)
    (True, False)
    >>> early = Violation(invariant="surge-bound", at=2, revision=1, message='deployment "default/web" has 5 pods')
    >>> is_alike(early, waits, plan), is_alike(early, says, plan), is_alike(early, other, plan)
    (True, False, False)
    """
    if found.invariant == wanted.invariant:
        return True
    ended = found.invariant in IN_THE_END and wanted.invariant in IN_THE_END
    return (ended or wanted.invariant in VAGUE) and any(
        is_about(step, found) and is_about(step, wanted) for step in plan.steps
    )


def is_about(step: AnyStep, violation: Violation) -> bool:
    """Whether a step is about something that the violation names, or about what that was made for."""
    words, names = _WORD.findall(violation.message), [*_names(step)]
    return any(word == name or word.startswith(f"{name}-") for word in words for name in names)


def _names(step: AnyStep) -> Iterator[str]:
    return (str(getattr(step, field)) for field in ("name", "node") if hasattr(step, field))
