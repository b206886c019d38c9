"""Work that is done once for a part that many objects share.

Pods of one template share their containers, volumes and mounts: the very same objects, in every pod. What follows from
such a part need not be worked out for each of them.
"""

from collections.abc import Callable
from typing import Generic, TypeVar

K = TypeVar("K")
R = TypeVar("R")

CAPACITY = 4096


class Shared(Generic[K, R]):
    """A pure function that remembers its results by the very argument: an equal one is worked out anew.

    As a decorator. Hashing and comparing a large part may cost as much as the work; that it is the same object is known
    at once. What is remembered stays alive, at most `capacity` results.

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
        if found is not None:  # it is the same part: what is remembered is alive, so nothing else has its id
            return found[1]
        result = self._function(part)
        if len(self._known) >= self._capacity:
            self._known.clear()
        self._known[id(part)] = (part, result)
        return result
