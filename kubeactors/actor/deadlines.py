"""Deadlines of asks: those that fall into one step of time have one timer."""

from functools import partial
from math import inf
from typing import TYPE_CHECKING, TypeAlias

from kubeactors.actor.errors import AskTimedOut
from kubeactors.actor.supervision import SECOND
from kubeactors.actor.waits import Wait

if TYPE_CHECKING:
    from kubeactors.actor.cell import Cell
    from kubeactors.actor.kernel import Kernel

STEPS_PER_TIMEOUT = 16
"""Deadlines are rounded up to one of so many steps."""

Asks: TypeAlias = "dict[Wait[object], Cell]"
"""Replies that are waited for, and who owes them."""


def deadline(seconds: float | None) -> float | None:
    """How long somebody waits for a reply; None: for ever.

    >>> deadline(5), deadline(inf), deadline(None)
    (5, None, None)

    Raises:
        ValueError: it is negative, or no number.
    """
    if seconds is None or seconds == inf:
        return None
    if not seconds >= 0:
        raise ValueError(f"timeout_seconds={seconds}: give a number that is not negative, or None for no deadline")
    return seconds


class Deadlines:
    """Of all asks that wait for their reply."""

    __slots__ = ("_kernel", "_last", "_steps")

    def __init__(self, kernel: "Kernel") -> None:
        self._kernel = kernel
        self._steps: dict[int, Asks] = {}
        self._last: tuple[int, float, Asks] = (-1, 0.0, {})
        """When somebody has asked last, for how long, and his step: it is that of most who ask at the same moment."""

    def set(self, cell: "Cell", wait: Wait[object], timeout_seconds: float) -> None:
        """Fail the wait when its time is over."""
        moment, seconds, asks = self._last
        if seconds != timeout_seconds or moment != self._kernel.now:
            asks = self._step(timeout_seconds)
            self._last = self._kernel.now, timeout_seconds, asks
        asks[wait] = cell
        wait.on_settled = asks.__delitem__

    def _step(self, timeout_seconds: float) -> Asks:
        """All that fail at the same time as what is asked now."""
        kernel = self._kernel
        timeout = max(int(timeout_seconds * SECOND), 1)
        step = max(timeout // STEPS_PER_TIMEOUT, 1)
        due = -(-(kernel.now + timeout) // step) * step
        asks = self._steps.get(due)
        if asks is None:
            asks = self._steps[due] = {}
            kernel.at(due, partial(self._expire, due))
        return asks

    def _expire(self, due: int) -> None:
        asks = self._steps.pop(due)
        while asks:
            wait, cell = next(iter(asks.items()))
            wait.fail(AskTimedOut(f"{cell.path} did not reply in time; whether the request took effect is unknown"))

    @property
    def timers(self) -> int:
        """How many timers they have."""
        return len(self._steps)

    def __len__(self) -> int:
        return sum(map(len, self._steps.values()))
