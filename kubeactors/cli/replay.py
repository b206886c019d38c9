"""`kubeactors replay` and `kubeactors why`: reproduce a failure, and explain it."""

import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from cyclopts import Parameter
from rich.console import Console

from kubeactors.actor.cell import Cell
from kubeactors.actor.envelope import Envelope
from kubeactors.cli.debugger import debugger
from kubeactors.cli.errors import UsageError, said
from kubeactors.cli.objects import shown
from kubeactors.sim.campaigns.campaign import story
from kubeactors.sim.campaigns.finding import Finding
from kubeactors.sim.explain import Records, recorded
from kubeactors.sim.explain.exports import chrome_trace, json_lines
from kubeactors.sim.explain.page import page
from kubeactors.sim.explain.summaries import summary_of
from kubeactors.sim.explain.why import UnknownObject
from kubeactors.sim.explain.why import why as causes
from kubeactors.sim.judge import Violation
from kubeactors.sim.mistakes import MISTAKES
from kubeactors.sim.operators.fuzzing import Fuzz, fuzz_at
from kubeactors.sim.operators.places import NotFound
from kubeactors.sim.plan import PlanError, Replay, decode, this_version
from kubeactors.sim.simulation import Outcome, Simulation
from kubeactors.sim.trace import Trace


class ReplayReport(msgspec.Struct, frozen=True, kw_only=True):
    """What `replay --output json` prints. `reproduced` is true if the invariant that the file names was violated."""

    invariant: str
    seed: int
    events: int
    virtual_seconds: float
    reproduced: bool
    violations: list[Violation]
    faults: dict[str, int]


def replay(  # noqa: PLR0913 -- the options of the command
    file: Annotated[Path, Parameter(help="Replay file written by `fuzz`.")],
    *,
    output: Literal["text", "json"] = "text",
    until: Annotated[float | None, Parameter(help="Stop at this virtual second.")] = None,
    trace: Annotated[bool, Parameter(help="Print every message as it is delivered.", negative=())] = False,
    pause_at: Annotated[int, Parameter(help="Stop in the debugger before the message with this number.")] = 0,
    html: Annotated[
        Path | None, Parameter(help="Write an HTML page that explains the run; it needs no network.")
    ] = None,
    why: Annotated[
        str, Parameter(help="Print the causes of every write of this object, such as pods/default/web-0.")
    ] = "",
    get: Annotated[
        tuple[str, ...],
        Parameter(help="Show a kind (pods) or an object (pods/default/web-0) at the end; repeatable.", negative=()),
    ] = (),
    jsonl: Annotated[Path | None, Parameter(help="Write every message and every write as JSON lines.")] = None,
    perfetto: Annotated[Path | None, Parameter(help="Write a trace for ui.perfetto.dev.")] = None,
    kubeconfig: Annotated[
        Path | None, Parameter(help="Perform only its user actions, in real time, on the cluster of this kubeconfig.")
    ] = None,
) -> int:
    """Run the scenario of a replay file again.

    Exit code 1: it fails again. 0: it does not. 2: unknown, as this version does not know some of its steps.
    """
    if until is not None and until < 0:
        raise UsageError("--until must not be less than 0")
    if get and output == "json":
        raise UsageError("--get prints text; leave out --output json")
    found = read_replay(file)
    if kubeconfig is not None:
        return _rehearse(file, found, kubeconfig, until, output)
    simulation = simulation_of(found)
    if trace or pause_at:
        write = _print_line if trace else _say_nothing
        listener = Trace(simulation.sim.kernel, write, pause_at=pause_at, pause=_pause, say=_in_short)
        simulation.network.listeners.append(listener)
    if why or any((html, jsonl, perfetto)):
        records = _recorded(simulation, until)
        explain(records, file, html=html, jsonl=jsonl, perfetto=perfetto)
        if why:
            return _print_causes(records, why)
        outcome = simulation.outcome()
    else:
        with debugger(), mistakes_told():
            outcome = simulation.run(until)
    violations = list(outcome.violations)
    if output == "json":
        result = ReplayReport(
            invariant=found.invariant,
            seed=found.plan.seed,
            events=len(found.plan.steps),
            virtual_seconds=outcome.virtual_seconds,
            reproduced=any(one.invariant == found.invariant for one in violations),
            violations=violations,
            faults=outcome.faults,
        )
        print(msgspec.json.encode(result).decode())
    elif violations:
        Console(highlight=False, soft_wrap=True).print(
            "\n".join(story(Finding(violation=violations[0], plan=found.plan))), markup=False
        )
    elif not found.left_out:
        print(f"{file}: no violation")
    _print_objects(simulation, get)
    return _verdict(file, found, outcome, is_whole=until is None)


def _verdict(file: Path, found: Replay, outcome: Outcome, *, is_whole: bool) -> int:
    """The exit code: 1 if the run failed, otherwise 0.

    Raises:
        UsageError: it did not fail, but steps of the plan were left out.
    """
    if outcome.violations:
        return 1
    if found.left_out:
        raise UsageError(_left_out(file, found))
    if is_whole:
        _tell_what_did_not_happen(file, found, outcome)
    return 0


