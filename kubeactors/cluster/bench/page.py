"""A report: one self-contained HTML page with the figures of one run, or of several side by side.

The plots need plotly (`pip install kubeactors[report]`), whose library is embedded once; without it the page has the
tables alone, and says so.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from html import escape
from importlib import import_module
from importlib.resources import files
from importlib.util import find_spec
from typing import TypeAlias, cast

from kubeactors.cluster.bench import figures
from kubeactors.cluster.bench.flame import flame
from kubeactors.cluster.bench.plots import Plot, plots
from kubeactors.cluster.bench.result import BenchResult

Cells: TypeAlias = Sequence[str]

MESSAGES = 40
"""The number of message kinds on a page; the JSON has all."""
NO_PLOTLY = "There are no plots: plotly is not installed (pip install 'kubeactors[report]')."


def has_plots() -> bool:
    """Whether plotly is available."""
    return find_spec("plotly") is not None


def page(results: Sequence[BenchResult]) -> str:
    """The report on one or more runs."""
    titles = figures.titles(results)
    name = f"kubeactors bench: {titles[0]}" if len(results) == 1 else f"kubeactors bench: {len(results)} runs"
    drawn = list(_drawn(results, titles)) if has_plots() else []
    body = "".join((_head(name, results), _summary(results, titles), _plots(drawn), *_details(results, titles)))
    return _document(name, body, _scripts(drawn) if drawn else "")


def _drawn(results: Sequence[BenchResult], titles: Sequence[str]) -> Iterator[Plot]:
    yield from plots(results, titles)
    for title, result in zip(titles, results, strict=True):
        if result.stacks:
            yield flame("Flame graph" if len(results) == 1 else f"Flame graph of {title}", result.stacks)


def _document(title: str, body: str, scripts: str) -> str:
    viewport = '<meta name="viewport" content="width=device-width, initial-scale=1">'
    head = f'<meta charset="utf-8">{viewport}<title>{escape(title)}</title><style>{_file("page.css")}</style>'
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body>{body}{scripts}</body></html>\n'


def _file(name: str) -> str:
    return files("kubeactors.cluster.bench").joinpath(name).read_text(encoding="utf-8")


def _scripts(drawn: Sequence[Plot]) -> str:
    library = cast("Callable[[], str]", import_module("plotly.offline").get_plotlyjs)()
    data = json.dumps([{"traces": one.traces, "layout": one.layout} for one in drawn]).replace("</", "<\\/")
    script = f'<script type="application/json" id="figures">{data}</script>'
    return f"<script>{library}</script>{script}<script>{_file('page.js')}</script>"


def _head(name: str, results: Sequence[BenchResult]) -> str:
    machines = dict.fromkeys(f"Python {one.python} on {one.machine}" for one in results)
    complaints = "".join(
        f'<p class="bad">{escape(step.step)}: {escape(step.detail or "not done")}</p>'
        for one in results
        for step in one.steps
        if not step.complete
    )
    note = "" if has_plots() else f'<p class="dim">{escape(NO_PLOTLY)}</p>'
    return f'<h1>{escape(name)}</h1><p class="dim">{escape("; ".join(machines))}</p>{complaints}{note}'


def _summary(results: Sequence[BenchResult], titles: Sequence[str]) -> str:
    rows = [(name, *(value(one) for one in results)) for name, value in figures.ROWS]
    return _table(("", *titles) if len(results) > 1 else (), rows)


def _plots(drawn: Sequence[Plot]) -> str:
    cards = (
        f'<section class="plot{" wide" if one.wide else ""}"><h3>{escape(one.title)}</h3>'
        f'<p class="dim">{escape(one.about) or "&nbsp;"}</p><div class="figure" id="figure-{number}"{_height(one)}></div></section>'
        for number, one in enumerate(drawn)
    )
    return f'<div class="plots">{"".join(cards)}</div>' if drawn else ""


def _height(one: Plot) -> str:
    height = one.layout.get("height")
    return f' style="height: {height}px"' if height else ""


def _details(results: Sequence[BenchResult], titles: Sequence[str]) -> Iterator[str]:
    for title, result in zip(titles, results, strict=True):
        inner = "".join(f"<h2>{escape(name)}</h2>{table}" for name, table in _tables(result))
        yield inner if len(results) == 1 else f"<details><summary>{escape(title)}</summary>{inner}</details>"


def _tables(result: BenchResult) -> Iterator[tuple[str, str]]:
    yield "Steps", _table(figures.STEP_HEADER, map(figures.step_row, result.steps))
    if result.api_latency_seconds:
        yield "Requests", _table(figures.CALL_HEADER, figures.call_rows(result))
    if result.actors:
        yield "Actors", _table(figures.ACTOR_HEADER, map(figures.actor_row, result.actors))
    if result.messages:
        shown = result.messages[:MESSAGES]
        yield "Messages per pod", _table(figures.MESSAGE_HEADER, map(figures.message_row, shown))


def _table(header: Cells, rows: Iterable[Cells]) -> str:
    head = "".join(f"<th{_side(at)}>{escape(one)}</th>" for at, one in enumerate(header))
    body = "".join(
        f"<tr>{''.join(f'<td{_side(at)}>{escape(one)}</td>' for at, one in enumerate(cells))}</tr>" for cells in rows
    )
    return f'<div class="scroll"><table>{f"<tr>{head}</tr>" if header else ""}{body}</table></div>'


def _side(column: int) -> str:
    return ' class="number"' if column else ""
