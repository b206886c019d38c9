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
    """Whenever it fails, and also when it has stopped itself: it is always to be there until others stop it."""
    TRANSIENT = "transient"
    """Whenever it fails. What is spawned is that unless said: who stops himself means it."""
    TEMPORARY = "temporary"
    """Never: a failure ends it, and nobody else; nor does it come back when its siblings are restarted."""


class Supervision(msgspec.Struct, frozen=True, kw_only=True):
    """The rule of one parent. More than `max_restarts` within `within_seconds` make the parent itself fail.

    After `prompt_restarts` within the window, which do not wait, the n-th one waits `backoff_seconds * 2**(n-1)`, at
    most `max_backoff_seconds`, and up to `jitter` times that longer, so that actors that failed together do not come
    back together.

    An actor class has one for its children:

    >>> from kubeactors import Actor, Message
    >>> class Shop(Actor[Message]):
    ...     supervision = Supervision(strategy=Strategy.REST_FOR_ONE, max_restarts=5, backoff_seconds=0.1)

    Raises:
        ValueError: `per_child` is asked of a strategy that restarts several.
    """

    strategy: Strategy = Strategy.ONE_FOR_ONE
    max_restarts: int | None = 3
    """None: they go on without end, and the parent never fails by that."""
    within_seconds: float = 5.0
    per_child: bool = False
    """Whether the restarts of each child are counted by themselves, as Akka does, or those of all together, as OTP does."""
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
        """Nanoseconds to wait before the n-th restart within the window; `chance` is between 0 and 1.

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
"""What becomes of an actor at the top that fails, unless the system is told otherwise: it is restarted, for ever.

Nobody has said that actors at the top have to do with one another, so that one's failures are no reason to end the
others, and messages that somebody sends from outside are no reason to end the application. One that fails again and
again comes back once a second: late enough not to keep others from their work, soon enough for those who ask.

Source: Akka's default for actors at the top (`SupervisorStrategy.defaultStrategy` in akka.actor's FaultHandling.scala:
one for one, each child counted by itself, no limit); the waits are those of its `BackoffSupervisor`, shorter.
"""


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
