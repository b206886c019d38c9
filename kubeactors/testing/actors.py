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
    """Lets virtual time pass, and nothing else: what is ready is delivered before and after.

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
        """Since the system started."""
        return self._sim.now / 1e9

    def advance(self, seconds: float) -> None:
        """Let so much time pass; timers that are due fire in order."""
        self._sim.settle()
        self._sim.run(seconds)
        self._sim.settle()


class Alone(Generic[M]):
    """One actor by itself, synchronously: every call returns when it has nothing left to do.

    A failure of the actor, or of a child of it, is raised by the call that brought it about. Behind the scenes its
    supervisor has restarted it.

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
        factory: makes the actor; usually its class.
        name: of the actor.
    """

    def __init__(self, factory: Callable[[], Actor[M]], name: str = "alone") -> None:
        self._failures: list[BaseException] = []
        self.sim: SimSystem = SimSystem(schedule=Fifo())
        self.sim.kernel.on_failure = lambda _, error: self._failures.append(error)
        self.time: ManualTime = ManualTime(self.sim)
        self.ref: Ref[M] = self.sim.spawn(factory, name=name)
        self._settle()

    def tell(self, message: M) -> None:
        """Tell it a message and let it handle it.

        Raises:
            AssertionError: it refused the message.
            Exception: what its handler raised.
        """
        assert self.ref.tell(message), f"{self.ref.path} refused {message!r}"
        self._settle()

    def ask(self, request: Request[R]) -> R:
        """Its reply. Raises what `Ref.ask` raises."""
        try:
            return self.sim.ask(self.ref, request)
        finally:
            self._failures.clear()  # the asker is told already

    def advance(self, seconds: float) -> None:
        """Let so much time pass; its timers fire.

        Raises:
            Exception: what a handler raised.
        """
        self.time.advance(seconds)
        self._settle()

    def stop(self) -> None:
        """End it."""
        self.sim.stop(self.ref)
        self._settle()

    def probe(self, name: str = "probe", replies: Replies | None = None) -> TestProbe:
        """Something for it to talk to."""
        return TestProbe(self.sim, name, replies)

    @property
    def logged(self) -> list[tuple[str, dict[str, object]]]:
        """What it logged: event and fields."""
        return [(event, fields) for _, _, event, _, fields in self.sim.logged]

    def _settle(self) -> None:
        self.sim.settle()
        if self._failures:
            failure, *_ = self._failures
            self._failures.clear()
            raise failure


class AloneFactory(Protocol):
    """What the fixture `alone` is."""

    def __call__(self, factory: Callable[[], Actor[M]], name: str = "alone") -> Alone[M]:
        """The actor, started."""
        ...
