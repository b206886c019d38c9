"""`kubeactors fuzz`: search for failures of the control plane, or of an operator."""

import os
import signal
import sys
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal, NamedTuple

import msgspec
from cyclopts import Parameter
from msgspec import structs

from kubeactors.cli.errors import UsageError, said
from kubeactors.cli.fuzz_progress import Progress, clock
from kubeactors.cli.replay import explain
from kubeactors.sim.campaigns.batches import BATCH, Batch, Found, Job, jobs, shrink_found
from kubeactors.sim.campaigns.campaign import (
    UnknownName,
    known_faults,
    known_invariants,
    known_strategy,
    run_plan,
    write_replay,
)
from kubeactors.sim.campaigns.causes import Shrunk, by_cause, merged
from kubeactors.sim.campaigns.finding import Finding
from kubeactors.sim.campaigns.ledger import Ledger, LedgerError, load
from kubeactors.sim.campaigns.reproduction import USUAL_CAUSES, NotReproducible
from kubeactors.sim.campaigns.workers import WorkersFailed, all_cores, here, in_processes, on_ray
from kubeactors.sim.explain import recorded
from kubeactors.sim.mistakes import MISTAKES
from kubeactors.sim.operators.fuzzing import fuzz_at
from kubeactors.sim.operators.places import NotFound
from kubeactors.sim.plan import Plan
from kubeactors.sim.recordings.drawing import alone
from kubeactors.sim.recordings.files import WorkloadError, read_workload
from kubeactors.sim.search import STRATEGIES
from kubeactors.sim.shrinking.equivalence import VAGUE
from kubeactors.sim.simulation import Simulation
from kubeactors.sim.workload import UserAction

SCENARIOS = 500
SHRINK_SECONDS = 20.0
"""The time limit for shrinking one failure."""
HURRIED_SECONDS = 1.0
"""The same after Ctrl-C."""
MOST_SHRUNK = 10
"""At most so many causes are shrunk; further ones are written as they are."""
DIRECTORY = Path("kubeactors-fuzz")
SAVE_SECONDS = 5.0
USUAL = Job(first=0, count=0)
NOTHING: Mapping[str, int] = MappingProxyType({})


class FoundViolation(msgspec.Struct, frozen=True, kw_only=True):
    """One cause of failures: `events` is the number of steps in the plan that shows it, `seeds` are all that hit it."""

    invariant: str
    seed: int
    replay_file: str
    events: int
    message: str
    page: str
    seeds: tuple[int, ...]


class NotReproduced(msgspec.Struct, frozen=True, kw_only=True):
    """A cause of failures whose plan behaves differently each time: the code depends on something no seed decides."""

    invariant: str
    seed: int
    replay_file: str
    message: str
    parting: str
    """Where two runs of the plan diverge."""
    seeds: tuple[int, ...]


class FuzzReport(msgspec.Struct, frozen=True, kw_only=True):
    """What `fuzz --output json` prints."""

    scenarios: int
    virtual_seconds: float
    seconds: float
    violations: list[FoundViolation]
    faults: dict[str, int]
    actions: dict[str, int]
    """How often each kind of user action had an effect: something was written."""
    in_vain: dict[str, int]
    """How often each kind had none: it was rejected, or its object did not exist."""
    not_reproducible: list[NotReproduced]
    """Failures that cannot be reproduced: they prove nothing until that is fixed."""


class Ended(NamedTuple):
    """Why the campaign ended: normally, by Ctrl-C, or by an error in the code under test."""

    interrupted: bool = False
    mistake: str = ""


