"""An index of nodes by their number of pods, to find emptier ones without a scan."""

from collections.abc import Iterator


class Occupancy:
    """Nodes by their number of pods.

    >>> occupancy = Occupancy()
    >>> occupancy.resize("a", 2), occupancy.resize("b", 1), occupancy.resize("a", 3)
    (None, None, None)
    >>> list(occupancy.emptier(3)), list(occupancy.emptier(4)), "c" in occupancy
    (['b'], ['b', 'a'], False)
    """

    def __init__(self) -> None:
        self._sizes: dict[str, int] = {}
        self._names: dict[int, dict[str, None]] = {}
        """The names of nodes, by their number of pods."""

    def __contains__(self, node: object) -> bool:
        return node in self._sizes

    def resize(self, node: str, size: int | None) -> None:
        """Set the number of pods on a node; None if it is deleted."""
        before = self._sizes.pop(node, None)
        if before is not None:
            del self._names[before][node]
        if size is not None:
            self._sizes[node] = size
            self._names.setdefault(size, {})[node] = None

    def emptier(self, size: int) -> Iterator[str]:
        """The nodes with fewer pods, the emptiest first."""
        for less in range(size):
            yield from self._names.get(less, ())
