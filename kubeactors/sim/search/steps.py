"""Steps of a run, what each of them touched, and which of them could have come in another order.

A step is one entry of the run queue: an actor handles a message, or a handler goes on. Two steps are independent, and
so their order makes no difference, unless one of them lets the other happen, both are of one actor, both tell the same
actor something, or both set a timer to the same moment. Steps at different moments of virtual time never change places.
"""

from collections.abc import Iterable, Sequence

Touched = frozenset[str]
"""What a step has changed."""

TREE = "tree"
"""Touched by what starts or stops actors: that is never reordered with anything."""


class Step:
    """One step of a run."""

    __slots__ = ("causes", "entry", "moment", "touched")

    def __init__(self, entry: str, moment: int, causes: tuple[int, ...]) -> None:
        self.entry: str = entry
        """Which entry of the run queue it was: the same in every run that has come so far in the same way."""
        self.moment: int = moment
        """Virtual time."""
        self.causes: tuple[int, ...] = causes
        """The steps without which it could not have happened: that sent the message, or made the entry ready."""
        self.touched: set[str] = set()


def independent(one: Iterable[str], other: Touched) -> bool:
    """Whether two steps that touched these make no difference to one another.

    >>> independent({"run:/a", "mail:/c"}, frozenset({"run:/b", "mail:/c"}))
    False
    """
    return TREE not in one and TREE not in other and other.isdisjoint(one)


def races(steps: Sequence[Step]) -> Iterable[tuple[int, list[int]]]:
    """For each pair of steps that could change places: the index of the first, and which steps could come there instead.

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
    """Of the steps between that do not come of the first one, and the later one: those that need none of the others."""
    among = [one for one in range(first + 1, later) if first not in before[one]] + [later]
    return [one for one in among if before[one].isdisjoint(among)]
