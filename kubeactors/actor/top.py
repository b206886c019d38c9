"""What `top` shows of an actor system: the load of its actors, from two snapshots."""

from collections.abc import Iterable
from typing import Literal, TypeAlias

import msgspec

from kubeactors.actor.statistics import ActorStatistics, Snapshot

By: TypeAlias = Literal["class", "actor"]
"""One row per class, or per actor."""
Key: TypeAlias = Literal["busy", "rate", "mailbox", "waiting", "handled", "restarts", "actors", "name"]
"""The column by which rows are sorted: largest first, names from A to Z."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One actor, or all of one class. Rates are averages between the two snapshots."""

    name: str
    """The class, or the path."""
    actors: int = 1
    rate: float = 0.0
    """Messages handled per second."""
    busy: float = 0.0
    """Fraction of the time spent in handlers, estimated: 1 is one whole core."""
    mailbox: int = 0
    """Messages that wait."""
    waiting: int = 0
    """Suspended handlers."""
    handled: int = 0
    """Messages handled since the start."""
    restarts: int = 0


class View(msgspec.Struct, frozen=True, kw_only=True):
    """The system as a whole, and its rows."""

    seconds: float
    """Since the system was made."""
    actors: int
    ready: int
    """Entries of the run queue."""
    rate: float
    """Messages handled per second."""
    busy: float
    """Fraction of the time spent in handlers."""
    dead_letters: int
    dead_letter_rate: float
    """Per second."""
    rows: tuple[Row, ...]


def view_of(before: Snapshot, after: Snapshot, *, by: By = "class", sort: Key = "busy") -> View:
    """The view of the later snapshot, with rates since the earlier one.

    >>> def snapshot(seconds: float, handled: int) -> Snapshot:
    ...     one = ActorStatistics(path="/a", actor="A", state="running", mailbox=3, capacity=9, waiting=0,
    ...                           handled=handled, busy_seconds=handled / 100, restarts=0)
    ...     return Snapshot(seconds=seconds, dead_letters=0, ready=1, spawned=1, actors=(one,), totals=())
    >>> view_of(snapshot(1.0, 10), snapshot(3.0, 110), by="actor").rows
    (Row(name='/a', actors=1, rate=50.0, busy=0.5, mailbox=3, waiting=0, handled=110, restarts=0),)
    """
    seconds = after.seconds - before.seconds
    earlier, now = (_rows(one, by) for one in (before, after))
    rows = [_with_rates(row, earlier.get(row.name), seconds) for row in now.values()]
    return View(
        seconds=after.seconds,
        actors=len(after.actors),
        ready=after.ready,
        rate=sum(row.rate for row in rows),
        busy=min(sum(row.busy for row in rows), 1.0),
        dead_letters=after.dead_letters,
        dead_letter_rate=_per_second(after.dead_letters - before.dead_letters, seconds),
        rows=tuple(sorted(rows, key=lambda row: _order(row, sort))),
    )


def _order(row: Row, sort: Key) -> tuple[float, float, float, str]:
    """Sort key; among equals the busier one comes first."""
    if sort == "name":
        return (0.0, 0.0, 0.0, row.name)
    return (-float(getattr(row, sort)), -row.rate, -row.handled, row.name)


def _with_rates(row: Row, before: Row | None, seconds: float) -> Row:
    """The row with its rates; until here `busy` is seconds since the start."""
    handled, busy = (before.handled, before.busy) if before is not None else (0, 0.0)
    return msgspec.structs.replace(
        row,
        rate=_per_second(row.handled - handled, seconds),
        busy=min(_per_second(row.busy - busy, seconds), 1.0),
    )


def _per_second(count: float, seconds: float) -> float:
    return round(max(count, 0) / seconds, 4) if seconds > 0 else 0.0


def _rows(snapshot: Snapshot, by: By) -> dict[str, Row]:
    """Rows by name; their `busy` is seconds since the start."""
    if by == "actor":
        return {one.path: _row(one) for one in snapshot.actors}
    living: dict[str, list[ActorStatistics]] = {}
    for one in snapshot.actors:
        living.setdefault(one.actor, []).append(one)
    return {
        total.actor: Row(
            name=total.actor,
            actors=len(living.get(total.actor, ())),
            mailbox=_sum(one.mailbox for one in living.get(total.actor, ())),
            waiting=_sum(one.waiting for one in living.get(total.actor, ())),
            handled=total.handled,
            busy=total.busy_seconds,
            restarts=total.restarts,
        )
        for total in snapshot.totals
    }


def _row(one: ActorStatistics) -> Row:
    return Row(
        name=one.path,
        mailbox=one.mailbox,
        waiting=one.waiting,
        handled=one.handled,
        busy=one.busy_seconds,
        restarts=one.restarts,
    )


def _sum(counts: Iterable[int]) -> int:
    return sum(counts)
