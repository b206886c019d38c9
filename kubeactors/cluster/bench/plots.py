"""The plots of a report, as plotly figures of JSON types. Pure.

Colours of text and grid are the page's, which follows the reader's light or dark mode.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape
from itertools import chain
from typing import TypeAlias

import msgspec

from kubeactors.cluster.bench.result import BenchResult, Sample

Json: TypeAlias = dict[str, object]

COLOURS = ("#3b82f6", "#f97316", "#10b981", "#a855f7", "#ef4444", "#06b6d4", "#d4a017", "#94a3b8")
"""Distinguishable on light and on dark backgrounds."""
CLASSES = 7
"""The number of actor classes with a line of their own; the others are summed."""
OTHERS = "all others"
LONGEST = 36
"""The maximum number of characters of a name in a legend."""


class Plot(msgspec.Struct, frozen=True, kw_only=True):
    """A plot: `traces` and `layout` are plotly's."""

    title: str
    about: str
    """A caption of one sentence."""
    traces: list[Json]
    layout: Json
    wide: bool = False


def plots(results: Sequence[BenchResult], titles: Sequence[str]) -> Iterator[Plot]:
    """The plots of one or more runs; a run that is too short for samples is left out of those over time."""
    runs = list(zip(map(_legend, titles), results, strict=True))
    yield _over_time(runs, "Pods that have come to run", "pods", lambda one: one.running)
    yield _over_time(runs, "Throughput", "pods/s", lambda one: one.pods_per_second)
    yield _distribution(runs)
    yield _startup_over_time(runs)
    yield _api(runs)
    yield _over_time(runs, "Memory", "MiB", lambda one: round(one.rss_bytes / 2**20, 1))
    yield _busy_total(runs)
    for title, result in zip(titles, results, strict=True):
        of = f" of {title}" if len(runs) > 1 else ""
        yield _by_class(f"Busy actors{of}", _BUSY, "share of one core", result, lambda one: one.busy, stacked=True)
        yield _by_class(f"Mailboxes{of}", _MAILBOXES, "messages", result, lambda one: one.mailboxes, stacked=False)


def _legend(title: str) -> str:
    """A title shortened for a legend, with markup escaped.

    >>> _legend("a<b" + "x" * 50)
    'a&lt;bxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...'
    """
    short = title if len(title) <= LONGEST else f"{title[: LONGEST - 3]}..."
    return escape(short)


_BUSY = "How much of the time handlers ran, by class of actor: an estimate from one turn of the run queue in 64."
_MAILBOXES = "Messages that waited when the sampler looked, by class of actor, all actors of a class together."


def _over_time(
    runs: Sequence[tuple[str, BenchResult]], title: str, unit: str, value: Callable[[Sample], float]
) -> Plot:
    traces = [_line(name, result.samples, value, COLOURS[at % len(COLOURS)]) for at, (name, result) in enumerate(runs)]
    about = "Grey lines: where steps begin." if len(runs) == 1 and len(runs[0][1].steps) > 1 else ""
    return Plot(title=title, about=about, traces=traces, layout=_layout("seconds", unit) | _steps(runs))


def _line(name: str, samples: Sequence[Sample], value: Callable[[Sample], float | None], colour: str) -> Json:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": [one.at for one in samples],
        "y": [value(one) for one in samples],
        "line": {"color": colour, "width": 2},
    }


def _distribution(runs: Sequence[tuple[str, BenchResult]]) -> Plot:
    traces: list[Json] = [
        {
            "type": "scatter",
            "mode": "lines",
            "name": name,
            "x": list(range(101)),
            "y": list(result.startup_percentiles),
            "line": {"color": COLOURS[at % len(COLOURS)], "width": 2},
        }
        for at, (name, result) in enumerate(runs)
        if result.startup_percentiles
    ]
    about = "From creation to Running: so many percent of the pods took at most so long."
    return Plot(title="Start-up latency", about=about, traces=traces, layout=_layout("percent of pods", "seconds"))


def _startup_over_time(runs: Sequence[tuple[str, BenchResult]]) -> Plot:
    traces: list[Json] = []
    for at, (name, result) in enumerate(runs):
        colour, of = COLOURS[at % len(COLOURS)], f"{name}: " if len(runs) > 1 else ""
        traces.append(_line(f"{of}p50", result.samples, lambda one: one.startup_p50, colour))
        p99 = _line(f"{of}p99", result.samples, lambda one: one.startup_p99, colour)
        traces.append(p99 | {"line": {"color": colour, "width": 2, "dash": "dot"}})
    about = "Of the pods that came to run since the last look."
    layout = _layout("seconds", "seconds") | _steps(runs)
    return Plot(title="Start-up latency over time", about=about, traces=traces, layout=layout)


