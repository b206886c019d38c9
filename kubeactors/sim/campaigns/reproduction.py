"""Checks that findings are reproducible: a plan that runs differently each time depends on something no seed decides."""

import re
from collections.abc import Callable, Sequence
from itertools import zip_longest
from typing import NamedTuple

from kubeactors.sim.campaigns.finding import Finding
from kubeactors.sim.campaigns.garbage import collected_once
from kubeactors.sim.judge import Violation
from kubeactors.sim.mistakes import MISTAKES
from kubeactors.sim.plan import Plan
from kubeactors.sim.simulation import Simulation
from kubeactors.sim.trace import Trace

USUAL_CAUSES = (
    "usual causes are a random.Random() without a seed, reading a clock or a file, the order of a set, id() or hash(), or "
    "state that a module or a class keeps from one run to the next; an operator has client.random, client.seconds and "
    "client.memory instead"
)
_ADDRESS = re.compile(r" at 0x[0-9a-f]+")
BEFORE, AFTER = 40, 120
"""How much of a long message is shown before and after the first difference."""


class NotReproducible(Exception):
    """Two runs of a finding's plan differ. The message says where they diverge, and what usually causes that."""

    def __init__(self, finding: Finding, parting: str) -> None:
        self.finding: Finding = finding
        self.parting: str = parting
        """Where runs diverge, in one sentence."""
        violation = finding.violation
        super().__init__(f"not reproducible: {violation.invariant}: {violation.message}; {parting}; {USUAL_CAUSES}")


class _Run(NamedTuple):
    violations: tuple[Violation, ...]
    lines: list[str]


def check_reproducible(finding: Finding, make: Callable[[Plan], Simulation]) -> None:
    """Run the plan of a finding twice more, and compare every message.

    Args:
        finding: to reproduce.
        make: makes the simulation of a plan.

    Raises:
        NotReproducible: the runs differ from one another, or from the one that found it.
    """
    try:
        parting = _parting(finding, make)
    except MISTAKES as error:
        parting = f"another run of this plan ends differently: {error}"
    if parting:
        raise NotReproducible(finding, parting)


def _parting(finding: Finding, make: Callable[[Plan], Simulation]) -> str:
    one, other = _traced(make(finding.plan)), _traced(make(finding.plan))
    parting = parted(one.lines, other.lines)
    if not parting and not _is_the_same(finding.violation, one.violations):
        found = one.violations[0].invariant if one.violations else "nothing"
        return f"two more runs of this plan are identical and violate {found}, unlike the run that found the failure"
    return parting


def _traced(simulation: Simulation) -> _Run:
    lines: list[str] = []
    simulation.network.listeners.append(Trace(simulation.sim.kernel, lines.append, say=_without_addresses))
    with collected_once():
        return _Run(simulation.run().violations, lines)


def _without_addresses(message: object) -> str:
    """A message as text, without addresses in memory: they differ from run to run, and nothing follows from them."""
    return _ADDRESS.sub("", repr(message))


def _is_the_same(found: Violation, again: Sequence[Violation]) -> bool:
    """Whether a run ends with the same violation. Messages are not compared: they may contain memory addresses."""
    return bool(again) and (again[0].invariant, again[0].at, again[0].revision) == (
        found.invariant,
        found.at,
        found.revision,
    )


def parted(some: Sequence[str], others: Sequence[str]) -> str:
    """The first message in which two runs differ, in both versions; empty if there is none.

    >>> parted(["1 a", "2 b"], ["1 a", "2 c"])
    'two runs of this plan diverge at message 2: one has "2 b", the other has "2 c"'
    """
    for number, (one, other) in enumerate(zip_longest(some, others, fillvalue=""), 1):
        if one != other:
            at = next(place for place, (left, right) in enumerate(zip_longest(one, other)) if left != right)
            told = (f'has "{_excerpt(line, at)}"' if line else "ends before it" for line in (one, other))
            return f"two runs of this plan diverge at message {number}: one {', the other '.join(told)}"
    return ""


def _excerpt(line: str, at: int) -> str:
    """The beginning of a line, and the text around a position in it."""
    begin, end = max(at - BEFORE, 0), at + AFTER
    head = line[: min(begin, AFTER)]
    gap = " ... " if len(head) < begin else ""
    return f"{head}{gap}{line[begin:end]}{' ...' if end < len(line) else ''}"
