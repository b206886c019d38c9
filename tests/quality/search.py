"""Searches for a mutant as `kubeactors fuzz` does: with the default configuration, seed after seed, unguided."""

import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from itertools import count
from multiprocessing import get_context
from multiprocessing.synchronize import Event

import msgspec

from kubeactors.sim.campaigns.campaign import smallest
from kubeactors.sim.campaigns.finding import Finding
from tests.quality.corpus import CORPUS, Row

SHRINK_SECONDS = 20.0


class Scan(msgspec.Struct, frozen=True, kw_only=True):
    """The result of one process that ran scenarios with a mutant. `seconds` are of its CPU."""

    scenarios: int
    seconds: float
    finding: Finding | None = None


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a search. Times are seconds of CPU of one process."""

    name: str
    scenarios: int
    seconds: float
    """Of the process that found it first, or that searched longest."""
    finding: Finding | None = None
    events: int = 0
    """Of the plan before it was shrunk."""
    shrink_seconds: float = 0.0


def search(row: Row, seconds: float, first_seed: int = 0, *, length: int = 1, cores: int = 1) -> Result:
    """Run scenarios with the mutant until one fails, for at most so many seconds of CPU on each core; then shrink it."""
    if cores == 1:
        return _result(row, [scan(row, seconds, first_seed, length=length)])
    context = get_context("fork")
    found = context.Event()
    with ProcessPoolExecutor(cores, context, _begin, (found,)) as pool:
        begun = [pool.submit(_scan_named, row.name, seconds, first_seed + core, length, cores) for core in range(cores)]
        return _result(row, [one.result() for one in begun])


def scan(
    row: Row,
    seconds: float,
    first_seed: int,
    *,
    length: int = 1,
    step: int = 1,
    go_on: Callable[[], bool] = lambda: True,
) -> Scan:
    """Run every `step`th scenario with the mutant until one fails, for at most so many seconds of CPU."""
    began, has_time = time.process_time(), clock(seconds)
    scenarios = 0
    with row.mutant():
        for seed in count(first_seed, step):
            if not (has_time() and go_on()):
                break
            plan = row.plan(seed, length)
            violations = row.run(plan).violations
            scenarios += 1
            if violations:
                finding = Finding(violation=violations[0], plan=plan)
                return Scan(scenarios=scenarios, seconds=time.process_time() - began, finding=finding)
    return Scan(scenarios=scenarios, seconds=time.process_time() - began)


_found: list[Event] = []
"""In a scanning process: set when another one has found something."""


def _begin(found: Event) -> None:
    _found[:] = [found]


def _scan_named(name: str, seconds: float, first_seed: int, length: int, step: int) -> Scan:
    """`scan` in a process of its own, by the row's name, as rows cannot be pickled; ends when any process finds something."""
    row = next(one for one in CORPUS if one.name == name)
    found = _found[0]
    scanned = scan(row, seconds, first_seed, length=length, step=step, go_on=lambda: not found.is_set())
    if scanned.finding is not None:
        found.set()
    return scanned


def _result(row: Row, scans: list[Scan]) -> Result:
    """The finding of the first process, shrunk."""
    found = [(one, one.finding) for one in scans if one.finding is not None]
    scenarios = sum(one.scenarios for one in scans)
    if not found:
        return Result(name=row.name, scenarios=scenarios, seconds=max(one.seconds for one in scans))
    first, finding = min(found, key=lambda pair: pair[0].seconds)
    began = time.process_time()
    with row.mutant():
        smaller = smallest(finding, row.run, record=row.record, go_on=clock(SHRINK_SECONDS))
    return Result(
        name=row.name,
        scenarios=scenarios,
        seconds=first.seconds,
        finding=smaller,
        events=len(finding.plan.steps),
        shrink_seconds=time.process_time() - began,
    )


def clock(seconds: float) -> Callable[[], bool]:
    """True for so many seconds of CPU."""
    end = time.process_time() + seconds
    return lambda: time.process_time() < end
