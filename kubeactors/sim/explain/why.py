"""Why an object is as it is: who wrote what, because of which message, back to what a user did or what began by itself."""

import difflib
from collections.abc import Collection, Iterator

from kubeactors.api import SCHEME
from kubeactors.sim.explain.recording import STORE_PATHS
from kubeactors.sim.explain.records import Delivery, Firing, Records, Write
from kubeactors.sim.invariants import RAISES

PREFIX, OPERATOR_PATH = "/cluster/", "/cluster/operator/"
SUGGESTIONS = 8
MOST_FIELDS = 8


class UnknownObject(ValueError):
    """Nothing of that name was ever written; the message names some that were."""


def why(records: Records, wanted: str) -> list[str]:
    """The causes of every write of an object, in order, as lines for people.

    Args:
        records: of the run.
        wanted: `pods/default/web-0`, `pod/web-0` or `web-0`.

    Raises:
        UnknownObject: there was no such object.
    """
    key = find(records, wanted)
    slices = _Slices(records)
    return [line for write in records.writes if write.key == key for line in slices.of(write)]


def find(records: Records, wanted: str) -> str:
    """The key of an object that somebody means.

    Raises:
        UnknownObject: there was no such object.
    """
    keys = list(dict.fromkeys(one.key for one in records.writes))
    candidates = matches(keys, wanted)
    if candidates:
        return candidates[0]
    raise UnknownObject(f"{wanted} was never written; there are {', '.join(nearest(keys, wanted))}")


def matches(keys: Collection[str], wanted: str) -> list[str]:
    """Of the keys of objects those that somebody may mean, the likeliest first.

    >>> matches(["pods/default/web-0", "services/default/web-0"], "svc/web-0")
    ['services/default/web-0']
    """
    resource, _, rest = wanted.strip("/").partition("/")
    if not rest:
        return [one for one in keys if one.rpartition("/")[2] == resource]
    named = [f"{one}/{place}{rest}" for one in resources(resource) for place in ("", "default/")]
    return [one for one in named if one in keys]


def nearest(keys: Collection[str], wanted: str) -> list[str]:
    """Some that are there: of the kind that somebody named, or with names like his.

    >>> nearest(["nodes/node-1", "pods/default/web-0"], "pods")
    ['pods/default/web-0']
    """
    kinds = resources(wanted.strip("/").partition("/")[0])
    alike = [one for one in keys if one.partition("/")[0] in kinds] or list(keys)
    return difflib.get_close_matches(wanted, alike, SUGGESTIONS, 0.3) or alike[-SUGGESTIONS:]


def resources(word: str) -> tuple[str, ...]:
    """Which kinds of objects a word may mean, in the plural: it is a kind, a short name, or of a custom kind.

    >>> resources("po"), resources("Widget")
    (('pods', 'pos', 'poes'), ('Widget', 'widgets', 'widgetes'))
    """
    return (_plural(word), *(f"{word.lower()}{ending}" for ending in ("s", "es")))


def label_of(path: str) -> str:
    """An actor by what distinguishes it.

    >>> label_of("/cluster/controller-manager/replicaset"), label_of("")
    ('controller-manager/replicaset', 'outside')
    """
    return path.removeprefix(PREFIX).strip("/") or "outside"


def line_of(write: Write) -> str:
    """A write in a line."""
    by = f", by {label_of(write.author)}" if write.author else ""
    return f"{write.key} {write.verb} at {write.at:.3f} s, revision {write.revision}{by}"


class _Slices:
    """Tells each cause once."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._told: dict[int, None] = {}
        self._meanwhile: dict[str, None] = {}
        self._by_cause: dict[int, list[Write]] = {}
        for one in records.writes:
            self._by_cause.setdefault(one.cause, []).append(one)

    def of(self, write: Write) -> Iterator[str]:
        """A write, and what it was because of, the nearest cause first."""
        self._meanwhile.clear()
        yield f"{line_of(write)}, #{write.cause}"
        if write.verb == "changed":
            more = [f"and {len(write.diff) - MOST_FIELDS} more"] if len(write.diff) > MOST_FIELDS else []
            yield from (f"    {one}" for one in (*write.diff[:MOST_FIELDS], *more))
        for cause in self._records.causes(write.cause):
            lines = list(self._hop(cause, write))
            if lines and cause.number in self._told:
                yield f"    <- #{cause.number}, as above"
                return
            self._told[cause.number] = None
            yield from lines

    def _hop(self, cause: Delivery, write: Write) -> Iterator[str]:
        """The store and the API server only pass things on: what was written there says more than their messages."""
        for one in self._by_cause.get(cause.number, ()):
            if one is not write:
                yield f"    <- #{cause.number} {line_of(one)}"
        if not cause.actor.startswith(STORE_PATHS):
            timer = "a timer: " if cause.by_timer else ""
            what = f"{timer}{cause.kind} {cause.summary}" if cause.kind not in cause.summary else timer + cause.summary
            yield f"    <- #{cause.number} {cause.at:.3f} s  {label_of(cause.actor)}: {what}"
            yield from (f"         {_said(one)}" for one in self._faults(cause))

    def _faults(self, cause: Delivery) -> Iterator[Firing]:
        """The faults that concerned the actor's process then."""
        for one in self._records.firings:
            process = label_of(cause.actor).split("/")
            concerned = not one.component or one.component in process
            if concerned and one.at <= cause.at <= one.until and one.summary not in self._meanwhile:
                self._meanwhile[one.summary] = None
                yield one


def _said(firing: Firing) -> str:
    return f"meanwhile, until {firing.until:.3f} s: {firing.summary}"


def _plural(word: str) -> str:
    for kind in SCHEME:
        if word.lower() in (kind.resource, kind.singular, kind.kind.lower(), *kind.short_names):
            return kind.resource
    return word


def subjects(records: Records) -> list[str]:
    """The objects that the violation is about: those whose names stand in its message, the likeliest first."""
    text = " ".join(one.message for one in records.violations)
    keys = dict.fromkeys(one.key for one in records.writes)
    named = [one for one in keys if _is_named(one.rpartition("/")[2], text)]
    return sorted(named, key=lambda key: (key.split("/")[0].rstrip("s") not in text.lower(), -len(key)))


def _is_named(name: str, text: str) -> bool:
    if name == "default":
        return False  # of so many objects that it means nothing
    words = text.replace('"', " ").replace("'", " ").replace("/", " ").replace(",", " ").replace(":", " ").split()
    return name in words


def last_write(records: Records) -> Write | None:
    """The write with which the first violation came.

    If there was none, the last one by the operator that is tested, or else of what the violation is about. Where the
    operator's code has raised, no write was wrong, but the object that it looked at says why it was called.
    """
    if not records.violations:
        return None
    first = records.violations[0]
    if first.invariant == RAISES:
        key = first.message.removeprefix("at ").partition(": ")[0]
        about = [one for one in records.writes if one.revision <= first.revision and one.key.endswith(f"/{key}")]
        return next(iter(about[-1:]), None)
    found, revision = subjects(records), records.violations[0].revision
    by_now = [one for one in records.writes if one.revision <= revision]
    about = [one for one in by_now if one.key in found]
    at_once = [one for one in by_now if one.revision == revision and one.at == records.violations[0].at]
    tested = [one for one in by_now if one.author.startswith(OPERATOR_PATH)]
    return next(iter((*at_once[-1:], *tested[-1:], *about[-1:])), None)


def because(records: Records) -> list[str]:
    """What the first violation came of."""
    last = last_write(records)
    return list(_Slices(records).of(last)) if last is not None else []
