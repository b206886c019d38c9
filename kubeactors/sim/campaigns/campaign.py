"""Campaigns: run many scenarios, collect findings, and shrink them."""

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
"""The maximum number of attempts to shrink an order."""
MOST_DEVIATIONS = 60
"""An order with more deviations is not written to the replay: the strategy's name stands for it."""


class UnknownName(ValueError):
    """No invariant, fault or strategy has that name; the message lists the known ones."""


class Tally(msgspec.Struct, kw_only=True):
    """The result of a campaign so far."""

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
    """The sum of two counts.

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
    """The invariants of these names; all if there are none. Those that the simulation checks itself are always included.

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
    """Endless plans, from this seed on."""
    seed = first_seed
    while True:
        yield generate(seed, kinds)
        seed += 1


class Run(Protocol):
    """Runs a plan, with the control plane alone or with an operator."""

    def __call__(self, plan: Plan, /, *, deadline: float = math.inf) -> Outcome:
        """Run a plan: see `Simulation.run`."""
        ...


def run_plan(plan: Plan, /, *, deadline: float = math.inf, invariants: Sequence[type[Invariant]] = ALL) -> Outcome:
    """Run a plan with the control plane alone."""
    with collected_once():
        return Simulation(plan, invariants).run(deadline=deadline)


def order_of(simulation: Simulation) -> tuple[Deviation, ...]:
    """Run a recording simulation and return its order, as deviations from first in, first out."""
    simulation.run()
    return simulation.tape


def recorded_order(plan: Plan) -> tuple[Deviation, ...]:
    """The order of deliveries of a plan, with the control plane alone."""
    return order_of(Simulation(plan, record=True))


Record: TypeAlias = Callable[[Plan], tuple[Deviation, ...]]
"""Returns the order of deliveries of a plan: see `recorded_order`. Runs plans with the same operator as the `Run`."""


LONGER_SECONDS = 15.0
"""How much later than the larger plan a smaller one may fail."""


class FailsTheSame:
    """Whether a plan fails in the same way as a finding, and not much later."""

    def __init__(self, finding: Finding, run: Run) -> None:
        self._wanted = finding.violation
        self._run = run
        self._deadline = finding.violation.at + LONGER_SECONDS

    def __call__(self, plan: Plan) -> bool:
        """Run the plan. A `Mistake`, as of an action whose preparation was removed from the plan, is a different failure."""
        try:
            violations = self._run(plan, deadline=self._deadline).violations
        except MISTAKES:
            return False
        if not violations or not is_same_failure(violations[0], self._wanted, plan):
            return False
        self._deadline = violations[0].at + LONGER_SECONDS
        return True


class Runs(NamedTuple):
    """How plans are run: all with the same operator, or all without."""

    run: Run
    record: Record
    simulation: Callable[[Plan], Simulation]
    """Makes the simulation of a plan, ready to run."""


def shrunk_if_reproducible(
    finding: Finding,
    runs: Runs,
    *,
    go_on: Callable[[], bool] = lambda: True,
    improved: Callable[[Plan], object] = lambda _: None,
) -> Finding:
    """Check that a finding is reproducible, and shrink it.

    Raises:
        NotReproducible: it is not.
    """
    check_reproducible(finding, runs.simulation)
    try:
        return smallest(finding, runs.run, record=runs.record, go_on=go_on, improved=improved)
    except NotReproducible as error:
        check_reproducible(error.finding, runs.simulation)  # tells where runs diverge, if they do
        raise


def smallest(
    finding: Finding,
    run: Run = run_plan,
    *,
    record: Record = recorded_order,
    go_on: Callable[[], bool] = lambda: True,
    improved: Callable[[Plan], object] = lambda _: None,
) -> Finding:
    """Shrink a failure to as few steps as possible. Steps after the violation are removed at once.

    If it also fails first in, first out, it gets that order, which does not depend on a schedule after changes of the code.
    If not even the shrunk plan does, its order, as `record` returns it, is shrunk at the end.

    Raises:
        NotReproducible: the shrunk plan does not fail once more.
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
    """The plan to start from: a part or all of it, first in, first out if it fails in that order."""
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
    """Shrink the order to the deviations that the failure needs; keep the strategy if too many are left."""
    tries = iter(range(MOST_TRIES))
    tape = shrink_tape(
        record(plan),
        lambda some: fails(plan.with_order(TAPE, some)),
        go_on=lambda: next(tries, None) is not None and go_on(),
    )
    small = plan.with_order(TAPE, tape)
    return small if len(tape) <= MOST_DEVIATIONS and fails(small) else plan


def write_replay(finding: Finding, directory: Path, operator: str = "", *, note: str = "") -> Path:
    """Write the replay file of a finding, named by its invariant and seed. The note goes into its comment.

    Raises:
        OSError: the file cannot be written.
    """
    violation = finding.violation
    path = directory / f"{violation.invariant}-{finding.plan.seed}.jsonl"
    comment = f"{violation.message}\nafter {violation.at:g} virtual seconds; reproduce with: kubeactors replay {path.name}\n{note}"
    directory.mkdir(parents=True, exist_ok=True)
    text = encode(finding.plan, violation.invariant, comment=comment, operator=operator, happened=finding.happened)
    path.write_text(text, encoding="utf-8")
    return path


def story(finding: Finding) -> list[str]:
    """The finding as lines of text."""
    violation = finding.violation
    lines = [
        f"{violation.invariant}: {violation.message}",
        f"seed {finding.plan.seed}, at virtual second {violation.at:g}",
    ]
    return lines + [f"    {described(step)}" for step in finding.plan.steps]
