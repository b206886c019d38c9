"""Parting with actors in order, with time for handlers that wait and for what they do at their end.

Source: the order and the deadline per child follow Erlang/OTP's supervisor (`shutdown` of a child specification).
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from kubeactors.actor.endings import begin_stopped
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
    """Whether it has a handler that waits, and has been given time for it; or waits while it stops."""
    return cell.actor is not None and (cell.dispatch.stop_waits or _may_finish(cell))


def _may_finish(cell: "Cell") -> bool:
    """Whether handlers wait that may go on: not those of an actor that has failed."""
    waits = cell.activations is not None and cell.state is not State.FAILED
    return waits and cell.actor is not None and cell.actor.stop_seconds > 0


class Farewell:
    """Parts with actors one after the other.

    Each may finish the messages in its hands within its `stop_seconds`; then an `async def stopped` is run, within its
    `stopped_seconds`. An actor with whom another farewell parts is left to that one: it is waited for. Since all go
    through the tree in the same order, and none skips anybody, no two ever wait for each other.

    Args:
        kernel: whose actors they are.
        cells: the actors, in order.
        tops: those of them at whose wish, or failure, it is done; who would stop them meanwhile waits for it.
        part: ends one for good, or its instance.
        then: is done when all are gone.
    """

    def __init__(
        self,
        kernel: "Kernel",
        cells: "Iterable[Cell]",
        tops: "Iterable[Cell]",
        part: "Callable[[Cell], object]",
        then: Callable[[], object] | None = None,
    ) -> None:
        self._kernel = kernel
        self._cells = deque(cells)
        self._part = part
        self._then = [] if then is None else [then]
        self._others: dict[Cell, list[Farewell]] = {}
        self._timer: Timer | None = None
        self._waits_for: Cell | None = None
        self._course = self._go()
        for top in tops:
            if top.extras.farewell is None:
                top.own.farewell = self
        kernel.farewells += 1
        self._go_on()

    def go_on(self, cell: "Cell") -> None:
        """It has nothing left that waits, or no time: both may come at once, and only the first counts."""
        if cell is self._waits_for:
            self._waits_for = None
            self._go_on()

    def afterwards(self, then: Callable[[], object]) -> None:
        """Do this when all are gone."""
        self._then.append(then)

    def tell(self, other: "Farewell", cell: "Cell") -> None:
        """Let another one go on when this one has parted with an actor."""
        self._others.setdefault(cell, []).append(other)

    def _go_on(self) -> None:
        """Part with those who are next, up to one that needs time."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for cell in self._course:
            self._waits_for = cell
            return
        self._kernel.farewells -= 1
        for then in self._then:
            then()

    def _go(self) -> "Iterator[Cell]":
        """Whom to wait for; goes on when that is over."""
        while self._cells:
            cell = self._cells.popleft()
            other = cell.extras.farewell
            if cell.children:  # of those who were spawned meanwhile
                self._cells.extendleft([cell, *reversed(list(descendants(cell)))])
            elif other is not None and other is not self:
                self._cells.appendleft(cell)
                other.tell(self, cell)
                yield cell
            else:
                yield from self._take_time(cell)
                self._leave(cell)

    def _take_time(self, cell: "Cell") -> "Iterator[Cell]":
        """Let it finish what it handles, and then stop."""
        if cell.actor is not None and _may_finish(cell):
            self._allow(cell, cell.actor.stop_seconds)
            yield cell
        if cell.actor is not None and cell.dispatch.stop_waits:
            self._allow(cell, cell.actor.stopped_seconds)
            begin_stopped(cell, partial(self._kernel.change, partial(self.go_on, cell)))
            yield cell
            cell.actor = None

    def _leave(self, cell: "Cell") -> None:
        """Part with it, and tell the farewells that wait for that."""
        if cell.extras.farewell is not None:
            cell.own.farewell = None
        self._part(cell)
        for other in self._others.pop(cell, ()):
            self._kernel.change(partial(other.go_on, cell))

    def _allow(self, cell: "Cell", seconds: float) -> None:
        """It has so much time from now on."""
        if cell.state is not State.FAILED:
            cell.state = State.STOPPING
        cell.hold()
        cell.own.farewell = self
        self._timer = self._kernel.at(self._kernel.now + int(seconds * SECOND), partial(self._too_late, cell, seconds))

    def _too_late(self, cell: "Cell", seconds: float) -> None:
        self._kernel.driver.log("warning", "actor.stop_timed_out", cell.path, seconds=seconds)
        self._timer = None
        self._kernel.change(partial(self.go_on, cell))
