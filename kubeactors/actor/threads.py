"""Pools of threads for blocking work, held by an actor."""

from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, TypeVar, cast

from kubeactors.actor.errors import ActorError
from kubeactors.actor.later import Later, promise
from kubeactors.actor.waits import Wait

if TYPE_CHECKING:
    from kubeactors.actor.context import Context

M = TypeVar("M")
R = TypeVar("R")


class ThreadPoolFull(ActorError):
    """All threads are busy and the queue is full. Slow down, try later, or make the pool larger."""


class ThreadPool:
    """Does an actor's blocking work in a few threads: `await self.pool.run(function)`.

    Made in `started`; it ends with that instance. When the actor stops or restarts, queued work is never begun, and its
    callers get `ActorStopped`. Work in a thread cannot be interrupted: it runs to its end, its result is dropped, and the
    system's block ends after it. In the simulator there are no threads: work is done at once, in the order of the calls.

    >>> from kubeactors import Actor, Request, handle
    >>> from kubeactors.testing import Alone
    >>> class Hash(Request[int], frozen=True):
    ...     text: str
    >>> class Hasher(Actor[Hash]):
    ...     def started(self) -> None:
    ...         self.pool = ThreadPool(self.ctx, threads=2)
    ...     @handle
    ...     async def hash(self, message: Hash) -> int:
    ...         return await self.pool.run(lambda: sum(message.text.encode()))
    >>> Alone(Hasher).ask(Hash("abc"))
    294

    Args:
        ctx: the actor's context.
        threads: how many run at the same time. They are not shared with other pools or `ctx.in_thread`.
        queue: how many functions may wait for a thread.

    Raises:
        ValueError: `threads` is less than 1, or `queue` less than 0.
    """

    def __init__(self, ctx: "Context[M]", *, threads: int = 4, queue: int = 1_000) -> None:
        if threads < 1 or queue < 0:
            raise ValueError(f"a pool of {threads} threads and a queue of {queue}: it needs at least 1 and 0")
        self._cell = ctx.cell
        self._threads = threads
        self._queue = queue
        self._waiting: deque[tuple[Callable[[], object], Wait[object], Later[object]]] = deque()
        self._busy = 0

    @property
    def busy(self) -> int:
        """Threads at work."""
        return self._busy

    @property
    def waiting(self) -> int:
        """How many functions wait for a thread."""
        return len(self._waiting)

    def run(self, function: Callable[[], R]) -> Awaitable[R]:
        """Run a function in a thread. Awaitable: its result, or the error that it raises.

        Raises:
            ThreadPoolFull: at once, if the queue is full.
        """
        if self._busy >= self._threads and len(self._waiting) >= self._queue:
            raise ThreadPoolFull(f"{self._cell.path} has {self._busy} busy threads and a queue of {self.waiting}")
        wait: Wait[object] = Wait()
        later: Later[object] = promise(self._cell, wait)
        self._waiting.append((function, wait, later))
        self._start_next()
        return self._cell.kernel.driver.inside(cast("Wait[R]", wait))

    def _start_next(self) -> None:
        while self._waiting and self._busy < self._threads:
            function, wait, later = self._waiting.popleft()
            if not wait.done:
                self._busy += 1
                work: Wait[object] = Wait()
                work.waiter = partial(self._done, work, later)
                self._cell.kernel.driver.in_thread(function, work, own=True)

    def _done(self, work: Wait[object], later: Later[object]) -> None:
        self._busy -= 1
        try:
            result = work.result()
        except Exception as error:  # noqa: BLE001 -- the caller gets it
            later.fail(error)
        else:
            later.reply(result)
        self._start_next()
