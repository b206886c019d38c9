"""How a parent supervises its children.

Source: Erlang/OTP supervisor (strategies, restart intensity, child restart types).
"""

from enum import Enum

import msgspec

SECOND = 1_000_000_000
"""Nanoseconds in a second."""


class Strategy(Enum):
    """Which children restart when one fails."""

    ONE_FOR_ONE = "one_for_one"
    """Only the one that failed."""
    ONE_FOR_ALL = "one_for_all"
    """All of them: stopped last to first, started first to last."""
    REST_FOR_ONE = "rest_for_one"
    """The one that failed, and those started after it."""


class Restart(Enum):
    """When a child is restarted."""

    PERMANENT = "permanent"
    """Whenever it fails or stops itself: it runs until somebody else stops it."""
    TRANSIENT = "transient"
    """Whenever it fails, but not when it stops itself. The default of `spawn`."""
    TEMPORARY = "temporary"
    """Never: a failure ends it, and affects nobody else. It also ends when its siblings are restarted."""


class Supervision(msgspec.Struct, frozen=True, kw_only=True):
    """How one parent supervises. If children need more than `max_restarts` within `within_seconds`, the parent fails.

    The first `prompt_restarts` within the window are immediate. The n-th one after them waits for
    `backoff_seconds * 2**(n-1)`, at most `max_backoff_seconds`, plus up to `jitter` times that, so that actors that failed
    together do not restart together.

    An actor class says how it supervises its children:

    >>> from kubeactors import Actor, Message
    >>> class Shop(Actor[Message]):
    ...     supervision = Supervision(strategy=Strategy.REST_FOR_ONE, max_restarts=5, backoff_seconds=0.1)

    Raises:
        ValueError: `per_child` with a strategy that restarts several children.
    """

    strategy: Strategy = Strategy.ONE_FOR_ONE
    max_restarts: int | None = 3
    """None: no limit; the parent never fails for that reason."""
    within_seconds: float = 5.0
    per_child: bool = False
    """Whether restarts are counted per child, as in Akka, or for all children together, as in OTP."""
    prompt_restarts: int = 0
    backoff_seconds: float = 0.0
    max_backoff_seconds: float = 30.0
    jitter: float = 0.0
    escalates: tuple[type[Exception], ...] = ()
    """Errors that no restart mends: with one of these the parent fails at once, with the same error.

    Source: the directive `Escalate` of Akka (SupervisorStrategy in akka.actor's FaultHandling.scala)."""

    def __post_init__(self) -> None:
        if self.per_child and self.strategy is not Strategy.ONE_FOR_ONE:
            raise ValueError(f"{self.strategy.value} restarts children together, so it cannot count them per_child")

    def backoff(self, restarts: int, chance: float = 0.0) -> int:
        """Nanoseconds to wait before the n-th restart within the window. `chance`, from 0 to 1, scales the jitter.

        >>> Supervision(backoff_seconds=0.5).backoff(3)
        2000000000
        >>> Supervision(backoff_seconds=0.5, jitter=0.2).backoff(1, chance=0.5)
        550000000
        >>> [Supervision(prompt_restarts=2, backoff_seconds=0.1).backoff(number) for number in (1, 2, 3, 4)]
        [0, 0, 100000000, 200000000]
        """
        waited = restarts - self.prompt_restarts
        if waited <= 0:
            return 0
        seconds = min(self.backoff_seconds * 2 ** min(waited - 1, 30), self.max_backoff_seconds)
        return int(seconds * SECOND * (1 + self.jitter * chance))


INDEPENDENT = Supervision(
    max_restarts=None,
    within_seconds=60.0,
    per_child=True,
    prompt_restarts=3,
    backoff_seconds=0.1,
    max_backoff_seconds=1.0,
)
"""The default for actors at the top: each is restarted, forever, whatever happens to the others.

Actors at the top need not have anything to do with one another, so failures of one are no reason to stop the others, nor
are messages from outside a reason to end the application. One that keeps failing restarts once a second: rarely enough
not to hold up others, often enough for its callers.

Source: Akka's default for actors at the top (`SupervisorStrategy.defaultStrategy` in akka.actor's FaultHandling.scala:
one for one, each child counted by itself, no limit); the waits are those of its `BackoffSupervisor`, shorter.
"""


class RestartWindow:
    """Counts restarts within a sliding window of time."""

    __slots__ = ("_times",)

    def __init__(self) -> None:
        self._times: list[int] = []

    def add(self, now: int, window_seconds: float) -> int:
        """Count a restart at `now`. Returns how many there were within the window, this one included.

        >>> window = RestartWindow()
        >>> [window.add(second * SECOND, 5) for second in (0, 1, 7)]
        [1, 2, 1]
        """
        oldest = now - int(window_seconds * SECOND)
        self._times = [one for one in self._times if one > oldest]
        self._times.append(now)
        return len(self._times)
