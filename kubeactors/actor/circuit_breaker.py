"""Circuit breakers: an actor stops calling what does not work.

Source: M. Nygard, "Release It!" (2007); the names of the states are Akka's.
"""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from kubeactors.actor.errors import ActorError
from kubeactors.actor.supervision import SECOND

if TYPE_CHECKING:
    from kubeactors.actor.context import Context

R = TypeVar("R")
M = TypeVar("M")


class CircuitOpen(ActorError):
    """The circuit breaker rejects calls for a while. Do without, or try again later."""


class CircuitBreaker:
    """Keeps an actor from calling what does not work.

    While it is closed, calls pass. After `failures` in a row it opens, and calls fail at once. After `reset_seconds` it
    is half-open: one call passes, and its outcome closes or opens the circuit.

    In an actor: `self.breaker = CircuitBreaker(self.ctx)` in `started`, then
    `await self.breaker.call(lambda: self.client.get(url))`.
    """

    def __init__(self, ctx: "Context[M]", *, failures: int = 5, reset_seconds: float = 30.0) -> None:
        self._ctx = ctx
        self._allowed = failures
        self._reset = int(reset_seconds * SECOND)
        self._failures = 0
        self._open_until = 0
        self._trying = False

    @property
    def state(self) -> str:
        """`closed`, `open` or `half-open`."""
        if self._failures < self._allowed:
            return "closed"
        return "open" if self._ctx.now < self._open_until else "half-open"

    async def call(self, work: Callable[[], Awaitable[R]]) -> R:
        """Do the work, unless the circuit is open.

        Raises:
            CircuitOpen: it is open, or half-open with a call under way.
        """
        state = self.state
        if state == "open" or (state == "half-open" and self._trying):
            raise CircuitOpen(f"{self._failures} calls in a row have failed; the next is tried later")
        self._trying = state == "half-open"
        try:
            result = await work()
        except Exception:
            self._failures += 1
            self._open_until = self._ctx.now + self._reset
            raise
        else:
            self._failures = 0
            return result
        finally:
            self._trying = False