def fuzz(  # noqa: PLR0913 -- the options of the command
    *,
    seed: Annotated[int, Parameter(help="Seed of the first scenario; the others count up from it.")] = 0,
    scenarios: Annotated[
        int | None, Parameter(help=f"Number of scenarios; {SCENARIOS} unless --seconds is given.")
    ] = None,
    seconds: Annotated[float | None, Parameter(help="Run for this many seconds.")] = None,
    workers: Annotated[int | None, Parameter(help="Number of processes; by default one per core.")] = None,
    output: Literal["text", "json"] = "text",
    report: Annotated[
        Path | None, Parameter(help=f"Directory of results; by default only replays, in {DIRECTORY}.")
    ] = None,
    resume: Annotated[bool, Parameter(help="Continue the campaign in --report.", negative=())] = False,
    fault: Annotated[tuple[str, ...], Parameter(help="Only this kind of fault; repeatable.", negative=())] = (),
    invariant: Annotated[tuple[str, ...], Parameter(help="Only this invariant; repeatable.", negative=())] = (),
    strategy: Annotated[str, Parameter(help=f"Search strategy: {', '.join(STRATEGIES)}; by default by seed.")] = "",
    length: Annotated[int, Parameter(help="Length of plans, as a multiple of the usual one.")] = USUAL.length,
    nodes: Annotated[int, Parameter(help="Number of nodes in each cluster.")] = USUAL.nodes,
    workload: Annotated[
        tuple[Path, ...],
        Parameter(help="What users do: manifests, an audit log, or a plan; repeatable.", negative=()),
    ] = (),
    operator: Annotated[str, Parameter(help="Test made by `fuzz` for an operator, as module:name.")] = "",
    ray: Annotated[str, Parameter(help="Address of a Ray cluster; `local` starts one here.")] = "",
) -> int:
    """Run randomized scenarios with faults in a simulated cluster. Exit code 1: an invariant was violated."""
    _check(scenarios, seconds, workers)
    if resume and report is None:
        raise UsageError("--resume continues the campaign of a directory; name it with --report")
    directory = report or DIRECTORY
    _check_writable(directory)
    asked = Job(first=seed, count=0, kinds=fault, invariants=invariant, strategy=strategy, length=length, nodes=nodes)
    job = _known(structs.replace(asked, operator=operator, workload=_given(workload, nodes)))
    ledger = _begun(directory, job, resume=resume)
    wanted = scenarios or (SCENARIOS if seconds is None else 0)
    ended = _look(ledger, wanted, seconds, (workers or all_cores(), ray), report)
    if ended.mistake and not ledger.found:
        raise UsageError(ended.mistake)
    found, others = _written(ledger, directory, HURRIED_SECONDS if ended.interrupted else SHRINK_SECONDS)
    result = FuzzReport(
        scenarios=ledger.scenarios,
        virtual_seconds=ledger.virtual_seconds,
        seconds=ledger.seconds,
        violations=found,
        faults=ledger.faults,
        actions=ledger.actions,
        in_vain=ledger.in_vain,
        not_reproducible=others,
    )
    print(msgspec.json.encode(result).decode() if output == "json" else _text(result))
    if ended.interrupted:
        return 130
    if ended.mistake or others:
        raise UsageError(ended.mistake or _of_chance(others))
    return 1 if found else 0


def _check(scenarios: int | None, seconds: float | None, workers: int | None) -> None:
    if scenarios is not None and scenarios < 1:
        raise UsageError("--scenarios must be at least 1")
    if seconds is not None and seconds <= 0:
        raise UsageError("--seconds must be more than 0")
    if scenarios is not None and seconds is not None:
        raise UsageError("--scenarios and --seconds both limit the campaign; choose one")
    if workers is not None and workers < 1:
        raise UsageError("--workers must be at least 1")


def _check_writable(report: Path) -> None:
    """Check that results can be written, before hours are spent on them."""
    if report.exists() and not report.is_dir():
        raise UsageError(f"{report} is not a directory; replay files cannot be written there")
    there = next(one for one in (report, *report.absolute().parents) if one.exists())
    if not os.access(there, os.W_OK | os.X_OK):
        raise UsageError(f"{there} is not writable; choose another directory for replay files with --report")


def _known(asked: Job) -> Job:
    """The job of the whole campaign. Looks up names and imports the operator, to reject mistakes early."""
    sys.path.insert(0, str(Path.cwd()))  # as `python -m` does
    if asked.length < 1 or asked.nodes < 1:
        raise UsageError(f"--{'length' if asked.length < 1 else 'nodes'} must be at least 1")
    if asked.operator and (asked.length, asked.nodes) != (USUAL.length, USUAL.nodes):
        raise UsageError("--length and --nodes do not apply to an operator: they are set where it is declared")
    if asked.workload and (asked.operator or asked.length != USUAL.length):
        raise UsageError("--workload replaces what is drawn; leave out --operator and --length")
    try:
        known_strategy(asked.strategy)
        if asked.operator:
            kinds = fuzz_at(asked.operator).operator.fault_kinds
            return structs.replace(asked, kinds=kinds, invariants=())
        known_invariants(asked.invariants)
        return structs.replace(asked, kinds=known_faults(asked.kinds))
    except (UnknownName, NotFound) as error:
        raise UsageError(str(error)) from error


