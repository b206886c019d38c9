"""Stopping actors in order, with time for handlers that wait.

Source: the order and the deadline per child follow Erlang/OTP's supervisor (`shutdown` of a child specification).
"""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from kubeactors.actor.endings import end
from kubeactors.actor.states import State
from kubeactors.actor.supervision import SECOND
from kubeactors.actor.timers import Timer

if TYPE_CHECKING:
    from kubeactors.actor.cell import Cell
    from kubeactors.actor.kernel import Kernel


def descendants(cell: "Cell") -> "Iterator[Cell]":
    """All below an actor in the order in which they stop: children first, last started first."""
    for child in reversed(list((cell.children or {}).values())):
        yield from descendants(child)
        yield child


def needs_time(cell: "Cell") -> bool:
    """Whether it has a handler that waits, and has been given time for it."""
    return cell.activations is not None and cell.actor is not None and cell.actor.stop_seconds > 0


class Farewell:
    """Stops actors one after the other. Each may finish the messages in its hands within its `stop_seconds`."""

    def __init__(self, kernel: "Kernel", cells: "list[Cell]", reason: str) -> None:
        self._kernel = kernel
        self._cells = cells
        self._reason = reason
        self._next = 0
        self._timer: Timer | None = None
        self._waits_for: Cell | None = None
        kernel.farewells += 1
        self._go_on()

    def go_on(self, cell: "Cell") -> None:
        """It has no handler left that waits, or no time: both may come at once, and only the first counts."""
        if cell is self._waits_for:
            self._waits_for = None
            self._go_on()

    def _go_on(self) -> None:
        """Stop those who are next, up to one that needs time."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._next < len(self._cells):
            cell = self._cells[self._next]
            if cell.state is not State.STOPPED and needs_time(cell) and cell.extras.farewell is None:
                self._wait_for(cell)
                return
            self._next += 1
            if cell.extras.farewell is not None:
                cell.own.farewell = None
            end(cell, self._reason)
        self._kernel.farewells -= 1

    def _wait_for(self, cell: "Cell") -> None:
        assert cell.actor is not None
        cell.state = State.STOPPING
        cell.hold()
        cell.own.farewell = self
        self._waits_for = cell
        due = self._kernel.now + int(cell.actor.stop_seconds * SECOND)
        self._timer = self._kernel.at(due, self._too_late)

    def _too_late(self) -> None:
        cell = self._cells[self._next]
        seconds = cell.actor.stop_seconds if cell.actor is not None else 0
        self._kernel.driver.log("warning", "actor.stop_timed_out", cell.path, seconds=seconds)
        self._timer = None
        self._kernel.change(partial(self.go_on, cell))
