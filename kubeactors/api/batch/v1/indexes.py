"""Sets of completion indexes, kept and written as intervals: `1,3-5,7`.

Source: pkg/controller/job/indexed_job_utils.go, pkg/apis/batch/validation/validation.go (v1.36).
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator

import msgspec

from kubeactors.apimachinery.field import quoted


class IndexesError(ValueError):
    """The text is not a set of indexes; the message says why."""


class Indexes(msgspec.Struct, frozen=True, gc=False):
    """Intervals (first, last), both included, in order and apart from one another."""

    intervals: tuple[tuple[int, int], ...] = ()

    def __str__(self) -> str:
        return ",".join(map(_shown, self.intervals))

    def __bool__(self) -> bool:
        return bool(self.intervals)

    def __contains__(self, index: int) -> bool:
        at = bisect_left(self.intervals, index, key=_last)
        return at < len(self.intervals) and self.intervals[at][0] <= index

    @property
    def total(self) -> int:
        """The number of indexes."""
        return sum(last - first + 1 for first, last in self.intervals)

    def union(self, other: "Indexes") -> "Indexes":
        """The union.

        >>> str(of([0, 1, 2, 7]).union(of([3, 9])))
        '0-3,7,9'
        """
        if not other.intervals:
            return self
        return _merged(sorted((*self.intervals, *other.intervals)))

    def missing(self, below: int) -> Iterator[int]:
        """The missing indexes below a number, in order.

        >>> list(of([1, 3]).missing(6))
        [0, 2, 4, 5]
        """
        start = 0
        for first, last in self.intervals:
            yield from range(start, min(first, below))
            start = last + 1
        yield from range(start, below)

    def common(self, other: "Indexes") -> int:
        """The size of the intersection.

        >>> of(range(5)).common(of([3, 4, 5]))
        2
        """
        count, mine, theirs = 0, 0, 0
        while mine < len(self.intervals) and theirs < len(other.intervals):
            (first, last), (start, end) = self.intervals[mine], other.intervals[theirs]
            count += max(min(last, end) - max(first, start) + 1, 0)
            mine, theirs = mine + (last <= end), theirs + (end <= last)
        return count


def of(indexes: Iterable[int]) -> Indexes:
    """The set of these indexes."""
    return _merged((one, one) for one in sorted(indexes))


def parse(text: str, completions: int) -> Indexes:
    """The indexes below `completions` in a text; malformed parts are left out.

    >>> str(parse("1,3-5,x,8-20", 10))
    '1,3-5,8,9'
    """
    found: list[tuple[int, int]] = []
    for part in text.split(",") if text else ():
        first, _, last = part.partition("-")
        if not first.isdecimal() or not (last or first).isdecimal():
            continue
        interval = int(first), min(int(last or first), completions - 1)
        if interval[0] <= interval[1]:
            found.append(interval)
    return _merged(sorted(found))


def check(text: str, completions: int) -> int:
    """The number of indexes in a well-formed text.

    >>> check("1,3-5", 6)
    4

    Raises:
        IndexesError: it is not well-formed, not in order, or an index is too large.
    """
    total, previous = 0, None
    for part in text.split(",") if text else ():
        first, last = _interval(part, completions)
        if previous is not None and previous >= first:
            raise IndexesError(f"non-increasing order, previous: {previous}, current: {first}")
        total, previous = total + last - first + 1, last
    return total


def overlap(one: str, other: str, completions: int) -> int | None:
    """The first index in both texts; None if there is none.

    >>> overlap("1,3-5", "0,4", 6), overlap("1", "2", 6)
    (4, None)
    """
    found = parse(other, completions)
    shared = (max(first, start) for first, last in parse(one, completions).intervals
              for start, end in found.intervals if first <= end and start <= last)  # fmt: skip
    return next(shared, None)


def _interval(part: str, completions: int) -> tuple[int, int]:
    limits = part.split("-")
    if len(limits) > 2:
        raise IndexesError(
            f"the fragment {quoted(part)} violates the requirement that an index interval can have at most two parts "
            "separated by '-'"
        )
    first = _index(limits[0], completions)
    if len(limits) == 1:
        return first, first
    last = _index(limits[1], completions)
    if first >= last:
        raise IndexesError(f"non-increasing order, previous: {first}, current: {last}")
    return first, last


def _index(text: str, completions: int) -> int:
    if not text.isdecimal():
        raise IndexesError(f"cannot convert string to integer for index: {quoted(text)}")
    if int(text) >= completions:
        raise IndexesError(f"too large index: {quoted(text)}")
    return int(text)


def _merged(ordered: Iterable[tuple[int, int]]) -> Indexes:
    found: list[tuple[int, int]] = []
    for first, last in ordered:
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return Indexes(tuple(found))


def _shown(interval: tuple[int, int]) -> str:
    first, last = interval
    if first == last:
        return str(first)
    return f"{first},{last}" if last == first + 1 else f"{first}-{last}"


def _last(interval: tuple[int, int]) -> int:
    return interval[1]
