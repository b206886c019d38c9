"""Views that are kept: one for each shape of pods, the most lately asked."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, Protocol, TypeVar

K = TypeVar("K", bound=Hashable)


class Closable(Protocol):
    """Holds something that others keep up to date for it."""

    def close(self) -> None:
        """Let go."""
        ...


V = TypeVar("V", bound=Closable)

KEPT = 64


class Views(Generic[K, V]):
    """At most `KEPT` views; the one that was not asked for longest goes first, and is closed."""

    def __init__(self) -> None:
        self._kept: OrderedDict[K, V] = OrderedDict()

    def get(self, key: K, make: Callable[[], V]) -> V:
        """The view of this key; made if there is none."""
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
            return found
        found = self._kept[key] = make()
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)[1].close()
        return found

    def clear(self) -> None:
        """Close all."""
        while self._kept:
            self._kept.popitem()[1].close()
