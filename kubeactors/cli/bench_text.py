"""Benchmark results as tables for a terminal."""

from collections.abc import Iterable, Iterator, Sequence

from rich.table import Table
from rich.text import Text

from kubeactors.cluster.bench import figures
from kubeactors.cluster.bench.result import BenchResult

MESSAGES = 20
"""How many kinds of messages are shown; the JSON has all."""


def tables(results: Sequence[BenchResult]) -> Iterator[Table]:
    """All figures of one run, or the main figures of several side by side."""
    yield _summary(results)
    if len(results) > 1:
        return
    result = results[0]
    if len(result.steps) > 1:
        yield _table("steps", figures.STEP_HEADER, map(figures.step_row, result.steps))
    if result.api_latency_seconds:
        yield _table("requests of the scenario", figures.CALL_HEADER, figures.call_rows(result))
    if result.messages:
        shown = result.messages[:MESSAGES]
        yield _table("messages per pod", figures.MESSAGE_HEADER, map(figures.message_row, shown))


def _summary(results: Sequence[BenchResult]) -> Table:
    titles, many = figures.titles(results), len(results) > 1
    table = Table(title="kubeactors bench" if many else f"kubeactors bench: {titles[0]}", show_header=many)
    table.add_column("")
    for title in titles:
        table.add_column(Text(title), justify="right" if many else "left")
    for name, value in figures.ROWS:
        table.add_row(name, *(value(one) for one in results))
    return table


def _table(title: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    table = Table(title=title)
    for at, name in enumerate(header):
        table.add_column(name, justify="right" if at else "left")
    for cells in rows:
        table.add_row(*(Text(cell) for cell in cells))
    return table
