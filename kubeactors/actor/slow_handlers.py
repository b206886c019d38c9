"""Warnings of handlers that take too long: they block all others, or do not end when the system does."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from kubeactors.actor.activation import Activation
from kubeactors.actor.cell import Cell
from kubeactors.actor.states import State
from kubeactors.actor.supervision import SECOND

if TYPE_CHECKING:
    from kubeactors.actor.driver import Entry
    from kubeactors.actor.logs import LogSink

SLOW = 100_000_000
"""Nanoseconds in one step of a handler from which a system in debug mode warns: use `ctx.in_thread` for such work."""
UNFINISHED = 5_000_000_000
"""Nanoseconds after which handlers are reported that were cancelled at the end of the system, but still run."""


def current_work(entry: "Entry") -> tuple[Cell, object]:
    """The actor whose turn it is, and the message that it will handle; None stands for the start."""
    if isinstance(entry, Activation):
        return entry.cell, entry.envelope[0]
    cell = cast("Cell", entry)
    return cell, cell.peek() if cell.state is State.RUNNING else None


def warn_if_slow(log: "LogSink", cell: Cell, message: object, spent: int) -> None:
    """Warn if a step of a handler was so long that it held up all others."""
    if spent > SLOW:
        log("warning", "actor.blocks", cell.path, handler=cell.dispatch.handler_of(message), seconds=spent / SECOND)


def report_unfinished(log: "LogSink", activations: Iterable[Activation]) -> None:
    """Name the handlers that hold up the end of the system."""
    for one in activations:
        handler = one.cell.dispatch.handler_of(one.envelope[0])
        log("error", "actor.does_not_end", one.cell.path, handler=handler, seconds=UNFINISHED / SECOND)
