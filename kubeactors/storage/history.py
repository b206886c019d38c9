"""The history: events in order, from the compact revision on."""

from bisect import bisect_left
from operator import attrgetter

from kubeactors.storage.messages import StoreEvent

_revision = attrgetter("kv.mod_revision")


class History:
    """Events by revision. Appending is O(1), finding a revision is a bisect, forgetting old ones is amortised O(1)."""

    __slots__ = ("_events", "_start")

    def __init__(self) -> None:
        self._events: list[StoreEvent] = []
        self._start = 0  # earlier ones are forgotten; they are deleted when they are most of the list

    def __len__(self) -> int:
        return len(self._events) - self._start

    def append(self, event: StoreEvent) -> None:
        """Add an event that is not older than the newest."""
        self._events.append(event)

    def read(self, first: int, last: int, limit: int) -> list[StoreEvent]:
        """The events of revisions `first` to `last` (both included), about `limit` of them.

        The events of one revision are never split: the last revision may exceed `limit`.
        """
        events = self._events
        low = bisect_left(events, first, self._start, key=_revision)
        high = min(low + limit, len(events))
        if high < len(events):
            last = min(last, events[high - 1].kv.mod_revision)
        return events[low : bisect_left(events, last + 1, low, key=_revision)]

    def forget_before(self, revision: int, limit: int) -> list[StoreEvent]:
        """Forget events older than `revision`, at most `limit` of them, oldest first. Returns them."""
        events = self._events
        start = self._start
        end = bisect_left(events, revision, start, min(start + limit, len(events)), key=_revision)
        forgotten = events[start:end]
        self._start = end
        if end * 2 > len(events):
            del events[:end]
            self._start = 0
        return forgotten
