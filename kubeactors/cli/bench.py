"""`kubeactors bench`: how fast is it here."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import anyio
import msgspec
from cyclopts import Parameter
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from kubeactors.cli.errors import UsageError
from kubeactors.cli.loop import interrupted, run
from kubeactors.cluster.bench import BenchResult, Progress, measure


def bench(
    *,
    nodes: Annotated[int, Parameter(help="How many simulated nodes.")] = 1000,
    pods: Annotated[int, Parameter(help="How many pods are created.")] = 5000,
    output: Literal["text", "json"] = "text",
    report: Annotated[Path | None, Parameter(help="Write a page with the figures.")] = None,
) -> int:
    """Measure pods from creation to Running in a cluster of its own, in memory."""
    if nodes < 1 or pods < 1:
        raise UsageError("--nodes and --pods count from 1")
    if report is not None and not report.parent.is_dir():
        raise UsageError(f"{report.parent} is no directory; the report cannot be written there")
    if report is not None and report.is_dir():
        raise UsageError(f"{report} is a directory; the report is a file")
    result = run(_bench, nodes, pods)
    if output == "json":
        print(msgspec.json.encode(result).decode())
    else:
        Console().print(_table(result))
    if report is not None:
        report.write_text(_page(result), encoding="utf-8")
    return 0 if result.complete else 130


async def _bench(nodes: int, pods: int) -> BenchResult:
    progress, scope = Progress(), anyio.CancelScope()
    async with interrupted(scope):
        if not sys.stderr.isatty():
            return await measure(nodes, pods, progress, scope=scope)
        return await _shown(nodes, pods, progress, scope)


async def _shown(nodes: int, pods: int, progress: Progress, scope: anyio.CancelScope) -> BenchResult:
    """With a line on the terminal that says how far it is."""
    with Live(console=Console(stderr=True), transient=True, auto_refresh=False) as live:

        def tick() -> None:
            rate = progress.running / progress.elapsed if progress.elapsed else 0.0
            line = f"created {progress.created}  running {progress.running} of {pods}  {rate:,.0f} pods/s"
            live.update(Text(line), refresh=True)

        return await measure(nodes, pods, progress, tick, scope)


def _rows(result: BenchResult) -> list[tuple[str, str]]:
    latency = result.startup_latency_seconds
    return [
        ("nodes", f"{result.nodes:,}"),
        ("pods Running", f"{result.pods:,}"),
        ("seconds", f"{result.seconds:.2f}"),
        ("pods per second", f"{result.pods_per_second:,.0f}"),
        ("start-up latency p50 / p90 / p99", f"{latency.p50:.3f} / {latency.p90:.3f} / {latency.p99:.3f} s"),
        ("all nodes Ready after", f"{result.nodes_ready_seconds:.2f} s"),
        ("actor messages per pod", f"{result.messages_per_pod:.1f}"),
        ("peak memory", f"{result.peak_rss_bytes / 2**20:,.0f} MiB"),
        ("Python", result.python),
    ]


def _table(result: BenchResult) -> Table:
    table = Table(title="kubeactors bench", show_header=False)
    for name, value in _rows(result):
        table.add_row(name, value)
    return table


def _page(result: BenchResult) -> str:
    rows = "".join(f"<tr><th>{name}</th><td>{value}</td></tr>" for name, value in _rows(result))
    style = "body{font:16px system-ui;margin:3em}th{text-align:left;font-weight:500;padding:.3em 2em .3em 0}"
    head = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>kubeactors bench</title><style>{style}</style>'
    return f"{head}<h1>kubeactors bench</h1><table>{rows}</table></html>\n"
