"""Helpers that an actor holds: request batching and a circuit breaker."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Generic, TypeVar, cast

from kubeactors.actor.errors import ActorError
from kubeactors.actor.pipe import run_apart
from kubeactors.actor.supervision import SECOND

if TYPE_CHECKING:
    from kubeactors.actor.context import Context
    from kubeactors.actor.ref import Later

T = TypeVar("T")
R = TypeVar("R")
M = TypeVar("M")


class Batch(Generic[T, R]):
    """Gathers requests and does them together: `return self.batch.add(message)` in a handler.

    A batch is done when it is full, or its first item has waited for `seconds`. Several may be under way at a time.

    >>> from kubeactors import Actor, Request, SimSystem, handle
    >>> from kubeactors.actor import Later
    >>> class Double(Request[int], frozen=True):
    ...     number: int
    >>> class Doubler(Actor[Double], deterministic=True):
    ...     def started(self) -> None:
    ...         self.batch = Batch(self.ctx, self.work, size=3, seconds=0.1)
    ...     async def work(self, numbers: list[int]) -> list[int]:
    ...         print("doubles", numbers)
    ...         return [2 * number for number in numbers]
    ...     @handle
    ...     def double(self, message: Double) -> Later[int]:
    ...         return self.batch.add(message.number)
    >>> sim = SimSystem()
    >>> doubler = sim.spawn(Doubler)
    >>> replies = [doubler.ask(Double(number)) for number in range(4)]
    >>> sim.run(seconds=1)
    doubles [0, 1, 2]
    doubles [3]
    >>> [reply.result() for reply in replies]
    [0, 2, 4, 6]

    Args:
        ctx: of the actor.
        work: does a batch; as many results as items, in their order. Its error is every asker's.
        size: at most so many in a batch.
        seconds: how long the first one waits for others.
    """

    def __init__(
        self, ctx: "Context[M]", work: Callable[[list[T]], Awaitable[Sequence[R]]], *, size: int, seconds: float
    ) -> None:
        self._ctx = ctx
        self._cell = ctx.cell
        self._work = work
        self._size = size
        self._delay = int(seconds * SECOND)
        self._timer = f"$batch {self._cell.kernel.timers.sequence}"
        self._items: list[tuple[T, Later[R], object]] = []

    def add(self, item: T) -> "Later[R]":
        """Take the request in hand into the batch."""
        later: Later[R] = self._ctx.later()
        self._items.append((item, later, self._cell.moment()))
        if len(self._items) >= self._size:
            self.flush()
        elif len(self._items) == 1:
            self._cell.set_timer(self._timer, self._delay, self.flush)
        return later

    def flush(self) -> None:
        """Do what there is, now."""
        self._cell.cancel_timer(self._timer)
        items, self._items = self._items, []
        if items:
            work = self._work([item for item, _, _ in items])
            laters = [later for _, later, _ in items]
            run_apart(self._cell, work, partial(self._done, laters), because=[moment for _, _, moment in items])

    def _done(self, laters: "list[Later[R]]", result: object, error: Exception | None) -> None:
        results = cast("Sequence[R]", result)
        if error is None and len(results) != len(laters):
            error = ValueError(f"a batch of {len(laters)} gave {len(results)} results")
        for number, later in enumerate(laters):
            if error is not None:
                later.fail(error)
            else:
                later.reply(results[number])


class CircuitOpen(ActorError):
    """The circuit breaker does not let calls through for a while. Do without, or try again later."""


class CircuitBreaker:
    """Keeps an actor from calling what does not work.

    Closed, calls pass; after `failures` in a row it is open, and calls fail at once; after `reset_seconds` it is
    half-open: one call passes, and decides.

    In an actor: `self.breaker = CircuitBreaker(self.ctx)` in `started`, then
    `await self.breaker.call(lambda: self.client.get(url))`.

    Source: M. Nygard, "Release It!" (2007); the states' names are Akka's.
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
        """Do the work, if the circuit lets it through.

        Raises:
            CircuitOpen: it does not.
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
