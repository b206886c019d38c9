"""The interface of a benchmark module, and shared actors."""

import gc
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Self

import msgspec

from kubeactors.actor import Actor, handle
from kubeactors.message import Message, Request

Contestant = Callable[[int], Awaitable[float]]
"""Performs so many operations; returns the seconds that they took."""

BURST = 1_000
"""How many messages a producer sends before consumers run."""


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """One workload.

    `bar` is the ratio to `asyncio.Queue` that kubeactors must reach. `operations` are done by fast contestants;
    slow ones do a `share` of them.
    """

    name: str
    text: str
    operations: int
    contestants: dict[str, Contestant]
    bar: float = 0.0
    share: dict[str, float] = {}
    unit: str = "operations/s"
    best: Callable[[Iterable[float]], float] = max
    """The ratio of two results."""


class Stopwatch:
    """Measures a block, after a garbage collection."""

    seconds = 0.0

    def __enter__(self) -> Self:
        gc.collect()
        self._start = time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = time.perf_counter() - self._start


class Add(Message, frozen=True):
    """Add one."""


class GetTotal(Request[int], frozen=True):
    """How much it is."""


class Counter(Actor[Add | GetTotal]):
    """Counts with a plain handler."""

    def __init__(self) -> None:
        self.total = 0

    @handle
    def add(self, message: Add) -> None:
        """One more."""
        self.total += 1

    @handle
    def get_total(self, message: GetTotal) -> int:
        """How many there were."""
        return self.total


class AsyncCounter(Actor[Add | GetTotal]):
    """Counts with an `async def` handler that does not wait."""

    def __init__(self) -> None:
        self.total = 0

    @handle
    async def add(self, message: Add) -> None:
        """One more."""
        self.total += 1

    @handle
    async def get_total(self, message: GetTotal) -> int:
        """How many there were."""
        return self.total
