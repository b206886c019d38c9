"""Deadlines of asks. They are rounded up to steps of time, with one timer per step."""

from functools import partial
from math import inf
from typing import TYPE_CHECKING, TypeAlias

from kubeactors.actor.errors import AskTimedOut
from kubeactors.actor.supervision import SECOND
from kubeactors.actor.waits import Wait

if TYPE_CHECKING:
    from kubeactors.actor.kernel import Kernel

STEPS_PER_TIMEOUT = 16
"""A step is this fraction of the timeout."""

Asks: TypeAlias = dict[Wait[object], object]
"""Pending replies, and the requests."""


def deadline(seconds: float | None) -> float | None:
    """The timeout of an ask, checked; None: no deadline.

    >>> deadline(5), deadline(inf), deadline(None)
    (5, None, None)

    Raises:
        ValueError: it is negative, or not a number.
    """
    if seconds is None or seconds == inf:
        return None
    if not seconds >= 0:
        raise ValueError(f"timeout_seconds={seconds}: give a number that is not negative, or None for no deadline")
    return seconds


class Deadlines:
    """The deadlines of all pending asks of a kernel."""

    __slots__ = ("_kernel", "_last", "_steps")

    def __init__(self, kernel: "Kernel") -> None:
        self._kernel = kernel
        self._steps: dict[int, Asks] = {}
        self._last: tuple[int, float, Asks] = (-1, 0.0, {})
        """Time, timeout and step of the last ask: most asks at the same moment share them."""

    def set(self, wait: Wait[object], request: object, timeout_seconds: float) -> None:
        """Fail the wait when its timeout expires."""
        moment, seconds, asks = self._last
        if seconds != timeout_seconds or moment != self._kernel.now:
            asks = self._step(timeout_seconds)
            self._last = self._kernel.now, timeout_seconds, asks
        asks[wait] = request
        wait.on_settled = asks.__delitem__

    def _step(self, timeout_seconds: float) -> Asks:
        """The asks that expire together with one made now."""
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
            wait, request = next(iter(asks.items()))
            who = wait.target.display_name if wait.target is not None else "the actor"
            what = type(request).__name__
            wait.fail(AskTimedOut(f"{who} did not reply to {what} in time; whether it took effect is unknown"))

    @property
    def timers(self) -> int:
        """How many timers are set for them."""
        return len(self._steps)

    def __len__(self) -> int:
        return sum(map(len, self._steps.values()))
