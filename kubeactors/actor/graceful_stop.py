"""Graceful stops: actors terminate in order, with time for suspended handlers and for an `async def stopped`.

Source: the order and the timeout per child follow Erlang/OTP's supervisor (`shutdown` of a child specification).
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from kubeactors.actor.states import State
from kubeactors.actor.stopping import run_stopped
from kubeactors.actor.supervision import SECOND
from kubeactors.actor.timers import Timer

if TYPE_CHECKING:
    from kubeactors.actor.cell import Cell
    from kubeactors.actor.kernel import Kernel


def descendants(cell: "Cell") -> "Iterator[Cell]":
    """All actors below one, in the order in which they stop: children first, last started first."""
    for child in reversed(list((cell.children or {}).values())):
        yield from descendants(child)
        yield child


def needs_time(cell: "Cell") -> bool:
    """Whether it cannot terminate at once: handlers may finish, or it has an `async def stopped`."""
    return cell.actor is not None and (cell.dispatch.stop_waits or _may_finish(cell))


def _may_finish(cell: "Cell") -> bool:
    """Whether suspended handlers may run to their end: not those of an actor that has failed."""
    waits = cell.activations is not None and cell.state is not State.FAILED
    return waits and cell.actor is not None and cell.actor.stop_seconds > 0


class GracefulStop:
    """Stops actors one after the other.

    Each may finish its suspended handlers within its `stop_seconds`; then its `async def stopped` runs, within its
    `stopped_seconds`. An actor that another graceful stop is stopping is left to that one, and waited for. All of them
    go through the tree in the same order and skip nobody, so no two ever wait for each other.

    Args:
        kernel: the actors' kernel.
        cells: the actors, in order.
        tops: those of them that are stopped, or failed, themselves; another stop of one of them waits for this one.
        end: terminates an actor, or discards its instance.
        then: called at the end.
    """

    def __init__(
        self,
        kernel: "Kernel",
        cells: "Iterable[Cell]",
        tops: "Iterable[Cell]",
        end: "Callable[[Cell], object]",
        then: Callable[[], object] | None = None,
    ) -> None:
        self._kernel = kernel
        self._cells = deque(cells)
        self._end = end
        self._then = [] if then is None else [then]
        self._others: dict[Cell, list[GracefulStop]] = {}
        """Graceful stops that wait for this one to end an actor."""
        self._timer: Timer | None = None
        self._waits_for: Cell | None = None
        self._steps = self._run()
        for top in tops:
            if top.cold.graceful_stop is None:
                top.ensure_cold().graceful_stop = self
        kernel.graceful_stops += 1
        self._advance()

    def resume(self, cell: "Cell") -> None:
        """The actor is done, or out of time. Both may happen at once: only the first counts."""
        if cell is self._waits_for:
            self._waits_for = None
            self._advance()

    def afterwards(self, then: Callable[[], object]) -> None:
        """Call this at the end, too."""
        self._then.append(then)

    def notify(self, other: "GracefulStop", cell: "Cell") -> None:
        """Resume another one when this one has ended an actor."""
        self._others.setdefault(cell, []).append(other)

    def _advance(self) -> None:
        """End the next actors, up to one that needs time."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for cell in self._steps:
            self._waits_for = cell
            return
        self._kernel.graceful_stops -= 1
        for then in self._then:
            then()

    def _run(self) -> "Iterator[Cell]":
        """Yields each actor that has to be waited for; advanced when it is done."""
        while self._cells:
            cell = self._cells.popleft()
            other = cell.cold.graceful_stop
            if cell.children:  # spawned meanwhile
                self._cells.extendleft([cell, *reversed(list(descendants(cell)))])
            elif other is not None and other is not self:
                self._cells.appendleft(cell)
                other.notify(self, cell)
                yield cell
            else:
                yield from self._take_time(cell)
                self._finish(cell)

    def _take_time(self, cell: "Cell") -> "Iterator[Cell]":
        """Let it finish its handlers, and then run its `async def stopped`."""
        if cell.actor is not None and _may_finish(cell):
            self._allow(cell, cell.actor.stop_seconds)
            yield cell
        if cell.actor is not None and cell.dispatch.stop_waits:
            self._allow(cell, cell.actor.stopped_seconds)
            run_stopped(cell, partial(self._kernel.defer, partial(self.resume, cell)))
            yield cell
            cell.actor = None

    def _finish(self, cell: "Cell") -> None:
        """End it, and resume the graceful stops that wait for that."""
        if cell.cold.graceful_stop is not None:
            cell.ensure_cold().graceful_stop = None
        self._end(cell)
        for other in self._others.pop(cell, ()):
            self._kernel.defer(partial(other.resume, cell))

    def _allow(self, cell: "Cell", seconds: float) -> None:
        """Give it so much time from now on."""
        if cell.state is not State.FAILED:
            cell.state = State.STOPPING
        cell.suspend()
        cell.ensure_cold().graceful_stop = self
        self._timer = self._kernel.at(self._kernel.now + int(seconds * SECOND), partial(self._time_out, cell, seconds))

    def _time_out(self, cell: "Cell", seconds: float) -> None:
        self._kernel.driver.log("warning", "actor.stop_timed_out", cell.path, seconds=seconds)
        self._timer = None
        self._kernel.defer(partial(self.resume, cell))
