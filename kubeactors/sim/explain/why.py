"""Why an object is as it is: each write, its author, and the chain of causes back to a user action or a timer."""

import difflib
from collections.abc import Collection, Iterator

from kubeactors.api import SCHEME
from kubeactors.sim.explain.recording import STORE_PATHS
from kubeactors.sim.explain.records import Delivery, Firing, Records, Write
from kubeactors.sim.invariants import RAISES

PREFIX, OPERATOR_PATH, USER_PATH = "/cluster/", "/cluster/operator/", "/user"
SUGGESTIONS = 8
MOST_FIELDS = 8
MOST_UNANSWERED = 3


class UnknownObject(ValueError):
    """No object of that name exists, or was ever written; the message names some that are like it."""


def why(records: Records, wanted: str) -> list[str]:
    """The causes of every write of an object, in order, as lines of text.

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
    """The key of the object that the user means.

    Raises:
        UnknownObject: there was no such object.
    """
    keys = list(dict.fromkeys(one.key for one in records.writes))
    candidates = matches(keys, wanted)
    if candidates:
        return candidates[0]
    raise UnknownObject(f"{wanted} was never written; there are {', '.join(nearest(keys, wanted))}")


def matches(keys: Collection[str], wanted: str) -> list[str]:
    """The keys of objects that the user may mean, the likeliest first.

    >>> matches(["pods/default/web-0", "services/default/web-0"], "svc/web-0")
    ['services/default/web-0']
    """
    resource, _, rest = wanted.strip("/").partition("/")
    if not rest:
        return [one for one in keys if one.rpartition("/")[2] == resource]
    named = [f"{one}/{place}{rest}" for one in resources(resource) for place in ("", "default/")]
    return [one for one in named if one in keys]


def nearest(keys: Collection[str], wanted: str) -> list[str]:
    """Some existing keys: of the kind that the user named, or with similar names.

    >>> nearest(["nodes/node-1", "pods/default/web-0"], "pods")
    ['pods/default/web-0']
    """
    kinds = resources(wanted.strip("/").partition("/")[0])
    alike = [one for one in keys if one.partition("/")[0] in kinds] or list(keys)
    return difflib.get_close_matches(wanted, alike, SUGGESTIONS, 0.3) or alike[-SUGGESTIONS:]


def resources(word: str) -> tuple[str, ...]:
    """The resources that a word may mean, in the plural: of a kind, a short name, or a custom kind.

    >>> resources("po"), resources("Widget")
    (('pods', 'pos', 'poes'), ('Widget', 'widgets', 'widgetes'))
    """
    return (_plural(word), *(f"{word.lower()}{ending}" for ending in ("s", "es")))


def label_of(path: str) -> str:
    """The path of an actor without the common prefix.

    >>> label_of("/cluster/controller-manager/replicaset"), label_of("")
    ('controller-manager/replicaset', 'outside')
    """
    return path.removeprefix(PREFIX).strip("/") or "outside"


def line_of(write: Write) -> str:
    """A write in one line."""
    by = f", by {label_of(write.author)}" if write.author else ""
    return f"{write.key} {write.verb} at {write.at:.3f} s, revision {write.revision}{by}"


class _Slices:
    """Describes chains of causes, each cause once."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._told: dict[int, None] = {}
        self._meanwhile: dict[str, None] = {}
        self._by_cause: dict[int, list[Write]] = {}
        for one in records.writes:
            self._by_cause.setdefault(one.cause, []).append(one)

    def of(self, write: Write) -> Iterator[str]:
        """A write and its causes, the nearest first."""
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
        """One cause. The store and the API server only forward: the writes there say more than their messages."""
        for one in self._by_cause.get(cause.number, ()):
            if one is not write:
                yield f"    <- #{cause.number} {line_of(one)}"
        if not cause.actor.startswith(STORE_PATHS):
            timer = "a timer: " if cause.by_timer else ""
            what = f"{timer}{cause.kind} {cause.summary}" if cause.kind not in cause.summary else timer + cause.summary
            yield f"    <- #{cause.number} {cause.at:.3f} s  {label_of(cause.actor)}: {what}"
            yield from (f"         {_said(one)}" for one in self._faults(cause))

    def _faults(self, cause: Delivery) -> Iterator[Firing]:
        """The faults that affected the actor's process at that time."""
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
    """The objects whose names are in the message of the violation, the likeliest first."""
    text = " ".join(one.message for one in records.violations)
    keys = dict.fromkeys(one.key for one in records.writes)
    named = [one for one in keys if _is_named(one.rpartition("/")[2], text)]
    return sorted(named, key=lambda key: (key.split("/")[0].rstrip("s") not in text.lower(), -len(key)))


def _is_named(name: str, text: str) -> bool:
    if name == "default":
        return False  # the name of too many objects
    words = text.replace('"', " ").replace("'", " ").replace("/", " ").replace(",", " ").replace(":", " ").split()
    return name in words


def last_write(records: Records) -> Write | None:
    """The write that violated the first invariant.

    If no write did, the last one by the operator under test, or else of the violation's objects. If the operator's code
    raised, the last write of the object that it was reconciling.
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
    """The causes of the first violation.

    What users wrote after the last write of the operator under test comes first: it may have missed that.
    """
    last = last_write(records)
    if last is None:
        return []
    slices = _Slices(records)
    missed = [line for one in _unanswered(records, last) for line in slices.of(one)]
    between = ["the last write by the operator was before that:"] if missed else []
    return [*missed, *between, *slices.of(last)]


def _unanswered(records: Records, last: Write) -> list[Write]:
    """The newest writes by users between the operator's last write and the violation."""
    if not last.author.startswith(OPERATOR_PATH):
        return []
    later = range(last.revision + 1, records.violations[0].revision + 1)
    return [one for one in records.writes if one.author == USER_PATH and one.revision in later][-MOST_UNANSWERED:]
