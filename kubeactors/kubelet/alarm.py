"""When pods are due: an alarm for the first of them."""

import heapq
from collections.abc import Iterator

SECOND = 1_000_000_000
SLACK = 1000
"""Nanoseconds that the alarm is late on purpose: seconds are floats, and too early would be for nothing."""


class Alarm:
    """Times at which pods are due, by uid. Times are unix nanoseconds.

    >>> alarm = Alarm()
    >>> alarm.add(7, "a")
    >>> alarm.seconds_left(7), alarm.seconds_left(7)
    (1e-06, None)
    >>> list(alarm.ring(7))
    [(7, 'a')]
    """

    __slots__ = ("_due", "_set_for")

    def __init__(self) -> None:
        self._due: list[tuple[int, str]] = []
        """A heap. What a pod has since put off is still in it: the pod knows."""
        self._set_for: int | None = None

    def add(self, when: int, uid: str) -> None:
        """The pod is due then."""
        heapq.heappush(self._due, (when, uid))

    def ring(self, now: int) -> Iterator[tuple[int, str]]:
        """What is due by now, the earliest first; the alarm is not set any more."""
        self._set_for = None
        while self._due and self._due[0][0] <= now:
            yield heapq.heappop(self._due)

    def seconds_left(self, now: int) -> float | None:
        """In how many seconds the alarm must ring; None if it is set well already. It is taken to be set to that."""
        if not self._due or (self._set_for is not None and self._due[0][0] >= self._set_for):
            return None
        self._set_for = self._due[0][0]
        return max(self._set_for - now + SLACK, 0) / SECOND
