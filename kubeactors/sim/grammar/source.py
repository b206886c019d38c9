"""The source of a plan's choices."""

from collections.abc import Sequence
from random import Random
from typing import Protocol, TypeVar

T = TypeVar("T")


class Source(Protocol):
    """Makes choices: by a seed in campaigns, by hypothesis in property tests."""

    def integer(self, low: int, high: int) -> int:
        """A number from `low` to `high`, both included. Smaller ones are simpler."""
        ...

    def choice(self, options: Sequence[T]) -> T:
        """One of the options. The first is the simplest."""
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
