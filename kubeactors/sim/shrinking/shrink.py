"""Shrinks a plan that violates an invariant: fewer steps, shorter faults, earlier times, default parameters."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import combinations

import msgspec

from kubeactors.sim.plan import AnyStep, Plan
from kubeactors.sim.search.ddmin import ddmin
from kubeactors.sim.steps import Lasting, kind_of

SHORTER = (0.05, 0.3, 1.0, 3.0, 10.0, 40.0)
"""The durations that are tried in place of a longer one, in seconds."""

FEW = 12
"""Smaller plans are not shrunk group by group."""

SOON_SECONDS = 5.0
"""The first step need not come later than this."""

Fails = Callable[[Plan], bool]
LabelOf = Callable[[AnyStep], str]


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
        improved: called with the best plan so far whenever it gets better.
    """
    known: dict[bytes, bool] = {}

    def tried(candidate: Plan) -> bool:
        key = msgspec.json.encode(candidate)
        if key not in known:
            known[key] = fails(candidate)
            if known[key]:
                improved(candidate)
        return known[key]

    while go_on():
        smaller = _once(plan, tried, go_on)
        if smaller == plan:
            break
        plan = smaller
    return _with_usual_steps(plan, tried, go_on)


def _with(plan: Plan, index: int, step: AnyStep) -> Plan:
    """The plan with another step in place of that one."""
    return plan.with_steps((*plan.steps[:index], step, *plan.steps[index + 1 :]))


def _once(plan: Plan, fails: Fails, go_on: Callable[[], bool]) -> Plan:
    plan = _sooner(plan, fails, go_on)
    plan = _with_fewer_steps(_with_fewer_groups(plan, fails, go_on), fails, go_on)
    plan = _without_two(plan, fails, go_on)
    for index in range(len(plan.steps)):
        for step in _simpler(plan.steps[index]):
            candidate = _with(plan, index, step)
            if go_on() and fails(candidate):
                plan = candidate
                break
    return plan


def _sooner(plan: Plan, fails: Fails, go_on: Callable[[], bool]) -> Plan:
    """Move all steps earlier: every attempt would wait for the first one."""
    early = min((step.at for step in plan.steps), default=0.0)
    if early <= SOON_SECONDS or not go_on():
        return plan
    moved = (msgspec.structs.replace(step, at=round(step.at - early + 1.0, 3)) for step in plan.steps)
    candidate = plan.with_steps(tuple(moved))
    return candidate if fails(candidate) else plan


def _with_fewer_groups(plan: Plan, fails: Fails, go_on: Callable[[], bool]) -> Plan:
    """Remove all steps of some kinds, and all about some objects: a failure needs few of them."""
    for label_of in (kind_of, _subject_of):
        if len(plan.steps) >= FEW:
            sizes = Counter(map(label_of, plan.steps))
            labels = ddmin(
                sorted(sizes, key=lambda one: -sizes[one]), partial(_fails_with, plan, label_of, fails), go_on
            )
            plan = _only(plan, label_of, labels)
    return plan


def _fails_with(plan: Plan, label_of: LabelOf, fails: Fails, labels: Sequence[str]) -> bool:
    return fails(_only(plan, label_of, labels))


def _only(plan: Plan, label_of: LabelOf, labels: Sequence[str]) -> Plan:
    return plan.with_steps(tuple(step for step in plan.steps if label_of(step) in labels))


def _subject_of(step: AnyStep) -> str:
    """The subject of a step.

    >>> from kubeactors.sim.workload import Scale
    >>> _subject_of(Scale(at=1.0, name="web", replicas=3))
    'name web'
    """
    about = (f"{field} {getattr(step, field)}" for field in ("name", "node", "component") if hasattr(step, field))
    return next(about, "")


def _with_fewer_steps(plan: Plan, fails: Fails, go_on: Callable[[], bool]) -> Plan:
    return plan.with_steps(ddmin(plan.steps, lambda some: fails(plan.with_steps(some)), go_on))


def _without_two(plan: Plan, fails: Fails, go_on: Callable[[], bool]) -> Plan:
    """Remove two steps at once: an action and its reversal can only be removed together."""
    if len(plan.steps) > FEW:
        return plan
    for rest in combinations(plan.steps, max(len(plan.steps) - 2, 0)):
        candidate = plan.with_steps(rest)
        if go_on() and fails(candidate):
            return candidate
    return plan


def _with_usual_steps(plan: Plan, fails: Fails, go_on: Callable[[], bool]) -> Plan:
    """Reset fields of steps to their defaults, so that every field that is left matters."""
    for index, step in enumerate(plan.steps):
        other = partial(_with, plan, index)
        plan = other(_more_usual(step, partial(_fails_too, other, fails, go_on)))
    return plan


def _fails_too(other: Callable[[AnyStep], Plan], fails: Fails, go_on: Callable[[], bool], step: AnyStep) -> bool:
    return go_on() and fails(other(step))


def _simpler(step: AnyStep) -> Iterator[AnyStep]:
    """Simpler forms of a step, the simplest first."""
    if isinstance(step, Lasting):
        for seconds in SHORTER:
            if seconds < step.seconds:
                yield msgspec.structs.replace(step, seconds=seconds)


def _more_usual(step: AnyStep, fails: Callable[[AnyStep], bool]) -> AnyStep:
    """The same step with as many fields as possible reset to their defaults: all at once, or one after the other.

    >>> from kubeactors.sim.workload import CreateDeployment
    >>> web = CreateDeployment(at=0, name="web", replicas=2, recreate=True, probes=True)
    >>> _more_usual(web, lambda step: step.probes) == CreateDeployment(at=0, name="web", replicas=2, probes=True)
    True
    """
    usual = {
        one.name: one.default
        for one in msgspec.structs.fields(step)
        if one.default not in (msgspec.NODEFAULT, getattr(step, one.name)) and one.name not in step.essential
    }
    plain = msgspec.structs.replace(step, **usual)
    if len(usual) > 1 and fails(plain):
        return plain
    for name, value in usual.items():
        candidate = msgspec.structs.replace(step, **{name: value})
        step = candidate if fails(candidate) else step
    return step
