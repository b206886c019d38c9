"""Request batching: an actor gathers requests and does them together."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Generic, TypeVar, cast

from kubeactors.actor.keyed_timers import cancel_timer, set_timer
from kubeactors.actor.pipe import run_apart
from kubeactors.actor.supervision import SECOND

if TYPE_CHECKING:
    from kubeactors.actor.context import Context
    from kubeactors.actor.later import Later

T = TypeVar("T")
R = TypeVar("R")
M = TypeVar("M")


class Batch(Generic[T, R]):
    """Gathers requests and does them together: `return self.batch.add(message)` in a handler.

    A batch is done when it is full, or when its first item has waited for `seconds`. Several may be under way at a time.

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
        ctx: the actor's context.
        work: does a batch. Returns as many results as there are items, in their order; its error is every caller's.
        size: the largest number of items in a batch.
        seconds: how long the first item waits for others.
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
        """Add the current request to the batch; the handler returns what this returns."""
        later: Later[R] = self._ctx.later()
        self._items.append((item, later, self._cell.trace_context()))
        if len(self._items) >= self._size:
            self.flush()
        elif len(self._items) == 1:
            set_timer(self._cell, self._timer, self._delay, self.flush)
        return later

    def flush(self) -> None:
        """Do the items gathered so far, now."""
        cancel_timer(self._cell, self._timer)
        items, self._items = self._items, []
        if items:
            work = self._work([item for item, _, _ in items])
            laters = [later for _, later, _ in items]
            run_apart(self._cell, work, partial(self._done, laters), causes=[cause for _, _, cause in items])

    def _done(self, laters: "list[Later[R]]", result: object, error: Exception | None) -> None:
        results = cast("Sequence[R]", result)
        if error is None and len(results) != len(laters):
            error = ValueError(f"a batch of {len(laters)} gave {len(results)} results")
        for number, later in enumerate(laters):
            if error is not None:
                later.fail(error)
            else:
                later.reply(results[number])
