"""The steps of a run, what each of them touched, and which of them could be reordered.

A step is one entry of the run queue: an actor handles a message, or a handler resumes. Two steps are independent, so that
their order makes no difference, unless one enables the other, both are of one actor, both send to the same actor, or both
set a timer to the same time. Steps at different virtual times are never reordered.
"""

from collections.abc import Iterable, Sequence

Touched = frozenset[str]
"""What a step has touched."""

TREE = "tree"
"""Touched by steps that start or stop actors: these are never reordered with anything."""


class Step:
    """One step of a run."""

    __slots__ = ("causes", "entry", "moment", "touched")

    def __init__(self, entry: str, moment: int, causes: tuple[int, ...]) -> None:
        self.entry: str = entry
        """The entry of the run queue: the same in every run with the same prefix."""
        self.moment: int = moment
        """Virtual time."""
        self.causes: tuple[int, ...] = causes
        """The steps that enabled it: that sent the message, or made the entry ready."""
        self.touched: set[str] = set()


def independent(one: Iterable[str], other: Touched) -> bool:
    """Whether two steps that touched these are independent.

    >>> independent({"run:/a", "mail:/c"}, frozenset({"run:/b", "mail:/c"}))
    False
    """
    return TREE not in one and TREE not in other and other.isdisjoint(one)


def races(steps: Sequence[Step]) -> Iterable[tuple[int, list[int]]]:
    """For each pair of steps that could be reordered: the index of the first, and the steps that could come there instead.

    Source: Abdulla, Aronis, Jonsson, Sagonas, "Optimal Dynamic Partial Order Reduction" (2014), source sets.
    """
    before: list[set[int]] = []  # by step: all that happened before it
    for later, step in enumerate(steps):
        direct = [one for one in range(later) if _precedes(steps[one], one, step)]
        history: set[int] = set()
        for one in direct:
            history |= before[one]
        before.append(history | set(direct))
        for first in direct:
            if first not in history and _may_change_places(steps[first], first, step):
                yield first, _initials(before, first, later)


def _precedes(first: Step, index: int, later: Step) -> bool:
    return (
        first.moment != later.moment
        or first.entry == later.entry
        or index in later.causes
        or not independent(first.touched, frozenset(later.touched))
    )


def _may_change_places(first: Step, index: int, later: Step) -> bool:
    return first.moment == later.moment and first.entry != later.entry and index not in later.causes


def _initials(before: Sequence[set[int]], first: int, later: int) -> list[int]:
    """Of the later step, and the steps between that do not depend on the first one: those that depend on none of the others."""
    among = [one for one in range(first + 1, later) if first not in before[one]] + [later]
    return [one for one in among if before[one].isdisjoint(among)]
