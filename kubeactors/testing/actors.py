"""Actors in tests: time by hand, and one actor alone.

Source: `ManualTime` and running an actor alone are shaped like Akka's ManualTime and BehaviorTestKit.
"""

from collections.abc import Callable
from typing import Generic, TypeVar

from kubeactors.actor import Actor, Fifo, Ref, SimSystem
from kubeactors.message import Request

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
    """

    def __init__(self, factory: Callable[[], Actor[M]], name: str = "alone") -> None:
        self.sim = SimSystem(schedule=Fifo())
        self.time = ManualTime(self.sim)
        self.ref: Ref[M] = self.sim.spawn(factory, name=name)
        self.sim.settle()

    def tell(self, message: M) -> None:
        """Tell it a message and let it handle it.

        Raises:
            AssertionError: it refused the message.
        """
        assert self.ref.tell(message), f"{self.ref.path} refused {message!r}"
        self.sim.settle()

    def ask(self, request: Request[R]) -> R:
        """Its reply."""
        return self.sim.ask(self.ref, request)

    @property
    def logged(self) -> list[tuple[str, dict[str, object]]]:
        """What it logged: event and fields."""
        return [(event, fields) for _, _, event, _, fields in self.sim.logged]