def _tell_what_did_not_happen(file: Path, found: Replay, outcome: Outcome) -> None:
    """Warn if faults or actions that had an effect when the file was written have none now: the run proves little."""
    missing = [kind for kind in found.happened if kind not in outcome.happened]
    if missing:
        note = f"{file}: these took effect when the file was written, and do not now: {', '.join(missing)}"
        print(f"kubeactors: {note}", file=sys.stderr)


def _left_out(file: Path, found: Replay) -> str:
    steps = "; ".join(found.left_out)
    return f"{file}: whether it still fails is unknown: this version had to leave out unknown steps: {steps}"


def _print_objects(simulation: Simulation, wanted: Sequence[str]) -> None:
    wall = simulation.sim.kernel.wall + simulation.sim.now
    try:
        for one in wanted:
            print(f"\n{shown(simulation.world, one, wall)}")
    except UnknownObject as error:
        raise UsageError(str(error)) from error


def simulation_of(found: Replay) -> Simulation:
    """The simulation of a replay, ready to run.

    Raises:
        UsageError: its operator cannot be imported.
    """
    campaign = campaign_of(found)
    return Simulation(found.plan) if campaign is None else campaign.simulation(found.plan)


def campaign_of(found: Replay) -> Fuzz | None:
    """The campaign of a replay's operator; None if the replay tests the control plane.

    Raises:
        UsageError: the operator cannot be imported.
    """
    if not found.operator:
        return None
    sys.path.insert(0, str(Path.cwd()))  # as `python -m` does
    try:
        return fuzz_at(found.operator)
    except NotFound as error:
        raise UsageError(str(error)) from error


def why(
    wanted: Annotated[str, Parameter(name="OBJECT", help="Object, such as pods/default/web-0.")],
    file: Annotated[Path, Parameter(help="Replay file written by `fuzz`.")],
) -> int:
    """Run the scenario of a replay file again and print the causes of every write of an object."""
    return _print_causes(_recorded(simulation_of(read_replay(file)), None), wanted)


def _recorded(simulation: Simulation, until: float | None) -> Records:
    with debugger(), mistakes_told():
        return recorded(simulation, until)


@contextmanager
def mistakes_told() -> Generator[None]:
    """Report an error of the code under test, which its author must fix, as a usage error.

    Raises:
        UsageError: the code under test, or a check, is wrong.
    """
    try:
        yield
    except MISTAKES as error:
        raise UsageError(said(error)) from error


def explain(
    records: Records, file: Path, *, html: Path | None = None, jsonl: Path | None = None, perfetto: Path | None = None
) -> None:
    """Write the requested files about a run.

    Raises:
        UsageError: a file cannot be written.
    """
    try:
        if html is not None:
            html.write_text(page(records, title=file.name, replay=f"kubeactors replay {file}"), encoding="utf-8")
        if jsonl is not None:
            jsonl.write_text("".join(f"{line}\n" for line in json_lines(records)), encoding="utf-8")
        if perfetto is not None:
            perfetto.write_bytes(chrome_trace(records))
    except OSError as error:
        raise UsageError(f"{error.filename} cannot be written: {said(error)}") from error


def _print_causes(records: Records, wanted: str) -> int:
    try:
        print("\n".join(causes(records, wanted)))
    except UnknownObject as error:
        raise UsageError(str(error)) from error
    return 0


def _rehearse(file: Path, found: Replay, kubeconfig: Path, until: float | None, output: str) -> int:
    from kubeactors.cli.rehearse import Rehearsed, rehearse  # noqa: PLC0415 -- only this needs an HTTP client

    def show(one: Rehearsed) -> None:
        if output == "text":
            print(f"{one.action}{f': {one.refused}' if one.refused else ''}")

    done = rehearse(found.plan, kubeconfig, campaign_of(found), until, show)
    if output == "json":
        print(msgspec.json.encode(done).decode())
    refused = any(one.refused and not one.lost for one in done)
    if found.left_out and not refused:
        raise UsageError(_left_out(file, found))
    return 1 if refused else 0


def _print_line(line: str) -> None:
    """On standard error, so that standard output has the result only."""
    print(line, file=sys.stderr)


def _in_short(message: object) -> str:
    """The kind of the message and its summary."""
    kind, summary = type(message).__name__, summary_of(message)
    return summary if summary.startswith(f"{kind}(") else f"{kind} {summary}"


def _say_nothing(_line: str) -> None:
    return


def _pause(cell: Cell, envelope: Envelope) -> None:  # noqa: ARG001 -- what the user looks at
    """`cell.actor` is about to handle `envelope[0]`, sent by `envelope[1]`. `c` continues, `q` ends the run."""
    breakpoint()  # noqa: T100 -- what the user asked for


def read_replay(file: Path) -> Replay:
    """Read a replay file; warn if another version wrote it.

    Raises:
        UsageError: it cannot be read, or is not a replay.
    """
    try:
        found = decode(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} cannot be read: {getattr(error, 'strerror', error)}") from error
    except PlanError as error:
        raise UsageError(f"{file}: {error}") from error
    if found.version != this_version():
        note = f"{file} was written by version {found.version or 'unknown'}, this is {this_version()}; trying anyway"
        if found.unknown:
            note += f", without unknown parts: {'; '.join(found.unknown)}"
        print(f"kubeactors: {note}", file=sys.stderr)
    return found
