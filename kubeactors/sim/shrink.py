"""Makes a plan that violates an invariant as small as it can be: fewer steps, shorter faults.

Source: delta debugging, Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input" (2002).
"""

from collections.abc import Callable, Iterator, Sequence

import msgspec

from kubeactors.sim.faults import Lasting
from kubeactors.sim.plan import AnyStep, Plan
from kubeactors.sim.steps import kind_of

SHORTER = (0.05, 0.3, 1.0, 3.0, 10.0, 40.0)
"""The lengths that are tried in place of a longer one, in seconds."""

FEW = 12
"""Smaller plans are not worth to be looked at group by group."""

Fails = Callable[[Plan], bool]


def shrink(
    plan: Plan,
    fails: Fails,
    *,
    go_on: Callable[[], bool] = lambda: True,
    improved: Callable[[Plan], object] = lambda _: None,
) -> Plan:
    """The smallest plan found that still fails.

    >>> from kubeactors.sim.workload import Pause
    >>> big = Plan(steps=tuple(Pause(at=at, name="web") for at in range(40)))
    >>> [step.at for step in shrink(big, lambda plan: any(step.at == 17 for step in plan.steps)).steps]
    [17]

    Args:
        plan: one that fails.
        fails: whether a plan fails in the same way; called often.
        go_on: whether there is time for another attempt; without, the best so far is returned.
        improved: is shown the best so far whenever it gets better.
    """

    def tried(candidate: Plan) -> bool:
        failed = fails(candidate)
        if failed:
            improved(candidate)
        return failed

    while go_on():
        smaller = _once(plan, tried, go_on)
        if smaller == plan:
            break
        plan = smaller
    return plan


def _once(plan: Plan, fails: Fails, go_on: Callable[[], bool]) -> Plan:
    plan = _with_fewer_steps(_with_fewer_groups(plan, fails, go_on), fails, go_on)
    for index in range(len(plan.steps)):
        for step in _simpler(plan.steps[index]):
            candidate = plan.with_steps((*plan.steps[:index], step, *plan.steps[index + 1 :]))
            if go_on() and fails(candidate):
                plan = candidate
                break
    return plan


def _with_fewer_groups(plan: Plan, fails: Fails, go_on: Callable[[], bool]) -> Plan:
    """Take away all of one kind, or all about one thing, the most at first: what a failure needs is about few."""
    if len(plan.steps) < FEW:
        return plan
    groups = dict.fromkeys(label for step in plan.steps for label in _labels(step))
    sizes = {label: sum(label in _labels(step) for step in plan.steps) for label in groups}
    for label in sorted(groups, key=lambda one: -sizes[one]):
        candidate = plan.with_steps(tuple(step for step in plan.steps if label not in _labels(step)))
        if len(candidate.steps) < len(plan.steps) and go_on() and fails(candidate):
            plan = candidate
    return plan


def _labels(step: AnyStep) -> tuple[str, ...]:
    """What a step is, and what it is about.

    >>> from kubeactors.sim.workload import Scale
    >>> _labels(Scale(at=1.0, name="web", replicas=3))
    ('scale', 'name web')
    """
    about = [f"{field} {getattr(step, field)}" for field in ("name", "node", "component") if hasattr(step, field)]
    return (kind_of(step), *about)


def _with_fewer_steps(plan: Plan, fails: Fails, go_on: Callable[[], bool]) -> Plan:
    """Take away chunks, half of all steps at first, single ones in the end."""
    size = max(len(plan.steps) // 2, 1)
    while size and plan.steps:
        for start in reversed(range(0, len(plan.steps), size)):
            candidate = plan.with_steps(_without(plan.steps, start, size))
            if go_on() and fails(candidate):
                plan = candidate
        size //= 2
    return plan


def _without(steps: Sequence[AnyStep], start: int, size: int) -> tuple[AnyStep, ...]:
    return (*steps[:start], *steps[start + size :])


def _simpler(step: AnyStep) -> Iterator[AnyStep]:
    """Simpler forms of a step, the simplest first."""
    if isinstance(step, Lasting):
        for seconds in SHORTER:
            if seconds < step.seconds:
                yield msgspec.structs.replace(step, seconds=seconds)
