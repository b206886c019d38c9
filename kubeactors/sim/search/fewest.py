"""Delta debugging: as few of some things as still fail.

Source: Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input" (2002).
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


def fewest(
    things: Sequence[T], fails: Callable[[tuple[T, ...]], bool], go_on: Callable[[], bool] = lambda: True
) -> tuple[T, ...]:
    """As few of the things as still fail: half of all are left out at first, single ones in the end; the first first.

    >>> fewest(range(100), lambda some: 17 in some and 71 in some)
    (17, 71)

    Args:
        things: all of them fail.
        fails: whether some of them fail in the same way; called often.
        go_on: whether there is time for another attempt; without, the best so far is returned.
    """
    best, size = tuple(things), max(len(things) // 2, 1)
    while size:
        start = 0
        while start < len(best) and go_on():
            fewer = (*best[:start], *best[start + size :])
            if fails(fewer):
                best = fewer
            else:
                start += size
        size = min(size, len(best)) // 2 if size > 1 else 0
    return best
