"""An order of deliveries as its deviations from first in, first out.

Whatever strategy chose an order, it is reproduced by holding each delayed entry back for as many turns again. Most of
these deviations do not matter; `shrink_tape` finds the few that do.
"""

from collections.abc import Callable, Sequence

import msgspec

from kubeactors.actor.driver import Entry
from kubeactors.actor.schedules import Schedule, ScheduledQueue
from kubeactors.sim.search.ddmin import ddmin


class Deviation(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="deviation"):
    """An entry of the run queue is held back: the one with this label, after `occurrence` earlier ones with the label."""

    label: str
    occurrence: int = 0
    turns: int
    """At most so many later entries overtake it."""


class Tape:
    """First in, first out, but for these deviations.

    >>> Tape((Deviation(label="deliver:/a:Ping", turns=3),)).turn(7, "deliver:/a:Ping", 0)
    10
    """

    def __init__(self, deviations: Sequence[Deviation] = ()) -> None:
        self._turns = {(one.label, one.occurrence): one.turns for one in deviations}

    def turn(self, arrival: int, label: str, occurrence: int) -> int:
        """See `Schedule.turn`."""
        return arrival + self._turns.get((label, occurrence), 0)


class Recorder(ScheduledQueue):
    """A run queue that records the order in which entries leave it: `deviations` is its tape."""

    def __init__(self, schedule: Schedule) -> None:
        super().__init__(schedule)
        self._places: dict[int, tuple[str, int]] = {}
        self._last_turn = self._last_arrival = 0
        self.deviations: list[Deviation] = []
        """In the order in which the entries left."""

    def append(self, entry: Entry, /) -> None:
        """See `ScheduledQueue.append`."""
        label = entry.label
        self._places[self.arrivals + 1] = (label, self.seen(label))
        super().append(entry)

    def popleft(self) -> Entry:
        """See `ScheduledQueue.popleft`."""
        arrival, entry = self.pop()
        self.went(arrival)
        return entry

    def went(self, arrival: int) -> None:
        """The entry with this arrival number leaves now."""
        label, occurrence = self._places.pop(arrival)
        turn = max(arrival, self._last_turn + (arrival < self._last_arrival))
        self._last_turn, self._last_arrival = turn, arrival
        if turn > arrival:
            self.deviations.append(Deviation(label=label, occurrence=occurrence, turns=turn - arrival))


def shrink_tape(
    deviations: Sequence[Deviation],
    fails: Callable[[Sequence[Deviation]], bool],
    *,
    go_on: Callable[[], bool] = lambda: True,
) -> tuple[Deviation, ...]:
    """A minimal part of the deviations that still fails; none if the order does not matter.

    >>> tape = [Deviation(label=f"deliver:/{name}:Ping", turns=2) for name in "abcdefgh"]
    >>> [one.label for one in shrink_tape(tape, lambda some: tape[2] in some and tape[6] in some)]
    ['deliver:/c:Ping', 'deliver:/g:Ping']

    Args:
        deviations: a tape that fails.
        fails: whether a tape fails in the same way; called often.
        go_on: whether there is time for another attempt; if not, the best so far is returned.
    """
    return () if go_on() and fails(()) else ddmin(deviations, fails, go_on)