def _given(files: tuple[Path, ...], nodes: int) -> tuple[UserAction, ...]:
    """The user actions in these files. They must come to rest where nothing fails, or every scenario would fail."""
    try:
        found = read_workload(files)
    except WorkloadError as error:
        raise UsageError(str(error)) from error
    if found:
        outcome = run_plan(alone(found, nodes))
        restless = [one for one in outcome.violations if one.invariant in VAGUE]
        if restless:
            raise UsageError(f"this workload does not come to rest, even without faults: {restless[0].message}")
        if outcome.in_vain:
            counts = ", ".join(f"{what} ({count})" for what, count in outcome.in_vain.items())
            print(f"without effect, even without faults: {counts}", file=sys.stderr)
    return found


def _begun(directory: Path, job: Job, *, resume: bool) -> Ledger:
    if not resume:
        return Ledger(job=job, faults=dict.fromkeys(job.kinds, 0))
    try:
        return load(directory, job)
    except LedgerError as error:
        raise UsageError(str(error)) from error


def _look(ledger: Ledger, wanted: int, seconds: float | None, who: tuple[int, str], report: Path | None) -> Ended:
    """Run batches until a limit is reached or the user interrupts; results so far are kept.

    Args:
        ledger: collects the results.
        wanted: how many scenarios in all; 0 for no limit.
        seconds: for how long at most.
        who: the number of processes, and the address of a Ray cluster.
        report: where the ledger is saved; None to save none.
    """
    left = max(wanted - ledger.scenarios, 0)
    if wanted and not left:
        return Ended()
    job = structs.replace(ledger.job, first=ledger.next_seed, count=left)
    progress, before = Progress(), ledger.seconds
    began, enough, due = time.monotonic(), clock(seconds), clock(0.0)  # noqa: TID251 -- a command runs in real time
    try:
        with closing(_batches(job, *who)) as batches:
            for batch in batches:
                ledger.add(batch)
                ledger.seconds = before + time.monotonic() - began  # noqa: TID251 -- the same
                progress.show(ledger)
                if report is not None and not due():
                    ledger.save(report)
                    due = clock(SAVE_SECONDS)
                if not enough():
                    break
    except KeyboardInterrupt:
        return Ended(interrupted=True)
    except (*MISTAKES, WorkersFailed, OSError) as error:
        return Ended(mistake=said(error))
    finally:
        progress.clear()
        if report is not None:
            ledger.save(report)
    return Ended()


def _batches(job: Job, workers: int, ray: str) -> Generator[Batch]:
    pieces, few = jobs(job), 0 < job.count <= BATCH  # done sooner than another process starts
    if ray:
        yield from on_ray(pieces, ray)
    elif workers == 1 or few:
        yield from here(pieces)
    else:
        yield from in_processes(pieces, workers)


def _written(ledger: Ledger, directory: Path, seconds: float) -> tuple[list[FoundViolation], list[NotReproduced]]:
    """Shrink one failure of each cause and write its replay file and page; list those that cannot be reproduced."""
    causes, progress = by_cause(ledger.found), Progress()
    shrunk: list[Shrunk] = []
    others: list[NotReproduced] = []
    with until_interrupted() as go_on:
        for number, cause in enumerate(causes):
            progress.shrinks(cause.found.finding, f" ({number + 1} of {len(causes)} causes)" if causes[1:] else "")
            enough = clock(seconds if number < MOST_SHRUNK else 0.0)
            try:
                finding = _small(ledger.job, cause.found, _both(enough, go_on), go_on, progress)
            except NotReproducible as error:
                others.append(_not_reproduced(error, directory, ledger.job, cause.seeds))
            else:
                shrunk.append(Shrunk(finding=finding, seeds=cause.seeds))
            progress.clear()
    return [_report(one, directory, ledger.job) for one in merged(shrunk)], others


