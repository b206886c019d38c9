"""A sorted set of keys that stays fast at hundreds of thousands of keys."""

from bisect import bisect_left, insort
from itertools import pairwise

BLOCK = 1024
"""The maximum size of a block. Inserting moves at most so many pointers (about 100 ns); finding a block is a bisect."""


class SortedKeys:
    """A sorted set of keys, as blocks of sorted lists: adding, removing, and finding a range are O(log n).

    >>> keys = SortedKeys()
    >>> for key in ("b", "a", "c"):
    ...     keys.add(key)
    >>> keys.between("a", "c")
    ['a', 'b']
    """

    __slots__ = ("_blocks", "_lasts")

    def __init__(self) -> None:
        self._blocks: list[list[str]] = []  # none of them empty
        self._lasts: list[str] = []  # the last key of each block

    def copy(self) -> "SortedKeys":
        """An independent copy."""
        copied = SortedKeys()
        copied._blocks = [block.copy() for block in self._blocks]
        copied._lasts = self._lasts.copy()
        return copied

    def add(self, key: str) -> None:
        """Add a key that is not there yet."""
        lasts = self._lasts
        if not lasts:
            self._blocks.append([key])
            lasts.append(key)
            return
        at = bisect_left(lasts, key)
        if at == len(lasts):
            at -= 1
            lasts[at] = key
        block = self._blocks[at]
        insort(block, key)
        if len(block) > BLOCK:
            self._split(at)

    def remove(self, key: str) -> None:
        """Remove a key that is there."""
        at = bisect_left(self._lasts, key)
        block = self._blocks[at]
        del block[bisect_left(block, key)]
        if not block:
            del self._blocks[at]
            del self._lasts[at]
        elif key == self._lasts[at]:
            self._lasts[at] = block[-1]

    def between(self, start: str, end: str, limit: int = 0) -> list[str]:
        """The keys from `start` up to but without `end`, in order; at most `limit` of them, 0 is no limit."""
        first, low = self._position(start)
        last, high = self._position(end)
        if (first, low) >= (last, high):
            return []
        blocks = self._blocks
        if first == last:
            found = blocks[first][low:high]
        else:
            found = blocks[first][low:]
            for block in blocks[first + 1 : last]:
                if limit and len(found) >= limit:
                    break
                found += block
            else:
                if high:
                    found += blocks[last][:high]
        return found[:limit] if limit else found

    def count(self, start: str, end: str) -> int:
        """How many keys there are from `start` up to but without `end`.

        >>> SortedKeys().count("a", "z")
        0
        """
        first, low = self._position(start)
        last, high = self._position(end)
        if (first, low) >= (last, high):
            return 0
        return sum(map(len, self._blocks[first:last])) - low + high

    def _position(self, key: str) -> tuple[int, int]:
        """The block, and the index in it, of the first key that is not less."""
        at = bisect_left(self._lasts, key)
        return (at, bisect_left(self._blocks[at], key)) if at < len(self._lasts) else (at, 0)

    def _split(self, at: int) -> None:
        block = self._blocks[at]
        half = len(block) // 2
        self._blocks[at : at + 1] = [block[:half], block[half:]]
        self._lasts.insert(at, block[half - 1])

    def check(self) -> None:
        """Assert the invariants; for tests."""
        assert all(self._blocks)
        assert [block[-1] for block in self._blocks] == self._lasts
        assert all(a < b for a, b in pairwise(key for block in self._blocks for key in block))
