"""`kubeactors bench`: benchmarks of a cluster in this process."""

import sys
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

import anyio
import msgspec
from cyclopts import Parameter
from msgspec.structs import replace
from rich.console import Console

from kubeactors.cli import bench_text
from kubeactors.cli.bench_live import live
from kubeactors.cli.errors import UsageError, said
from kubeactors.cli.loop import interrupted, run
from kubeactors.cluster.bench import BenchResult, Progress, Scenario, ScenarioError, measure, page, plain, read_scenario
from kubeactors.cluster.bench.stacks import StackSampler, lines

NODES, PODS = 1000, 5000
PROFILE = Path("kubeactors-profile.html")
STOPPED = 130
"""A shell's exit code for a program that Ctrl-C has ended."""


def bench(  # noqa: PLR0913 -- the options of the command
    scenario: Annotated[
        Path | None, Parameter(help="Scenario: a YAML file, or the name of a built-in one, such as tour.")
    ] = None,
    *,
    nodes: Annotated[int | None, Parameter(help=f"Number of simulated nodes; {NODES} by default.")] = None,
    pods: Annotated[int | None, Parameter(help=f"Number of pods to create; {PODS} by default.")] = None,
    output: Literal["text", "json"] = "text",
    report: Annotated[Path | None, Parameter(help="Write an HTML page with plots.")] = None,
    compare: Annotated[
        tuple[Path, ...],
        Parameter(consume_multiple=True, negative=(), help="Compare results of --output json instead of running."),
    ] = (),
    profile: Annotated[
        bool, Parameter(negative=(), help="Count messages by actor and add a flame graph to the report.")
    ] = False,
) -> int:
    """Measure an in-memory cluster: pods from creation to Running, or the steps of a scenario.

    Exit code 1: the cluster did not reach the desired state. 130: Ctrl-C; what was measured so far is printed.
    """
    if profile:
        report = _checked(report or PROFILE)
    _check_writable(report, "report")
    if compare:
        return _compare(compare, scenario, output, report)
    wanted = _scenario(scenario, nodes, pods)
    result = _profiled(wanted) if profile else run(_bench, wanted, False)
    _print([result], output)
    _write_report(report, [result])
    if report is not None and profile:
        folded = report.with_suffix(".folded")
        _write(folded, "".join(f"{line}\n" for line in lines(result.stacks)))
        print(f"kubeactors: the flame graph is in {report}, its stacks are in {folded}", file=sys.stderr)
    if result.detail:
        print(f"kubeactors: {result.detail}", file=sys.stderr)
    for step in result.steps:
        if not step.complete and not result.interrupted:
            print(f"kubeactors: {step.step}: {step.detail}", file=sys.stderr)
    return STOPPED if result.interrupted else 0 if result.complete else 1


def _checked(report: Path) -> Path:
    if not StackSampler.works_here():
        raise UsageError("--profile needs a timer that this system does not have")
    return report


def _profiled(scenario: Scenario) -> BenchResult:
    with StackSampler() as sampler:
        result = run(_bench, scenario, True)
    return replace(result, stacks=sampler.folded())


def _scenario(path: Path | None, nodes: int | None, pods: int | None) -> Scenario:
    if path is None:
        nodes, pods = NODES if nodes is None else nodes, PODS if pods is None else pods
        if nodes < 1 or pods < 1:
            raise UsageError("--nodes and --pods must be at least 1")
        return plain(nodes, pods)
    if nodes is not None or pods is not None:
        raise UsageError("the scenario sets the numbers of nodes and pods; leave out --nodes and --pods")
    try:
        return read_scenario(built_in().get(str(path), path))
    except (OSError, ScenarioError) as error:
        hint = f"; the built-in ones are {', '.join(built_in())}" if isinstance(error, FileNotFoundError) else ""
        raise UsageError(f"{said(error)}{hint}") from error


def built_in() -> dict[str, Path]:
    """The built-in scenarios, by name."""
    folder = Path(str(files("kubeactors.cluster.bench"))) / "scenarios"
    return {one.stem: one for one in sorted(folder.glob("*.yaml"))}


def _compare(
    paths: tuple[Path, ...], scenario: Path | None, output: Literal["text", "json"], report: Path | None
) -> int:
    if scenario is not None:
        raise UsageError("--compare runs nothing; leave out the scenario")
    results = [_read(path) for path in paths]
    _print(results, output)
    _write_report(report, results)
    return 0


def _read(path: Path) -> BenchResult:
    try:
        return msgspec.json.decode(path.read_bytes(), type=BenchResult)
    except (OSError, msgspec.DecodeError) as error:
        words = (
            said(error) if isinstance(error, OSError) else f"{path} is not a result of `bench --output json`: {error}"
        )
        raise UsageError(words) from error


def _print(results: list[BenchResult], output: Literal["text", "json"]) -> None:
    if output == "json":
        print(msgspec.json.encode(results[0] if len(results) == 1 else results).decode())
    else:
        console = Console()
        for part in bench_text.tables(results):
            console.print(part)


def _check_writable(path: Path | None, what: str) -> None:
    if path is None:
        return
    if not path.parent.is_dir():
        raise UsageError(f"{path.parent} is not a directory; the {what} cannot be written there")
    if path.is_dir():
        raise UsageError(f"{path} is a directory; the {what} must be a file")


def _write_report(path: Path | None, results: list[BenchResult]) -> None:
    if path is None:
        return
    if not page.has_plots():
        print(f"kubeactors: {page.NO_PLOTLY}", file=sys.stderr)
    _write(path, page.page(results))


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"the report cannot be written: {said(error)}") from error


async def _bench(scenario: Scenario, count_messages: bool) -> BenchResult:  # noqa: FBT001 -- the event loop passes it on
    progress, scope = Progress(), anyio.CancelScope()
    async with interrupted(scope):
        with live(progress) as tick:
            return await measure(scenario, progress, tick, scope, count_messages=count_messages)
