"""A cache of views by shape of pods."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, Protocol, TypeVar

K = TypeVar("K", bound=Hashable)


class Closable(Protocol):
    """Has registrations that must be released."""

    def close(self) -> None:
        """Release them."""
        ...


V = TypeVar("V", bound=Closable)

KEPT = 64


class Views(Generic[K, V]):
    """At most `KEPT` views; the least recently used is evicted and closed."""

    def __init__(self) -> None:
        self._kept: OrderedDict[K, V] = OrderedDict()

    def get(self, key: K, make: Callable[[], V]) -> V:
        """The view of this key, made if there is none."""
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
            return found
        found = self._kept[key] = make()
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)[1].close()
        return found

    def clear(self) -> None:
        """Close and drop all views."""
        while self._kept:
            self._kept.popitem()[1].close()
