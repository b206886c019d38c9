"""How a parent deals with failures of its children.

Source: Erlang/OTP supervisor (strategies, restart intensity, child restart types).
"""

from enum import Enum

import msgspec

SECOND = 1_000_000_000
"""Nanoseconds in a second."""


class Strategy(Enum):
    """Which children restart when one fails."""

    ONE_FOR_ONE = "one_for_one"
    """The one that failed."""
    ONE_FOR_ALL = "one_for_all"
    """All of them, stopped last to first and started first to last."""
    REST_FOR_ONE = "rest_for_one"
    """The one that failed, and those started after it."""


class Restart(Enum):
    """When a child is started again."""

    PERMANENT = "permanent"
    """Whenever it fails."""
    TEMPORARY = "temporary"
    """Never: a failure ends it, and nobody else."""


class Supervision(msgspec.Struct, frozen=True, kw_only=True):
    """The rule of one parent. More than `max_restarts` within `within_seconds` make the parent itself fail.

    The n-th restart within the window waits `backoff_seconds * 2**(n-1)`, at most `max_backoff_seconds`, and up to
    `jitter` times that longer, so that actors that failed together do not come back together.

    An actor class has one for its children:

    >>> from kubeactors import Actor, Message
    >>> class Shop(Actor[Message]):
    ...     supervision = Supervision(strategy=Strategy.REST_FOR_ONE, max_restarts=5, backoff_seconds=0.1)
    """

    strategy: Strategy = Strategy.ONE_FOR_ONE
    max_restarts: int = 3
    within_seconds: float = 5.0
    backoff_seconds: float = 0.0
    max_backoff_seconds: float = 30.0
    jitter: float = 0.0

    def backoff(self, restarts: int, chance: float = 0.0) -> int:
        """Nanoseconds to wait before the n-th restart within the window; `chance` is between 0 and 1.

        >>> Supervision(backoff_seconds=0.5).backoff(3)
        2000000000
        >>> Supervision(backoff_seconds=0.5, jitter=0.2).backoff(1, chance=0.5)
        550000000
        """
        seconds = min(self.backoff_seconds * 2 ** min(restarts - 1, 30), self.max_backoff_seconds)
        return int(seconds * SECOND * (1 + self.jitter * chance))


class RestartWindow:
    """Counts restarts within a sliding window of time."""

    __slots__ = ("_times",)

    def __init__(self) -> None:
        self._times: list[int] = []

    def add(self, now: int, window_seconds: float) -> int:
        """Count a restart now; how many there were within the window, this one included.

        >>> window = RestartWindow()
        >>> [window.add(second * SECOND, 5) for second in (0, 1, 7)]
        [1, 2, 1]
        """
        oldest = now - int(window_seconds * SECOND)
        self._times = [one for one in self._times if one > oldest]
        self._times.append(now)
        return len(self._times)
