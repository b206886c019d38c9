"""Campaigns: many scenarios, what they found, and the smallest plan for each kind of failure."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import NamedTuple, Protocol, TypeAlias

import msgspec

from kubeactors.apimachinery.words import nearest
from kubeactors.sim.campaigns.finding import Finding
from kubeactors.sim.campaigns.garbage import collected_once
from kubeactors.sim.campaigns.reproduction import NotReproducible, check_reproducible
from kubeactors.sim.former_names import current_fault, current_invariant
from kubeactors.sim.grammar import generate
from kubeactors.sim.invariants import ALL, NAMES, Invariant
from kubeactors.sim.mistakes import MISTAKES
from kubeactors.sim.plan import ACTION_KINDS, FAULT_KINDS, Plan, described, encode
from kubeactors.sim.search import FIFO, STRATEGIES, TAPE, Deviation, shrink_tape
from kubeactors.sim.shrinking.candidates import partial_plans, windows
from kubeactors.sim.shrinking.equivalence import is_same_failure
from kubeactors.sim.shrinking.shrink import shrink
from kubeactors.sim.simulation import Outcome, Simulation

MOST_TRIES = 150
"""So often it is tried to make an order smaller."""
MOST_DEVIATIONS = 60
"""An order that differs in more from first in, first out is not written down: the strategy's name stands for it."""


class UnknownName(ValueError):
    """No invariant, or no fault, has that name; the message lists those that there are."""


class Tally(msgspec.Struct, kw_only=True):
    """What a campaign has come to so far."""

    scenarios: int = 0
    virtual_seconds: float = 0.0
    faults: dict[str, int] = msgspec.field(default_factory=lambda: dict.fromkeys(FAULT_KINDS, 0))
    actions: dict[str, int] = msgspec.field(default_factory=lambda: dict.fromkeys(ACTION_KINDS, 0))
    in_vain: dict[str, int] = msgspec.field(default_factory=dict[str, int])
    findings: list[Finding] = msgspec.field(default_factory=list["Finding"])

    def add(self, plan: Plan, outcome: Outcome) -> None:
        """Count one scenario."""
        self.scenarios += 1
        self.virtual_seconds += outcome.virtual_seconds
        self.faults = summed(self.faults, outcome.faults)
        self.actions = summed(self.actions, outcome.actions)
        self.in_vain = summed(self.in_vain, outcome.in_vain)
        if outcome.violations:
            self.findings.append(Finding(violation=outcome.violations[0], plan=plan))


def summed(some: Mapping[str, int], others: Mapping[str, int]) -> dict[str, int]:
    """Two counts together.

    >>> summed({"roll": 1, "scale": 0}, {"roll": 2, "undo": 1})
    {'roll': 3, 'scale': 0, 'undo': 1}
    """
    return {kind: some.get(kind, 0) + others.get(kind, 0) for kind in (*some, *others)}


def known_faults(names: Iterable[str]) -> tuple[str, ...]:
    """The kinds of faults of these names, former ones included; all if there are none.

    >>> known_faults(["watch-lag", "late-write"])
    ('watch-lag', 'delayed-write')

    Raises:
        UnknownName: there is no such fault.
    """
    return _known(map(current_fault, names), FAULT_KINDS, "fault")


def known_invariants(names: Iterable[str]) -> tuple[type[Invariant], ...]:
    """The invariants of these names; all if there are none. Those that the simulation judges itself always hold.

    Raises:
        UnknownName: there is no such invariant.
    """
    wanted = _known(map(current_invariant, names), NAMES, "invariant")
    return tuple(one for one in ALL if one.name in wanted)


def known_strategy(name: str) -> str:
    """The name, if there is such a strategy; empty stays empty.

    Raises:
        UnknownName: there is none.
    """
    return _known((name,), (*STRATEGIES,), "strategy")[0] if name else ""


def _known(names: Iterable[str], known: Sequence[str], what: str) -> tuple[str, ...]:
    wanted = tuple(names)
    for name in wanted:
        if name not in known:
            meant = nearest(name, known)
            raise UnknownName(
                f"no {what} is named {name!r}; there are {', '.join(known)}"
                + (f"; {meant}" if meant.endswith("?") else "")
            )
    return wanted or tuple(known)


def scenarios(first_seed: int, kinds: Sequence[str] = FAULT_KINDS) -> Iterator[Plan]:
    """Plans without end, the first of this seed."""
    seed = first_seed
    while True:
        yield generate(seed, kinds)
        seed += 1


class Run(Protocol):
    """Runs a plan: with the control plane alone, or with an operator in it."""

    def __call__(self, plan: Plan, /, *, deadline: float = math.inf) -> Outcome:
        """What comes of a plan: see `Simulation.run`."""
        ...


def run_plan(plan: Plan, /, *, deadline: float = math.inf, invariants: Sequence[type[Invariant]] = ALL) -> Outcome:
    """What the control plane makes of a plan."""
    with collected_once():
        return Simulation(plan, invariants).run(deadline=deadline)


def order_of(simulation: Simulation) -> tuple[Deviation, ...]:
    """In which order things happen in one that is recorded: how it differs from first in, first out."""
    simulation.run()
    return simulation.tape


def recorded_order(plan: Plan) -> tuple[Deviation, ...]:
    """In which order things happen in a plan, with the control plane alone."""
    return order_of(Simulation(plan, record=True))


