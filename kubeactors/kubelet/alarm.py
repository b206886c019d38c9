"""A timer for the first pod that is due."""

import heapq
from collections.abc import Iterator

SECOND = 1_000_000_000
SLACK = 1000
"""Nanoseconds added to a delay: a rounded float of seconds must not let the timer fire too early."""


class Alarm:
    """The times at which pods are due, by UID, in Unix nanoseconds.

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
        """A heap. It may contain outdated entries, which the pod's `wake_at` reveals."""
        self._set_for: int | None = None

    def add(self, when: int, uid: str) -> None:
        """Note when the pod is due."""
        heapq.heappush(self._due, (when, uid))

    def ring(self, now: int) -> Iterator[tuple[int, str]]:
        """Remove and yield the entries that are due, earliest first. The timer counts as fired."""
        self._set_for = None
        while self._due and self._due[0][0] <= now:
            yield heapq.heappop(self._due)

    def seconds_left(self, now: int) -> float | None:
        """The delay to which the timer must be set; None if it need not be. The timer counts as set to it."""
        if not self._due or (self._set_for is not None and self._due[0][0] >= self._set_for):
            return None
        self._set_for = self._due[0][0]
        return max(self._set_for - now + SLACK, 0) / SECOND
