"""A self-contained HTML page about a run: a lane per actor, an arrow per message, faults, histories of objects.

The page draws only the visible part of the timeline, on a canvas, so that ten thousand messages open at once.
"""

from importlib.resources import files

import msgspec

from kubeactors.sim.explain.records import Records
from kubeactors.sim.explain.why import because, label_of, last_write, subjects, why

TEMPLATE = "page.html"
PLACE = "/*DATA*/null"
MOST_SUBJECTS = 3


def page(records: Records, *, title: str, replay: str = "") -> str:
    """The HTML of the page.

    Args:
        records: of the run.
        title: of the page.
        replay: the command that reproduces the failure; empty if there is none.
    """
    template = files("kubeactors.sim.explain").joinpath(TEMPLATE).read_text(encoding="utf-8")
    data = msgspec.json.encode(_data(records, title, replay)).decode()
    return template.replace(PLACE, data.replace("</", "<\\/").replace("<!--", "<\\u0021--"))


def _data(records: Records, title: str, replay: str) -> dict[str, object]:
    """The data of the page, in arrays that refer to paths and kinds by index."""
    paths = list(dict.fromkeys(path for one in records.deliveries for path in (one.sender, one.actor)))
    kinds = list(dict.fromkeys(one.kind for one in records.deliveries))
    path_numbers = {path: number for number, path in enumerate(paths)}
    kind_numbers = {kind: number for number, kind in enumerate(kinds)}
    found, last = subjects(records)[:MOST_SUBJECTS], last_write(records)
    return {
        "title": title,
        "replay": replay,
        "steps": records.steps,
        "begin": records.begin,
        "seconds": records.seconds,
        "actors": [label_of(path) for path in paths],
        "kinds": kinds,
        "messages": [
            (
                round(one.at, 6),
                path_numbers[one.sender],
                path_numbers[one.actor],
                kind_numbers[one.kind],
                one.summary,
                one.cause,
                one.by_timer + 2 * one.kept,
            )
            for one in records.deliveries
        ],
        "writes": [
            (one.revision, round(one.at, 6), one.cause, one.key, one.verb, one.diff, label_of(one.author))
            for one in records.writes
            if not one.key.startswith("events/")
        ],
        "faults": [(one.at, one.until, one.summary, one.component, one.before) for one in records.firings],
        "violations": [(one.invariant, one.at, one.revision, one.message) for one in records.violations],
        "because": because(records),
        "last": last.cause if last is not None else 0,
        "subjects": [{"key": key, "why": why(records, key)} for key in found],
    }
