"""Actors in tests: time by hand, and one actor alone.

Source: `ManualTime` and running an actor alone are shaped like Akka's ManualTime and BehaviorTestKit.
"""

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from kubeactors.actor import Actor, Fifo, Ref, SimSystem
from kubeactors.message import Request
from kubeactors.testing.inbox import Replies
from kubeactors.testing.probe import TestProbe

M = TypeVar("M")
R = TypeVar("R")


class ManualTime:
    """Advances the virtual clock of a `SimSystem`. Messages that are ready are delivered before and after.

    >>> sim = SimSystem()
    >>> time = ManualTime(sim)
    >>> time.advance(1.5)
    >>> time.seconds
    1.5
    """

    def __init__(self, sim: SimSystem) -> None:
        self._sim = sim

    @property
    def seconds(self) -> float:
        """Virtual seconds since the system started."""
        return self._sim.now / 1e9

    def advance(self, seconds: float) -> None:
        """Advance the clock by `seconds`; timers that become due fire in the order of their due times."""
        self._sim.settle()
        self._sim.run(seconds)
        self._sim.settle()


class Alone(Generic[M]):
    """Runs one actor synchronously, without an event loop: each call returns when no message is left to handle.

    An exception in a handler of the actor, or of one of its children, is raised by the call that caused it; the actor
    has been restarted by its supervisor by then.

    >>> from kubeactors.actor import handle
    >>> from kubeactors.message import Message
    >>> class Increment(Message, frozen=True):
    ...     by: int
    >>> class GetTotal(Request[int], frozen=True):
    ...     pass
    >>> class Counter(Actor[Increment | GetTotal]):
    ...     total = 0
    ...     @handle
    ...     def increment(self, message: Increment) -> None:
    ...         self.total += message.by
    ...     @handle
    ...     def get_total(self, message: GetTotal) -> int:
    ...         return self.total
    >>> alone = Alone(Counter)
    >>> alone.tell(Increment(2))
    >>> alone.ask(GetTotal())
    2

    Args:
        factory: returns a new instance; usually the actor's class.
        name: the actor's name, the last part of its path.
    """

    def __init__(self, factory: Callable[[], Actor[M]], name: str = "alone") -> None:
        self._failures: list[BaseException] = []
        self.sim: SimSystem = SimSystem(schedule=Fifo())
        self.sim.kernel.on_failure = lambda _, error: self._failures.append(error)
        self.time: ManualTime = ManualTime(self.sim)
        self.ref: Ref[M] = self.sim.spawn(factory, name=name)
        self._settle()

    def tell(self, message: M) -> None:
        """Send the actor a message and run until it is handled.

        Raises:
            AssertionError: the mailbox refused the message.
            Exception: what its handler raised.
        """
        assert self.ref.tell(message), f"{self.ref.path} refused {message!r}"
        self._settle()

    def ask(self, request: Request[R]) -> R:
        """Send the actor a request and return its reply. Raises what `Ref.ask` raises."""
        try:
            return self.sim.ask(self.ref, request)
        finally:
            self._failures.clear()  # the caller gets them as its own error

    def advance(self, seconds: float) -> None:
        """Advance the virtual clock by `seconds`; the actor's timers fire.

        Raises:
            Exception: what a handler raised.
        """
        self.time.advance(seconds)
        self._settle()

    def stop(self) -> None:
        """Stop the actor."""
        _ = self.sim.stop(self.ref)
        self._settle()

    def probe(self, name: str = "probe", replies: Replies | None = None) -> TestProbe:
        """A probe in the same system, for the actor to send messages to."""
        return TestProbe(self.sim, name, replies)

    @property
    def logged(self) -> list[tuple[str, dict[str, object]]]:
        """The log lines of the actor so far: event name and fields, oldest first."""
        return [(event, fields) for _, _, event, _, fields in self.sim.logged]

    def _settle(self) -> None:
        self.sim.settle()
        if self._failures:
            failure, *_ = self._failures
            self._failures.clear()
            raise failure


class AloneFactory(Protocol):
    """The type of the pytest fixture `alone`."""

    def __call__(self, factory: Callable[[], Actor[M]], name: str = "alone") -> Alone[M]:
        """Start an actor and return its `Alone`."""
        ...