def _api(runs: Sequence[tuple[str, BenchResult]]) -> Plot:
    """For one run three percentiles of each verb; for several runs the 99th of each."""
    traces: list[Json] = []
    shares = ("p50", "p90", "p99") if len(runs) == 1 else ("p99",)
    for at, (name, share) in enumerate((name, share) for name, _ in runs for share in shares):
        verbs = dict(runs)[name].api_latency_seconds
        y = [round({"p50": one.p50, "p90": one.p90, "p99": one.p99}[share] * 1000, 3) for one in verbs.values()]
        label = share if len(runs) == 1 else name
        colour = COLOURS[at % len(COLOURS)]
        traces.append({"type": "bar", "name": label, "x": list(verbs), "y": y, "marker": {"color": colour}})
    about = "Of the scenario's own requests, in process." + ("" if len(runs) == 1 else " The 99th percentile.")
    layout = _layout("", "milliseconds") | {"barmode": "group"}
    return Plot(title="Latency of requests", about=about, traces=traces, layout=layout)


def _busy_total(runs: Sequence[tuple[str, BenchResult]]) -> Plot:
    classes = _largest(
        chain.from_iterable(((one.actor, one.busy_seconds) for one in result.actors) for _, result in runs)
    )
    traces: list[Json] = []
    for at, (name, result) in enumerate(runs):
        seconds = {one.actor: one.busy_seconds for one in result.actors}
        trace: Json = {"type": "bar", "orientation": "h", "name": name, "y": classes[::-1]}
        values = [seconds.get(one, 0.0) for one in classes[::-1]]
        traces.append(trace | {"x": values, "marker": {"color": COLOURS[at % len(COLOURS)]}})
    layout = _layout("seconds", "") | {"barmode": "group"}
    return Plot(
        title="Time in handlers", about="The busiest classes of actors.", traces=traces, layout=layout, wide=True
    )


def _by_class(  # noqa: PLR0913 -- the parameters in which two plots differ
    title: str,
    about: str,
    unit: str,
    result: BenchResult,
    of: Callable[[Sample], Mapping[str, float]],
    *,
    stacked: bool,
) -> Plot:
    """Over time, with a line for each of the largest classes."""
    classes = _largest(chain.from_iterable(of(one).items() for one in result.samples))
    rows = [_with_others(of(one), classes) for one in result.samples]
    names = [*classes, OTHERS] if any(row[OTHERS] for row in rows) else classes
    traces: list[Json] = []
    for at, name in enumerate(names):
        colour = COLOURS[at % len(COLOURS)]
        trace: Json = {"type": "scatter", "mode": "lines", "name": name, "line": {"color": colour, "width": 1.5}}
        trace |= {"x": [one.at for one in result.samples], "y": [row.get(name, 0) for row in rows]}
        traces.append(trace | ({"stackgroup": "all"} if stacked else {}))
    layout = _layout("seconds", unit) | _steps([("", result)])
    return Plot(title=title, about=about, traces=traces, layout=layout, wide=True)


def _largest(amounts: "Iterator[tuple[str, float]] | chain[tuple[str, float]]") -> list[str]:
    """The classes with the largest sums, in descending order."""
    total: dict[str, float] = {}
    for name, amount in amounts:
        total[name] = total.get(name, 0.0) + amount
    return sorted(total, key=lambda name: (-total[name], name))[:CLASSES]


def _with_others(amounts: Mapping[str, float], classes: Sequence[str]) -> dict[str, float]:
    rest = sum(amount for name, amount in amounts.items() if name not in classes)
    return {name: amount for name, amount in amounts.items() if name in classes} | {OTHERS: round(rest, 4)}


def _layout(x: str, y: str) -> Json:
    return {
        "xaxis": {"title": {"text": x}, "rangemode": "tozero"},
        "yaxis": {"title": {"text": y}, "rangemode": "tozero"},
    }


def _steps(runs: Sequence[tuple[str, BenchResult]]) -> Json:
    """Vertical lines where the steps of a single run begin."""
    if len(runs) != 1:
        return {}
    shapes: list[Json] = [
        {"type": "line", "x0": one.begun_at, "x1": one.begun_at, "y0": 0, "y1": 1, "yref": "paper", "name": one.step}
        for one in runs[0][1].steps[1:]
    ]
    line = {"color": "#8888", "width": 1}
    return {"shapes": [shape | {"line": line} for shape in shapes]}
