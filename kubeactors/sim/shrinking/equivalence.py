"""Whether two violations are the same failure: then the plan of one may replace that of the other."""

import re
from collections.abc import Iterator

from kubeactors.sim.invariants import ALL, CONVERGES, QUIESCES, RESTARTS_CHANGE_NOTHING, Invariant
from kubeactors.sim.judge import Violation
from kubeactors.sim.plan import AnyStep, Plan

IN_THE_END: tuple[str, ...] = (
    *(one.name for one in ALL if one.settled is not Invariant.settled),
    *(CONVERGES, QUIESCES, RESTARTS_CHANGE_NOTHING),
)
"""Invariants of a quiet cluster: which of these reports a failure first is a matter of chance."""
VAGUE = (CONVERGES, QUIESCES, RESTARTS_CHANGE_NOTHING)
"""Unspecific invariants: any other one that reports the same objects earlier is more precise."""
_WORD = re.compile(r"[\w.-]+")


def is_same_failure(found: Violation, wanted: Violation, plan: Plan) -> bool:
    """Whether two violations are the same failure: the same invariant, or invariants of a quiet cluster about the same objects.

    If the wanted invariant is unspecific, any violation about the same objects will do.

    >>> from kubeactors.sim.workload import Scale
    >>> plan = Plan(steps=(Scale(at=1, name="web", replicas=2), Scale(at=1, name="api", replicas=2)))
    >>> says = Violation(invariant="statuses-are-accurate", at=9, revision=1, message='deployment "default/web" says 2')
    >>> waits = Violation(invariant="cluster-converges", at=9, revision=1, message="deployment web wants 2")
    >>> other = Violation(invariant="cluster-converges", at=9, revision=1, message="deployment api wants 2")
    >>> is_same_failure(waits, says, plan), is_same_failure(other, says, plan)
    (True, False)
    >>> early = Violation(invariant="surge-bound", at=2, revision=1, message='deployment "default/web" has 5 pods')
    >>> is_same_failure(early, waits, plan), is_same_failure(early, says, plan), is_same_failure(early, other, plan)
    (True, False, False)
    """
    if found.invariant == wanted.invariant:
        return True
    ended = found.invariant in IN_THE_END and wanted.invariant in IN_THE_END
    return (ended or wanted.invariant in VAGUE) and any(
        is_about(step, found) and is_about(step, wanted) for step in plan.steps
    )


def is_about(step: AnyStep, violation: Violation) -> bool:
    """Whether a step is about an object that the violation names, or about its workload."""
    words, names = _WORD.findall(violation.message), [*_names(step)]
    return any(word == name or word.startswith(f"{name}-") for word in words for name in names)


def _names(step: AnyStep) -> Iterator[str]:
    return (str(getattr(step, field)) for field in ("name", "node") if hasattr(step, field))
