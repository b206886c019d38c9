"""Timers of the kernel: a heap of due times, with lazy cancellation."""

from collections.abc import Callable
from heapq import heapify, heappop, heappush
from math import inf

from kubeactors.actor.supervision import SECOND


def period(seconds: float) -> int:
    """Nanoseconds between two ticks.

    Raises:
        ValueError: it is not positive, infinite, or not a number.
    """
    if not 1 / SECOND <= seconds < inf:
        raise ValueError(f"a timer every {seconds} seconds: give a positive number")
    return int(seconds * SECOND)


def _spent() -> None:
    """The action of a timer that has fired or is cancelled: the old one may refer to the timer."""


class Timer:
    """One timer."""

    __slots__ = ("_timers", "action", "cancelled", "due", "key", "owner")

    def __init__(self, timers: "Timers", due: int, action: Callable[[], object]) -> None:
        self._timers = timers
        self.due: int = due
        self.action: Callable[[], object] = action
        self.cancelled: bool = False
        self.key: str = ""
        self.owner: dict[str, Timer] | None = None
        """The actor's timers by key, which have it until it fires or is cancelled."""

    def fire(self) -> None:
        """Call the action, once."""
        self.cancelled = True
        owner, self.owner = self.owner, None
        if owner is not None and owner.get(self.key) is self:
            del owner[self.key]
        action, self.action = self.action, _spent
        action()

    def cancel(self) -> None:
        """Never fire. Does nothing if it has fired already."""
        if not self.cancelled:
            self.cancelled = True
            self.action, self.owner = _spent, None
            self._timers.count_cancelled()


class Timers:
    """Timers by due time in nanoseconds; equal times fire in the order they were set."""

    __slots__ = ("_cancelled", "_heap", "sequence")

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Timer]] = []
        self.sequence: int = 0
        """How many timers there have been."""
        self._cancelled = 0

    def at(self, due: int, action: Callable[[], object]) -> Timer:
        """Call `action` when time has reached `due`."""
        timer = Timer(self, due, action)
        self.sequence += 1
        heappush(self._heap, (due, self.sequence, timer))
        return timer

    def next_due(self) -> int | None:
        """When the next timer fires; None if there is none."""
        heap = self._heap
        while heap and heap[0][2].cancelled:
            heappop(heap)
            self._cancelled -= 1
        return heap[0][0] if heap else None

    def fire(self, now: int) -> None:
        """Fire all that are due."""
        heap = self._heap
        while heap and heap[0][0] <= now:
            timer = heappop(heap)[2]
            if timer.cancelled:
                self._cancelled -= 1
            else:
                timer.fire()

    def count_cancelled(self) -> None:
        """Count a cancelled timer; remove them when they are most of the heap."""
        self._cancelled += 1
        if self._cancelled > 64 and self._cancelled * 2 > len(self._heap):
            self._heap[:] = [entry for entry in self._heap if not entry[2].cancelled]
            heapify(self._heap)
            self._cancelled = 0

    def __len__(self) -> int:
        return len(self._heap) - self._cancelled
