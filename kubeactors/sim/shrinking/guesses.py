"""Small parts of a large plan that may show its failure alone: what happened last before it, and to what it is about.

To add to nothing costs less than to take away from everything: a small plan is run in a fraction of the time.
"""

from collections.abc import Iterator, Sequence

from kubeactors.sim.judge import Violation
from kubeactors.sim.plan import AnyStep, Plan
from kubeactors.sim.shrinking.likeness import is_about
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
    steps, last = plan.steps, _until(violation, plan)[::-1]
    about = [one for one in last if isinstance(steps[one], Fault) or is_about(steps[one], violation)]
    size = FIRST
    while size * LARGEST_PART <= len(steps):
        for order in (last, about) if len(about) < len(last) else (last,):
            yield _with_creations(plan, sorted(order[:size]))
        size *= 2


def excerpts(plan: Plan, violation: Violation) -> Iterator[Plan]:
    """What happened in a while anywhere in the plan, the latest first: what failed may have done so long before it was seen."""
    before = _until(violation, plan)
    for start in range(len(before) - SPAN, -SPAN // 2, -SPAN // 2):
        yield _with_creations(plan, before[max(start, 0) : start + SPAN])


def _until(violation: Violation, plan: Plan) -> list[int]:
    """Which steps come before it."""
    return [number for number, step in enumerate(plan.steps) if step.at <= violation.at]


def _with_creations(plan: Plan, chosen: Sequence[int]) -> Plan:
    """The chosen steps, and before them what has created last what they are about."""
    begins: dict[str, int] = {}
    for one in chosen:
        begins.setdefault(_name(plan.steps[one]), one)
    created = (_creation(plan, name, begin) for name, begin in begins.items())
    kept = dict.fromkeys((*chosen, *(one for one in created if one is not None)))
    return plan.with_steps(tuple(plan.steps[one] for one in sorted(kept)))


def _creation(plan: Plan, name: str, begin: int) -> int | None:
    """Which step has created last, before that one, what has the name; none if that one creates it itself."""
    for one in range(begin, -1, -1):
        step = plan.steps[one]
        if name and _name(step) == name and kind_of(step).startswith("create-"):
            return one
    return None


def _name(step: AnyStep) -> str:
    return str(getattr(step, "name", ""))