Record: TypeAlias = Callable[[Plan], tuple[Deviation, ...]]
"""In which order things happen in a plan: see `recorded_order`. It runs plans as a `Run` does: with the same operator."""


LONGER_SECONDS = 15.0
"""A smaller plan may fail so much later than the larger one did."""


class FailsTheSame:
    """Tells of a plan whether it violates the same as a finding, and not much later."""

    def __init__(self, finding: Finding, run: Run) -> None:
        self._wanted = finding.violation
        self._run = run
        self._deadline = finding.violation.at + LONGER_SECONDS

    def __call__(self, plan: Plan) -> bool:
        """Run it. One whose run is a mistake, as of an action that its plan no longer prepares, fails otherwise."""
        try:
            violations = self._run(plan, deadline=self._deadline).violations
        except MISTAKES:
            return False
        if not violations or not is_same_failure(violations[0], self._wanted, plan):
            return False
        self._deadline = violations[0].at + LONGER_SECONDS
        return True


class Runs(NamedTuple):
    """How plans are run, all of them with the same operator, or with none."""

    run: Run
    record: Record
    simulation: Callable[[Plan], Simulation]
    """A plan, ready to run."""


def shrunk_if_reproducible(
    finding: Finding,
    runs: Runs,
    *,
    go_on: Callable[[], bool] = lambda: True,
    improved: Callable[[Plan], object] = lambda _: None,
) -> Finding:
    """`smallest`, of what can be had again.

    Raises:
        NotReproducible: it cannot.
    """
    check_reproducible(finding, runs.simulation)
    try:
        return smallest(finding, runs.run, record=runs.record, go_on=go_on, improved=improved)
    except NotReproducible as error:
        check_reproducible(error.finding, runs.simulation)  # it says where runs part, if these do
        raise


def smallest(
    finding: Finding,
    run: Run = run_plan,
    *,
    record: Record = recorded_order,
    go_on: Callable[[], bool] = lambda: True,
    improved: Callable[[Plan], object] = lambda _: None,
) -> Finding:
    """The same failure with as few steps as can be found. What came after the violation is left out at once.

    If it fails first in, first out as well, that is its order: then it needs no luck to fail again after a change of
    the code. If not, not even when it is small, the order that is `record`ed is made small in the end, too.

    Raises:
        NotReproducible: what has failed while it was made smaller does not fail once more.
    """
    fails = FailsTheSame(finding, run)
    begin = _first_that_fails(finding, fails, go_on)
    improved(begin)
    plan = shrink(begin, fails, go_on=go_on, improved=improved)
    if plan.schedule != FIFO and go_on():
        plain = plan.with_order(FIFO)
        plan = plain if fails(plain) else _with_minimal_order(plan, fails, record, go_on)
    outcome = run(plan)
    if not outcome.violations:
        raise NotReproducible(finding.of(plan), "a part of this plan has failed once, and does not the next time")
    return Finding(violation=outcome.violations[0], plan=plan, happened=outcome.happened)


def _first_that_fails(finding: Finding, fails: Callable[[Plan], bool], go_on: Callable[[], bool]) -> Plan:
    """What to make smaller: a part of the plan, or all of it; first in, first out if it fails in that order."""
    whole, violation = finding.plan, finding.violation
    plain = whole.with_order(FIFO)
    cut = tuple(step for step in whole.steps if step.at <= violation.at)
    candidates = chain(
        partial_plans(plain, violation),
        windows(plain, violation),
        (plain.with_steps(cut), plain),
        partial_plans(whole, violation),
        (whole.with_steps(cut),),
    )
    tried = dict.fromkeys((msgspec.json.encode(whole),))
    for one in candidates:
        key = msgspec.json.encode(one)
        if key not in tried and go_on() and fails(one):
            return one
        tried[key] = None
    return whole


def _with_minimal_order(
    plan: Plan,
    fails: Callable[[Plan], bool],
    record: Record,
    go_on: Callable[[], bool],
) -> Plan:
    """Keep of the order what the failure needs; all that its strategy does if that is still much after some tries."""
    tries = iter(range(MOST_TRIES))
    tape = shrink_tape(
        record(plan),
        lambda some: fails(plan.with_order(TAPE, some)),
        go_on=lambda: next(tries, None) is not None and go_on(),
    )
    small = plan.with_order(TAPE, tape)
    return small if len(tape) <= MOST_DEVIATIONS and fails(small) else plan


def write_replay(finding: Finding, directory: Path, operator: str = "", *, note: str = "") -> Path:
    """Write the replay file of a finding; its name says what failed, and with which seed. A note says more to people.

    Raises:
        OSError: it cannot be written.
    """
    violation = finding.violation
    path = directory / f"{violation.invariant}-{finding.plan.seed}.jsonl"
    comment = f"{violation.message}\nafter {violation.at:g} virtual seconds; to see it again: kubeactors replay {path.name}\n{note}"
    directory.mkdir(parents=True, exist_ok=True)
    text = encode(finding.plan, violation.invariant, comment=comment, operator=operator, happened=finding.happened)
    path.write_text(text, encoding="utf-8")
    return path


def story(finding: Finding) -> list[str]:
    """The finding for people."""
    violation = finding.violation
    lines = [
        f"{violation.invariant}: {violation.message}",
        f"seed {finding.plan.seed}, after {violation.at:g} virtual s",
    ]
    return lines + [f"    {described(step)}" for step in finding.plan.steps]
