"""Small parts of a large plan that may fail alone: the last steps before the violation, and those about its objects.

Growing a small plan is cheaper than shrinking a large one: it runs in a fraction of the time.
"""

from collections.abc import Iterator, Sequence

from kubeactors.sim.judge import Violation
from kubeactors.sim.plan import AnyStep, Plan
from kubeactors.sim.shrinking.equivalence import is_about
from kubeactors.sim.steps import Fault, kind_of
from kubeactors.sim.workload import SendRequest

FIRST = 2
"""The number of steps of the first candidate; each further one has twice as many."""
LARGEST_PART = 2
"""A candidate has at most one in so many of the steps: larger ones cost as much as the whole plan."""
SPAN = 24
"""The number of steps in a window of the plan: about as many as a usual plan has."""


def partial_plans(plan: Plan, violation: Violation) -> Iterator[Plan]:
    """Parts of a plan, small ones first; with an action on a workload they include its creation.

    >>> from kubeactors.sim.workload import CreateDeployment, Pause, Scale
    >>> web, api = (CreateDeployment(at=0, name=name, replicas=3) for name in ("web", "api"))
    >>> steps = (web, api, *(Pause(at=at, name="api") for at in range(1, 5)), Scale(at=5, name="web", replicas=4))
    >>> violation = Violation(invariant="surge-bound", at=6, revision=1, message='replicaset "default/web-5f7" has 5 pods')
    >>> [len(one.steps) for one in partial_plans(Plan(steps=steps), violation)]
    [4, 2]
    """
    steps, last = plan.steps, _until(violation, plan)[::-1]
    about = [one for one in last if isinstance(steps[one], Fault) or is_about(steps[one], violation)]
    size = FIRST
    while size * LARGEST_PART <= len(steps):
        for order in (last, about) if len(about) < len(last) else (last,):
            yield _with_creations(plan, sorted(order[:size]))
        size *= 2


def windows(plan: Plan, violation: Violation) -> Iterator[Plan]:
    """Windows of the plan, the latest first: the failure may have begun long before it was detected."""
    before = _until(violation, plan)
    for start in range(len(before) - SPAN, -SPAN // 2, -SPAN // 2):
        yield _with_creations(plan, before[max(start, 0) : start + SPAN])


def _until(violation: Violation, plan: Plan) -> list[int]:
    """The indexes of steps before the violation."""
    return [number for number, step in enumerate(plan.steps) if step.at <= violation.at]


def _with_creations(plan: Plan, chosen: Sequence[int]) -> Plan:
    """The chosen steps, and the latest creations of their workloads."""
    begins: dict[str, int] = {}
    for one in chosen:
        begins.setdefault(_name(plan.steps[one]), one)
    created = (_creation(plan, name, begin) for name, begin in begins.items())
    kept = dict.fromkeys((*chosen, *(one for one in created if one is not None)))
    return plan.with_steps(tuple(plan.steps[one] for one in sorted(kept)))


def _creation(plan: Plan, name: str, begin: int) -> int | None:
    """The index of the latest creation of that name up to that step, or None."""
    for one in range(begin, -1, -1):
        step = plan.steps[one]
        if name and _name(step) == name and _is_creation(step):
            return one
    return None


def _is_creation(step: AnyStep) -> bool:
    return step.is_creation if isinstance(step, SendRequest) else kind_of(step).startswith("create-")


def _name(step: AnyStep) -> str:
    return str(getattr(step, "name", ""))
