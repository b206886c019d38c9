"""Small parts of a large plan that may show its failure alone: what happened last before it, and to what it is about.

To add to nothing costs less than to take away from everything: a small plan is run in a fraction of the time.
"""

from collections.abc import Iterator

from kubeactors.sim.judge import Violation
from kubeactors.sim.likeness import is_about
from kubeactors.sim.plan import AnyStep, Plan
from kubeactors.sim.steps import Fault, kind_of

FIRST = 2
"""How many steps the first guess has; each further one has twice as many."""
LARGEST_PART = 2
"""A guess has at most one in so many of the steps: the whole plan is known to fail, and larger parts cost as much."""
SPAN = 24
"""So many steps are looked at together, anywhere in the plan: about as many as a plan has that is drawn."""


def guesses(plan: Plan, violation: Violation) -> Iterator[Plan]:
    """Parts of a plan, small ones first; with what is done to a workload goes what has created it.

    >>> from kubeactors.sim.workload import CreateDeployment, Pause, Scale
    >>> web, api = (CreateDeployment(at=0, name=name, replicas=3) for name in ("web", "api"))
    >>> steps = (web, api, *(Pause(at=at, name="api") for at in range(1, 5)), Scale(at=5, name="web", replicas=4))
    >>> violation = Violation(invariant="surge-bound", at=6, revision=1, message='replicaset "default/web-5f7" has 5 pods')
    >>> [len(one.steps) for one in guesses(Plan(steps=steps), violation)]
    [4, 2]
    """
    before = [step for step in plan.steps if step.at <= violation.at]
    last = before[::-1]
    about = [step for step in last if isinstance(step, Fault) or is_about(step, violation)]
    size = FIRST
    while size * LARGEST_PART <= len(plan.steps):
        for order in (last, about) if len(about) < len(last) else (last,):
            yield _with_creations(plan, before, order[:size])
        size *= 2


def excerpts(plan: Plan, violation: Violation) -> Iterator[Plan]:
    """What happened in a while anywhere in the plan, the latest first: what failed may have done so long before it was seen."""
    before = [step for step in plan.steps if step.at <= violation.at]
    for start in range(len(before) - SPAN, -SPAN // 2, -SPAN // 2):
        yield _with_creations(plan, before, before[max(start, 0) : start + SPAN])


def _with_creations(plan: Plan, before: list[AnyStep], chosen: list[AnyStep]) -> Plan:
    return plan.with_steps(tuple(step for step in before if step in chosen or _creates_one_of(step, chosen)))


def _creates_one_of(step: AnyStep, chosen: list[AnyStep]) -> bool:
    """Whether something is done later to what it creates."""
    name = getattr(step, "name", None)
    return kind_of(step).startswith("create-") and any(getattr(one, "name", None) == name for one in chosen)
