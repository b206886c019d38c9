"""What can be seen of actors from outside."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from kubeactors.actor.supervision import SECOND

if TYPE_CHECKING:
    from kubeactors.actor.cell import Cell


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
    """Handlers that wait for something."""
    handled: int
    """Messages handled since it was spawned, over all restarts."""
    busy_seconds: float
    """Time in handlers: an estimate in production, from one turn of the run queue in 64; always 0 in the simulator."""
    restarts: int


def statistics_of(root: "Cell") -> Iterator[ActorStatistics]:
    """Every living actor below, parents first, in the order of their start."""
    for cell in (root.children or {}).values():
        yield one(cell)
        yield from statistics_of(cell)


def one(cell: "Cell") -> ActorStatistics:
    """One actor."""
    return ActorStatistics(
        path=cell.path,
        actor="" if cell.actor is None else type(cell.actor).__name__,
        state=cell.state.value,
        mailbox=len(cell.mailbox or ()),
        capacity=cell.capacity,
        waiting=len(cell.activations or ()) + len(cell.background or ()),
        handled=cell.handled,
        busy_seconds=cell.busy / SECOND,
        restarts=cell.restarted,
    )


def tree_of(root: "Cell", indent: str = "") -> Iterator[str]:
    """The supervision tree, a line for each actor."""
    children = list((root.children or {}).values())
    for number, cell in enumerate(children):
        last = number == len(children) - 1
        what = one(cell)
        yield (
            f"{indent}{'└─ ' if last else '├─ '}{cell.name} {what.actor} {what.state}"
            f" mailbox={what.mailbox} handled={what.handled} restarts={what.restarts}"
        )
        yield from tree_of(cell, indent + ("   " if last else "│  "))
