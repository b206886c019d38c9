"""Looks for a mutant as `kubeactors fuzz` does: the default configuration, seed after seed, with no hint."""

import time
from collections.abc import Callable

import msgspec

from kubeactors.sim.campaign import Finding, smallest
from tests.quality.corpus import Row

SHRINK_SECONDS = 20.0


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What a search came to. Times are seconds of CPU."""

    name: str
    scenarios: int
    seconds: float
    finding: Finding | None = None
    events: int = 0
    """Of the plan before it was shrunk."""
    shrink_seconds: float = 0.0


def search(row: Row, seconds: float, first_seed: int = 0, *, length: int = 1) -> Result:
    """Run scenarios with the mutant until one fails, for at most so many seconds of CPU; then shrink it."""
    began, enough = time.process_time(), clock(seconds)
    scenarios = 0
    with row.mutant():
        while enough():
            plan = row.plan(first_seed + scenarios, length)
            violations = row.run(plan).violations
            scenarios += 1
            if violations:
                found = time.process_time()
                first = Finding(violation=violations[0], plan=plan)
                finding = smallest(first, row.run, record=row.record, go_on=clock(SHRINK_SECONDS))
                return Result(
                    name=row.name,
                    scenarios=scenarios,
                    seconds=found - began,
                    finding=finding,
                    events=len(plan.steps),
                    shrink_seconds=time.process_time() - found,
                )
    return Result(name=row.name, scenarios=scenarios, seconds=time.process_time() - began)


def clock(seconds: float) -> Callable[[], bool]:
    """True for so many seconds of CPU."""
    end = time.process_time() + seconds
    return lambda: time.process_time() < end
