"""Schedules: which ready entry the simulator runs next."""

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


class _Numbers(dict[str, list[int]]):
    """By label: a number for each of its first occurrences, the same under every seed. Most of them come in every run."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self._room = room

    def of(self, label: str, occurrence: int) -> int:
        """The number, kept if there is room for it."""
        number = mix(crc32(label.encode()) << 24 ^ occurrence)
        if self._room and len(numbers := self.setdefault(label, [])) == occurrence:
            self._room -= 1
            numbers.append(number)
        return number


_NUMBERS = _Numbers(1 << 17)


class Schedule(Protocol):
    """Decides when an entry's turn is, by its label and how often that label has been seen."""

    def turn(self, arrival: int, label: str, occurrence: int) -> int:
        """Its turn; the least is first, and of equal ones who has come first.

        Args:
            arrival: how many entries have come, this one included: its turn if it is first in, first out.
            label: what is to be done, the same in every run in which it means the same.
            occurrence: how many entries of that label came before.
        """
        ...


class Fifo:
    """First in, first out."""

    def turn(self, arrival: int, label: str, occurrence: int) -> int:
        """When it came."""
        return arrival


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

    def turn(self, arrival: int, label: str, occurrence: int) -> int:
        """When it came, or some turns later."""
        try:
            number = _NUMBERS[label][occurrence]
        except LookupError:
            number = _NUMBERS.of(label, occurrence)
        value = ((self._seed ^ number) + _GOLDEN) & _MASK  # `mix` in line: once for each message
        value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
        drawn = value ^ (value >> 31)
        return arrival if drawn % self._one_in else arrival + (drawn >> 32) % (self._spread + 1)


class ScheduledQueue:
    """A run queue in the order of a schedule."""

    def __init__(self, schedule: Schedule) -> None:
        self._turn = schedule.turn
        self._heap: list[tuple[int, int, Entry]] = []
        self.arrivals: int = 0
        """How many entries have come."""
        self._seen: dict[str, int] = {}

    def append(self, entry: Entry, /) -> None:
        """Add an entry; its turn is decided now."""
        label, seen = entry.label, self._seen
        occurrence = seen.get(label, 0)
        seen[label] = occurrence + 1
        self.arrivals = arrival = self.arrivals + 1
        heappush(self._heap, (self._turn(arrival, label, occurrence), arrival, entry))

    def appendleft(self, entry: Entry, /) -> None:
        """Put back the one that was taken last."""
        heappush(self._heap, (-1, -self.arrivals, entry))

    def popleft(self) -> Entry:
        """Take the one whose turn it is."""
        return heappop(self._heap)[2]

    def pop(self) -> tuple[int, Entry]:
        """Take the one whose turn it is, and know which arrival it was."""
        _, arrival, entry = heappop(self._heap)
        return arrival, entry

    def seen(self, label: str) -> int:
        """How many entries of that label have come."""
        return self._seen.get(label, 0)

    def __len__(self) -> int:
        return len(self._heap)
