"""How many pods are on nodes, kept so that who looks for an emptier one need not look at all."""

from collections.abc import Iterator


class Crowds:
    """Nodes by how many pods are on them.

    >>> crowds = Crowds()
    >>> crowds.resize("a", 2), crowds.resize("b", 1), crowds.resize("a", 3)
    (None, None, None)
    >>> list(crowds.emptier(3)), list(crowds.emptier(4)), "c" in crowds
    (['b'], ['b', 'a'], False)
    """

    def __init__(self) -> None:
        self._sizes: dict[str, int] = {}
        self._names: dict[int, dict[str, None]] = {}
        """By size."""

    def __contains__(self, node: object) -> bool:
        return node in self._sizes

    def resize(self, node: str, size: int | None) -> None:
        """So many pods are on a node now; None: it is gone."""
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
