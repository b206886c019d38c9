"""A flame graph of folded stacks, as a plotly figure: the outermost function on top, width by samples. Pure."""

from collections.abc import Mapping
from html import escape

from kubeactors.cluster.bench.plots import COLOURS, Json, Plot

SMALLEST = 0.002
"""The share of time below which functions are not drawn."""
ROOT = "all"
ROOMS = ("actor", "apiserver", "storage", "scheduler", "kubelet", "controllers", "client")
"""The rooms with colours of their own; everything else is grey."""


def flame(title: str, folded: Mapping[str, int]) -> Plot:
    """The flame graph of folded stacks."""
    total, counts = sum(folded.values()), _nodes(folded)
    drawn = {path: count for path, count in counts.items() if count >= SMALLEST * total}
    numbers = {path: str(number) for number, path in enumerate(drawn)}
    trace: Json = {
        "type": "icicle",
        "ids": list(numbers.values()),
        "labels": [escape(_short(path[-1])) if path else ROOT for path in drawn],
        "parents": [numbers[path[:-1]] if path else "" for path in drawn],
        "values": list(drawn.values()),
        "branchvalues": "total",
        "text": [escape(path[-1]) if path else ROOT for path in drawn],
        "textinfo": "label",
        "hovertemplate": "%{text}<br>%{percentRoot:.1%}<extra></extra>",
        "tiling": {"orientation": "v", "pad": 1},
        "pathbar": {"visible": True},
        "sort": False,
        "marker": {"colors": [_colour(path[-1]) if path else COLOURS[-1] for path in drawn]},
    }
    about = (
        f"{total:,} samples of the stack; a click zooms in, one on the topmost row out. "
        f"Colours: {', '.join(ROOMS)}, grey is everything else."
    )
    depth = max(map(len, drawn), default=1)
    return Plot(title=title, about=about, traces=[trace], layout={"height": 140 + 24 * depth}, wide=True)


def _nodes(folded: Mapping[str, int]) -> dict[tuple[str, ...], int]:
    """The samples of each function at each place in the stack, parents first."""
    counts: dict[tuple[str, ...], int] = {}
    for stack, count in folded.items():
        names = tuple(stack.split(";"))
        for depth in range(len(names) + 1):
            counts[names[:depth]] = counts.get(names[:depth], 0) + count
    return dict(sorted(counts.items(), key=lambda one: (len(one[0]), one[0])))


def _short(name: str) -> str:
    """A function's name without its packages.

    >>> _short("kubeactors.actor.kernel.Kernel.run")
    'kernel.Kernel.run'
    """
    parts = name.split(".")
    at = next((place for place, part in enumerate(parts) if part[:1].isupper()), len(parts) - 1)
    return ".".join(parts[max(at - 1, 0) :])


def _colour(name: str) -> str:
    parts = name.split(".")
    room = parts[1] if parts[0] == "kubeactors" and len(parts) > 1 else ""
    return COLOURS[ROOMS.index(room)] if room in ROOMS else COLOURS[-1]
