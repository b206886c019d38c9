"""`kubeactors fuzz`: look for failures of the control plane."""

import os
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from cyclopts import Parameter

from kubeactors.cli.errors import UsageError
from kubeactors.sim import campaign
from kubeactors.sim.campaign import Finding, Tally, UnknownName, known_faults, known_invariants
from kubeactors.sim.invariants import Invariant
from kubeactors.sim.plan import Plan
from kubeactors.sim.simulation import Simulation

SCENARIOS = 500
SHRINK_SECONDS = 20.0
SHRUNK_OF_ONE_INVARIANT = 1
"""More findings of the same invariant are written as they are: most have the same cause."""
DIRECTORY = Path("kubeactors-fuzz")
PROGRESS_SECONDS = 0.2


class FoundViolation(msgspec.Struct, frozen=True, kw_only=True):
    """One failure: `events` counts the steps of the plan that shows it."""

    invariant: str
    seed: int
    replay_file: str
    events: int
    message: str


class FuzzReport(msgspec.Struct, frozen=True, kw_only=True):
    """What `fuzz --output json` prints."""

    scenarios: int
    virtual_seconds: float
    seconds: float
    violations: list[FoundViolation]
    faults: dict[str, int]


def fuzz(  # noqa: PLR0913 -- the options of the command
    *,
    seed: Annotated[int, Parameter(help="Of the first scenario; the others count up from it.")] = 0,
    scenarios: Annotated[int | None, Parameter(help=f"How many; {SCENARIOS} unless --seconds is given.")] = None,
    seconds: Annotated[float | None, Parameter(help="For how long to look.")] = None,
    output: Literal["text", "json"] = "text",
    report: Annotated[Path, Parameter(help="Where replay files are written.")] = DIRECTORY,
    fault: Annotated[tuple[str, ...], Parameter(help="Only faults of this kind; may be repeated.")] = (),
    invariant: Annotated[tuple[str, ...], Parameter(help="Only this invariant; may be repeated.")] = (),
) -> int:
    """Break a simulated control plane in many ways. Exit 1 if an invariant was violated."""
    if scenarios is not None and scenarios < 1:
        raise UsageError("--scenarios counts from 1")
    if seconds is not None and seconds <= 0:
        raise UsageError("--seconds must be more than 0")
    if scenarios is not None and seconds is not None:
        raise UsageError("--scenarios and --seconds both say how long to look; choose one")
    _check_writable(report)
    kinds, invariants = _selected(fault, invariant)
    began = time.monotonic()  # noqa: TID251 -- a command lives in real time
    tally, interrupted = _look(seed, scenarios, seconds, kinds, invariants)
    found = _written(tally, report, invariants)
    result = FuzzReport(
        scenarios=tally.scenarios,
        virtual_seconds=tally.virtual_seconds,
        seconds=time.monotonic() - began,  # noqa: TID251 -- the same
        violations=found,
        faults=tally.faults,
    )
    print(msgspec.json.encode(result).decode() if output == "json" else _text(result))
    if interrupted:
        return 130
    return 1 if found else 0


def _check_writable(report: Path) -> None:
    """Before hours are spent on what cannot be written then. The directory is made only for a finding."""
    if report.exists() and not report.is_dir():
        raise UsageError(f"{report} is no directory; replay files cannot be written there")
    there = next(one for one in (report, *report.absolute().parents) if one.exists())
    if not os.access(there, os.W_OK | os.X_OK):
        raise UsageError(f"{there} cannot be written; choose another directory for replay files with --report")


def _selected(faults: Sequence[str], invariants: Sequence[str]) -> tuple[tuple[str, ...], tuple[type[Invariant], ...]]:
    try:
        return known_faults(faults), known_invariants(invariants)
    except UnknownName as error:
        raise UsageError(str(error)) from error


def _look(
    seed: int,
    scenarios: int | None,
    seconds: float | None,
    kinds: Sequence[str],
    invariants: Sequence[type[Invariant]],
) -> tuple[Tally, bool]:
    """Run scenarios until it is enough, or the user stops it: what was found until then counts."""
    tally = campaign.Tally()
    plans = campaign.scenarios(seed, kinds)
    enough = _clock(seconds) if seconds is not None else None
    progress = _Progress()
    try:
        for plan in islice(plans, scenarios or (SCENARIOS if enough is None else None)):
            tally.add(plan, Simulation(plan, invariants).run())
            progress.show(tally)
            if enough is not None and not enough():
                break
    except KeyboardInterrupt:
        return tally, True
    finally:
        progress.clear()
    return tally, False


def _written(tally: Tally, report: Path, invariants: Sequence[type[Invariant]]) -> list[FoundViolation]:
    """Shrink the first finding of each invariant, and write a replay file for each."""
    shrunk: dict[str, int] = {}
    progress, run = _Progress(), partial(campaign.run_plan, invariants=invariants)
    found: list[FoundViolation] = []
    for finding in tally.findings:
        name = finding.violation.invariant
        shrunk[name] = shrunk.get(name, 0) + 1
        smaller = finding
        if shrunk[name] <= SHRUNK_OF_ONE_INVARIANT:
            improved = partial(progress.shrunk, name)
            smaller = campaign.smallest(finding, run, go_on=_clock(SHRINK_SECONDS), improved=improved)
            progress.clear()
        found.append(_report(smaller, report))
    return found


def _report(finding: Finding, report: Path) -> FoundViolation:
    try:
        path = campaign.write_replay(finding, report)
    except OSError as error:
        raise UsageError(f"the replay file cannot be written: {error}") from error
    return FoundViolation(
        invariant=finding.violation.invariant,
        seed=finding.plan.seed,
        replay_file=str(path),
        events=len(finding.plan.steps),
        message=finding.violation.message,
    )


def _clock(seconds: float) -> Callable[[], bool]:
    """True for so many real seconds."""
    end = time.monotonic() + seconds  # noqa: TID251 -- a command lives in real time
    return lambda: time.monotonic() < end  # noqa: TID251 -- the same


class _Progress:
    """A line on the terminal; nothing in a pipe."""

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty()
        self._pause = _clock(0.0)

    def show(self, tally: Tally) -> None:
        """Write how far it is, not too often."""
        if self._shown and not self._pause():
            self._pause = _clock(PROGRESS_SECONDS)
            line = f"{tally.scenarios} scenarios, {tally.virtual_seconds / 3600:.1f} virtual hours"
            print(f"\r{line}, {len(tally.findings)} violations", end="", file=sys.stderr, flush=True)

    def shrunk(self, invariant: str, best: Plan) -> None:
        """Write how small the plan of a violation is by now."""
        if self._shown:
            print(f"\r\033[K{invariant}: {len(best.steps)} events", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Leave the line to others."""
        if self._shown:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def _text(result: FuzzReport) -> str:
    lines = [
        f"{result.scenarios} scenarios, {result.virtual_seconds:,.0f} virtual seconds in {result.seconds:.1f} s",
        "faults that fired: " + ", ".join(f"{kind} {count}" for kind, count in result.faults.items() if count),
    ]
    silent = [kind for kind, count in result.faults.items() if not count]
    if silent:
        lines.append(f"faults that never fired: {', '.join(silent)}")
    for one in result.violations:
        lines.append(f"VIOLATED {one.invariant}: {one.message}")
        lines.append(f"    {one.events} events; again: kubeactors replay {one.replay_file}")
    lines.append(f"{len(result.violations)} violations" if result.violations else "no violation")
    return "\n".join(lines)
