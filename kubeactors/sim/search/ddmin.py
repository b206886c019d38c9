"""Delta debugging: a minimal part that still fails.

Source: Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input" (2002).
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


def ddmin(
    things: Sequence[T], fails: Callable[[tuple[T, ...]], bool], go_on: Callable[[], bool] = lambda: True
) -> tuple[T, ...]:
    """A minimal part of the things that still fails: halves are removed at first, single ones in the end, from the front.

    >>> ddmin(range(100), lambda some: 17 in some and 71 in some)
    (17, 71)

    Args:
        things: fail together.
        fails: whether a part fails in the same way; called often.
        go_on: whether there is time for another attempt; if not, the best so far is returned.
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
