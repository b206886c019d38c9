"""Where choices come from."""

from collections.abc import Sequence
from random import Random
from typing import Protocol, TypeVar

T = TypeVar("T")


class Source(Protocol):
    """Decides: a seed in campaigns, hypothesis in property tests."""

    def integer(self, low: int, high: int) -> int:
        """A number between two, both included. Small ones are simpler."""
        ...

    def choice(self, options: Sequence[T]) -> T:
        """One of several. The first is the simplest."""
        ...


class Seeded:
    """Choices decided by a seed."""

    def __init__(self, seed: int | str) -> None:
        self._random = Random(f"plan|{seed}")

    def integer(self, low: int, high: int) -> int:
        """See `Source.integer`."""
        return self._random.randint(low, high)

    def choice(self, options: Sequence[T]) -> T:
        """See `Source.choice`."""
        return options[self._random.randrange(len(options))]
