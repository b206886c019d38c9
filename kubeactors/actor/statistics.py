"""Statistics of actors, as seen from outside."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from kubeactors.actor.supervision import SECOND

if TYPE_CHECKING:
    from kubeactors.actor.cell import Cell
    from kubeactors.actor.kernel import Kernel


class ActorStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """One actor at this moment."""

    path: str
    actor: str
    """Its class; empty before its first start."""
    state: str
    mailbox: int
    """Messages that wait."""
    capacity: int
    waiting: int
    """Suspended handlers."""
    handled: int
    """Messages handled since it was spawned, over all restarts."""
    busy_seconds: float
    """Time in handlers: in production an estimate from samples of the run queue, without inline asks of code outside;
    always 0 in the simulator."""
    restarts: int


class ClassTotals(msgspec.Struct, frozen=True, kw_only=True):
    """Totals of all actors of one class since the start, stopped ones included: they never decrease."""

    actor: str
    handled: int
    busy_seconds: float
    restarts: int


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """An actor system at this moment."""

    seconds: float
    """Since the system was made."""
    dead_letters: int
    """Messages that no actor handled, since the start."""
    ready: int
    """Entries of the run queue."""
    spawned: int
    """Actors spawned since the start."""
    actors: tuple[ActorStatistics, ...]
    """The living actors, parents first, in start order."""
    totals: tuple[ClassTotals, ...]
    """Per class, by name."""


class Ledger:
    """Totals per class of actors that have left it: they have stopped, or changed their class (`become`).

    So counting by class costs nothing while messages are handled: the living actors are added on demand.
    """

    __slots__ = ("_left",)

    def __init__(self) -> None:
        self._left: dict[str, list[int]] = {}
        """Messages, nanoseconds in handlers and restarts, by class."""

    def leaves(self, cell: "Cell") -> None:
        """It leaves its class."""
        sums = self._of(cell.dispatch.name)
        sums[0] += cell.handled
        sums[1] += cell.busy
        sums[2] += cell.cold.restarted

    def joins(self, cell: "Cell", actor: str) -> None:
        """It joins this class; what it has done before does not count for it."""
        sums = self._of(actor)
        sums[0] -= cell.handled
        sums[1] -= cell.busy
        sums[2] -= cell.cold.restarted

    def _of(self, actor: str) -> list[int]:
        sums = self._left.get(actor)
        if sums is None:
            sums = self._left[actor] = [0, 0, 0]
        return sums

    def totals(self, living: "Iterator[Cell]") -> tuple[ClassTotals, ...]:
        """The totals, including those of the living actors."""
        sums = Ledger()
        sums._left = {actor: list(left) for actor, left in self._left.items()}
        for cell in living:
            sums.leaves(cell)
        return tuple(
            ClassTotals(actor=actor, handled=handled, busy_seconds=busy / SECOND, restarts=restarts)
            for actor, (handled, busy, restarts) in sorted(sums._left.items())
            if actor
        )


def below(root: "Cell") -> "Iterator[Cell]":
    """Every living actor below, parents first, in start order."""
    for cell in (root.children or {}).values():
        yield cell
        yield from below(cell)


def statistics_of(root: "Cell") -> Iterator[ActorStatistics]:
    """Every living actor below, parents first, in start order."""
    return map(one, below(root))


def one(cell: "Cell") -> ActorStatistics:
    """The statistics of one actor."""
    return ActorStatistics(
        path=cell.path,
        actor=cell.dispatch.name,
        state=cell.state.value,
        mailbox=cell.waiting,
        capacity=cell.capacity,
        waiting=len(cell.activations or ()) + len(cell.cold.background or ()),
        handled=cell.handled,
        busy_seconds=cell.busy / SECOND,
        restarts=cell.cold.restarted,
    )


def snapshot_of(kernel: "Kernel", now: int) -> Snapshot:
    """The system as a whole at this time, in nanoseconds."""
    return Snapshot(
        seconds=now / SECOND,
        dead_letters=kernel.dead_letters.count,
        ready=len(kernel.ready),
        spawned=kernel.spawned - 1,  # the root is internal
        actors=tuple(statistics_of(kernel.root)),
        totals=kernel.ledger.totals(below(kernel.root)),
    )


def tree_of(root: "Cell", siblings: int, indent: str = "") -> Iterator[str]:
    """The supervision tree, a line per actor; siblings beyond that number are summed up in one line."""
    children = list((root.children or {}).values())
    shown = children if len(children) <= siblings else children[:siblings]
    for cell in shown:
        last = cell is children[-1]
        yield f"{indent}{'└─ ' if last else '├─ '}{line_of(cell.name, one(cell))}"
        yield from tree_of(cell, siblings, indent + ("   " if last else "│  "))
    if len(shown) < len(children):
        yield f"{indent}└─ and {len(children) - len(shown):,} more"


def line_of(name: str, what: ActorStatistics) -> str:
    """One actor in a line, without what is as usual."""
    state = () if what.state == "running" else (what.state,)
    counts = {"mailbox": what.mailbox, "waiting": what.waiting, "handled": what.handled, "restarts": what.restarts}
    said = (name, what.actor, *state, *(f"{word}={count}" for word, count in counts.items() if count))
    return "  ".join(part for part in said if part)
