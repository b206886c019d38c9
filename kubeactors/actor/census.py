"""Counts of delivered messages, by actor class and message class."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec

from kubeactors.actor.envelope import Envelope

if TYPE_CHECKING:
    from kubeactors.actor.cell import Cell
    from kubeactors.actor.kernel import Kernel


class Count(msgspec.Struct, frozen=True):
    """How many messages of one class were delivered to actors of one class."""

    actor: str
    message: str
    count: int


class Census:
    """Counts of delivered messages, by actor class and message class.

    In a simulation they depend on the seed alone, so they show what a change costs without a clock.
    """

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], int] = {}

    def add(self, actor: str, message: str) -> None:
        """Count a message."""
        key = (actor, message)
        self._counts[key] = self._counts.get(key, 0) + 1

    @property
    def total(self) -> int:
        """The sum of all counts."""
        return sum(self._counts.values())

    def counts(self) -> tuple[Count, ...]:
        """The most frequent first, then by name."""
        ordered = sorted(self._counts.items(), key=lambda item: (-item[1], item[0]))
        return tuple(Count(actor, message, count) for (actor, message), count in ordered)

    def table(self, number: int) -> str:
        """Lines of text: messages per item of `number` items, actor class, message class."""
        rows = [f"{one.count / number:9.3f}  {one.actor:28} {one.message}" for one in self.counts()]
        return "\n".join([*rows, f"{self.total / number:9.3f}  all"])


@contextmanager
def counted(kernel: "Kernel") -> Generator[Census]:
    """Count what is delivered within the block. This costs time: measure time in another run."""
    census, before = Census(), kernel.interceptor
    kernel.interceptor = _counting(census, before)
    try:
        yield census
    finally:
        kernel.interceptor = before


def _counting(
    census: Census, passes: "Callable[[Cell, Envelope], Envelope | None] | None"
) -> "Callable[[Cell, Envelope], Envelope | None]":
    def intercept(cell: "Cell", envelope: Envelope) -> "Envelope | None":
        passed = envelope if passes is None else passes(cell, envelope)
        if passed is not None:
            census.add(type(cell.actor).__name__, type(passed[0]).__name__)
        return passed

    return intercept
