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
    """Caches a number for each of a label's first occurrences. It does not depend on the seed, so runs share them."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self._room = room

    def of(self, label: str, occurrence: int) -> int:
        """The number, cached if there is room."""
        number = mix(crc32(label.encode()) << 24 ^ occurrence)
        if self._room and len(numbers := self.setdefault(label, [])) == occurrence:
            self._room -= 1
            numbers.append(number)
        return number


_NUMBERS = _Numbers(1 << 17)


class Schedule(Protocol):
    """Decides the turn of an entry by its label and the number of earlier entries with that label."""

    def turn(self, arrival: int, label: str, occurrence: int) -> int:
        """The entry's turn. The smallest runs first; of equal ones the one that arrived first.

        Args:
            arrival: the number of entries up to this one: its turn if the order is first in, first out.
            label: names what the entry does, and is the same in every run.
            occurrence: how many entries with that label came before.
        """
        ...


class Fifo:
    """First in, first out."""

    def turn(self, arrival: int, label: str, occurrence: int) -> int:
        """The arrival."""
        return arrival


class RandomDelays:
    """Delays some entries, each by up to `spread` turns.

    The choice depends on the seed, the label and the occurrence alone, so an unrelated change of the program does not
    shift it.

    Args:
        seed: decides the whole schedule.
        spread: the longest delay in turns.
        one_in: one entry in so many is delayed; with 1 nearly all are.
    """

    def __init__(self, seed: str, *, spread: int = 32, one_in: int = 2) -> None:
        self._seed = crc32(seed.encode()) | len(seed) << 32
        self._spread = spread
        self._one_in = one_in

    def turn(self, arrival: int, label: str, occurrence: int) -> int:
        """The arrival, or some turns later."""
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
        """How many entries have arrived."""
        self._seen: dict[str, int] = {}

    def append(self, entry: Entry, /) -> None:
        """Add an entry; its turn is decided now."""
        label, seen = entry.label, self._seen
        occurrence = seen.get(label, 0)
        seen[label] = occurrence + 1
        self.arrivals = arrival = self.arrivals + 1
        heappush(self._heap, (self._turn(arrival, label, occurrence), arrival, entry))

    def appendleft(self, entry: Entry, /) -> None:
        """Put back the entry that was taken last."""
        heappush(self._heap, (-1, -self.arrivals, entry))

    def popleft(self) -> Entry:
        """Take the entry whose turn it is."""
        return heappop(self._heap)[2]

    def pop(self) -> tuple[int, Entry]:
        """Take the entry whose turn it is, with its arrival."""
        _, arrival, entry = heappop(self._heap)
        return arrival, entry

    def seen(self, label: str) -> int:
        """How many entries with that label have arrived."""
        return self._seen.get(label, 0)

    def __len__(self) -> int:
        return len(self._heap)
