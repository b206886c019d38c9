"""Schedules: which ready entry the simulator runs next."""

from functools import lru_cache
from heapq import heappop, heappush
from typing import Protocol
from zlib import crc32

from kubeactors.actor.driver import Entry

_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15


def mix(value: int) -> int:
    """A well-mixed 64-bit number from another. Source: SplitMix64 (Steele, Lea, Flood, 2014).

    >>> mix(1) == mix(1), mix(1) == mix(2)
    (True, False)
    """
    value = (value + _GOLDEN) & _MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 31)


@lru_cache(maxsize=65536)
def _checksum(label: str) -> int:
    return crc32(label.encode())


class Schedule(Protocol):
    """Decides how many turns an entry waits, by its label and how often that label has been seen."""

    def delay(self, label: str, occurrence: int) -> int:
        """Turns to let pass; 0 is first in, first out."""
        ...


class Fifo:
    """First in, first out."""

    def delay(self, label: str, occurrence: int) -> int:
        """Always 0."""
        return 0


class RandomDelays:
    """Now and then an entry waits for up to `spread` turns.

    The choice is a function of the seed, the label and the occurrence alone, so an unrelated change to the program
    does not shift it.

    Args:
        seed: names the whole schedule.
        spread: the longest delay in turns.
        one_in: one entry of so many is delayed at all; 1 delays nearly all.
    """

    def __init__(self, seed: str, *, spread: int = 32, one_in: int = 2) -> None:
        self._seed = crc32(seed.encode()) | len(seed) << 32
        self._spread = spread
        self._one_in = one_in

    def delay(self, label: str, occurrence: int) -> int:
        """Turns to let pass."""
        drawn = mix(self._seed ^ mix(_checksum(label) << 24 ^ occurrence))
        return 0 if drawn % self._one_in else (drawn >> 32) % (self._spread + 1)


class ScheduledQueue:
    """A run queue in the order of a schedule. An entry's turn is its arrival plus its delay."""

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule
        self._heap: list[tuple[int, int, Entry]] = []
        self._arrivals = 0
        self._seen: dict[str, int] = {}

    def append(self, entry: Entry, /) -> None:
        """Add an entry; its delay is drawn now."""
        label = entry.label
        occurrence = self._seen.get(label, 0)
        self._seen[label] = occurrence + 1
        self._arrivals += 1
        heappush(self._heap, (self._arrivals + self._schedule.delay(label, occurrence), self._arrivals, entry))

    def appendleft(self, entry: Entry, /) -> None:
        """Put back the one that was taken last."""
        heappush(self._heap, (-1, -self._arrivals, entry))

    def popleft(self) -> Entry:
        """Take the one whose turn it is."""
        return heappop(self._heap)[2]

    def __len__(self) -> int:
        return len(self._heap)