def _small(
    job: Job, found: Found, has_time: Callable[[], bool], go_on: Callable[[], bool], progress: Progress
) -> Finding:
    """Shrink the failure; after Ctrl-C return it as it is, without checking that it can be reproduced."""
    return shrink_found(job, found, has_time, progress.shrunk) if go_on() else found.finding


def _not_reproduced(error: NotReproducible, directory: Path, job: Job, seeds: tuple[int, ...]) -> NotReproduced:
    finding = error.finding
    return NotReproduced(
        invariant=finding.violation.invariant,
        seed=finding.plan.seed,
        replay_file=str(_replay(finding, directory, job, f"not reproducible: {error.parting}")),
        message=finding.violation.message,
        parting=error.parting,
        seeds=seeds,
    )


def _both(some: Callable[[], bool], other: Callable[[], bool]) -> Callable[[], bool]:
    return lambda: some() and other()


@contextmanager
def until_interrupted() -> Generator[Callable[[], bool]]:
    """Yield a function that is true until Ctrl-C, so that the block can finish early. A second Ctrl-C interrupts it."""
    interrupted: list[int] = []

    def interrupt(number: int, _: object) -> None:
        interrupted.append(number)
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield lambda: not interrupted
    finally:
        signal.signal(signal.SIGINT, before)


def _of_chance(others: Sequence[NotReproduced]) -> str:
    """The error for failures that cannot be reproduced."""
    seeds = ", ".join(str(one.seed) for one in others)
    return f"the failure with seed {seeds} is not reproducible: {others[0].parting}; {USUAL_CAUSES}"


def _report(shrunk: Shrunk, directory: Path, job: Job) -> FoundViolation:
    finding = shrunk.finding
    path = _replay(finding, directory, job)
    page = path.with_suffix(".html")
    explain(recorded(_simulation(job, finding.plan)), path, html=page)
    return FoundViolation(
        invariant=finding.violation.invariant,
        seed=finding.plan.seed,
        replay_file=str(path),
        events=len(finding.plan.steps),
        message=finding.violation.message,
        page=str(page),
        seeds=shrunk.seeds,
    )


def _replay(finding: Finding, directory: Path, job: Job, note: str = "") -> Path:
    try:
        return write_replay(finding, directory, job.operator, note=note)
    except OSError as error:
        raise UsageError(f"the replay file cannot be written: {error}") from error


def _simulation(job: Job, plan: Plan) -> Simulation:
    if job.operator:
        return fuzz_at(job.operator).simulation(plan)
    return Simulation(plan, known_invariants(job.invariants))


def _text(result: FuzzReport) -> str:
    rate = result.scenarios / result.seconds if result.seconds else 0.0
    lines = [
        f"{result.scenarios} scenarios, {result.virtual_seconds:,.0f} virtual seconds in {result.seconds:.1f} s: {rate:.1f}/s",
        *_counted("faults that took effect", "faults that never did", result.faults),
        *_counted("user actions with an effect", "user actions without", result.actions, result.in_vain),
    ]
    for one in result.violations:
        often = f" ({len(one.seeds)} scenarios)" if len(one.seeds) > 1 else ""
        lines.append(f"VIOLATED {one.invariant}: {one.message}{often}")
        lines.append(f"    {one.events} events; reproduce: kubeactors replay {one.replay_file}")
        lines.append(f"    explanation: {one.page}")
    for other in result.not_reproducible:
        lines.append(f"NOT REPRODUCIBLE {other.invariant}: {other.message}")
        lines.append(f"    {other.parting}")
        lines.append(f"    plan: {other.replay_file}")
    found = len(result.violations)
    lines.append("no violation" if not found else f"{found} violation{'s' * (found > 1)}")
    return "\n".join(lines)


def _counted(some: str, none: str, counts: Mapping[str, int], in_vain: Mapping[str, int] = NOTHING) -> Iterator[str]:
    """The kinds that were seen, with counts; and the others, with the number of attempts."""
    yield f"{some}: " + ", ".join(f"{kind} {count}" for kind, count in counts.items() if count)
    rest = [kind for kind in dict.fromkeys((*counts, *in_vain)) if not counts.get(kind)]
    never = [f"{kind} ({in_vain[kind]} tried)" if kind in in_vain else kind for kind in rest]
    if never:
        yield f"{none}: {', '.join(never)}"
