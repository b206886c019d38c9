"""Memoization for parts that many objects share.

The pods of a template share their containers, volumes and mounts: the very same objects. What is computed from such a
part need not be computed for each of them.
"""

from collections.abc import Callable
from typing import Generic, TypeVar

K = TypeVar("K")
R = TypeVar("R")

CAPACITY = 4096


class Shared(Generic[K, R]):
    """Memoizes a pure function by the identity of its argument: for an equal one it is computed again.

    A decorator. Hashing and comparing a large part may cost as much as the computation; an identity check is immediate.
    Memoized arguments stay alive, at most `capacity` of them.

    >>> calls = []
    >>> @Shared
    ... def size(part: tuple[str, ...]) -> int:
    ...     calls.append(part)
    ...     return len(part)
    >>> part = ("a", "b")
    >>> size(part), size(part), len(calls)
    (2, 2, 1)
    """

    __slots__ = ("_capacity", "_function", "_known")

    def __init__(self, function: Callable[[K], R], capacity: int = CAPACITY) -> None:
        self._function = function
        self._capacity = capacity
        self._known: dict[int, tuple[K, R]] = {}

    def __call__(self, part: K) -> R:
        """The result for this part."""
        found = self._known.get(id(part))
        if found is not None:  # the same part: memoized ones stay alive, so its id is not reused
            return found[1]
        result = self._function(part)
        if len(self._known) >= self._capacity:
            self._known.clear()
        self._known[id(part)] = (part, result)
        return result
