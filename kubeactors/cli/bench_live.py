"""The live display of a running benchmark: on a terminal only."""

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from kubeactors.cluster.bench import Progress
from kubeactors.cluster.bench.result import Sample

SHOWN = 4
"""How many classes of actors are shown."""


@contextmanager
def live(progress: Progress) -> Generator[Callable[[], object]]:
    """A few lines that are kept up to date and vanish at the end. Yields a function to call after each change."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    with Live(console=Console(stderr=True), transient=True, auto_refresh=False) as shown:
        yield lambda: shown.update(picture(progress), refresh=True)


def picture(progress: Progress) -> Group:
    """The lines: the step, running pods, rates and percentiles, the busiest actors."""
    sample = progress.sample
    if sample is None:
        return Group(Text(f"booting {progress.nodes:,} nodes" if not progress.step else progress.phase, style="bold"))
    step = Text(f"step {progress.step} of {progress.steps}: ", style="dim")
    return Group(
        step.append(progress.phase, style="bold not dim"),
        _bar(progress, sample),
        _figures(progress, sample),
        _busy(sample),
    )


def _bar(progress: Progress, sample: Sample) -> Table:
    line = Table.grid(padding=(0, 2))
    bar = ProgressBar(total=max(progress.wanted, 1), completed=progress.good, width=40)
    said = f"{progress.good:,} of {progress.wanted:,} pods done, {sample.running:,} have run"
    line.add_row(bar, Text(said))
    return line


def _figures(progress: Progress, sample: Sample) -> Table:
    grid = Table.grid(padding=(0, 2))
    startup = (
        f"{sample.startup_p50:.3f} / {sample.startup_p99:.3f} s"
        if sample.startup_p50 is not None and sample.startup_p99 is not None
        else "-"
    )
    names = ("pods/s", "start-up p50 / p99", "API p99", "memory", "elapsed")
    values = (
        f"{sample.pods_per_second:,.0f}",
        startup,
        f"{progress.api_p99 * 1000:.1f} ms",
        f"{sample.rss_bytes / 2**20:,.0f} MiB",
        f"{progress.elapsed:.1f} s",
    )
    grid.add_row(*(Text(one, style="dim") for one in names))
    grid.add_row(*(Text(one) for one in values))
    return grid


def _busy(sample: Sample) -> Text:
    busiest = sorted(sample.busy.items(), key=lambda one: -one[1])[:SHOWN]
    fullest = sorted(sample.mailboxes.items(), key=lambda one: -one[1])[:SHOWN]
    busy = "  ".join(f"{name} {share:.0%}" for name, share in busiest)
    full = "  ".join(f"{name} {count:,}" for name, count in fullest)
    return Text(f"busy: {busy or '-'}\nmailboxes: {full or 'empty'}", style="dim")
