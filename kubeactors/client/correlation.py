"""Correlates events: identical ones are counted, similar ones aggregated, and noisy sources limited.

Source: client-go tools/record/events_cache.go (v1.36).
"""

from typing import Generic, TypeVar

import msgspec

from kubeactors.api.core.v1.event import Event
from kubeactors.apimachinery.time import format_time
from kubeactors.client.workqueue import SECOND, BucketLimiter

ENTRIES = 4096
"""The size of each cache, in keys; the least recently used are dropped."""
SIMILAR_EVENTS = 10
"""From so many different messages with one reason on, they are aggregated."""
SIMILAR_SECONDS = 600
SPAM_BURST = 25
SPAM_PER_SECOND = 1 / 300
COMBINED = "(combined from similar events): "

V = TypeVar("V")
Key = tuple[str, ...]


class Lru(Generic[V]):
    """A dict of limited size that drops the least recently used entry.

    >>> cache = Lru[int](2)
    >>> cache["a"], cache["b"] = 1, 2
    >>> cache.get("a")
    1
    >>> cache["c"] = 3
    >>> cache.get("b") is None
    True
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._items: dict[Key | str, V] = {}

    def get(self, key: Key | str) -> V | None:
        """The value, or None. Counts as a use."""
        if key not in self._items:
            return None
        value = self._items[key] = self._items.pop(key)
        return value

    def __setitem__(self, key: Key | str, value: V) -> None:
        self._items.pop(key, None)
        self._items[key] = value
        if len(self._items) > self._size:
            del self._items[next(iter(self._items))]


class Observed(msgspec.Struct, frozen=True):
    """An event that was written before."""

    name: str
    count: int
    first_timestamp: str | None


class _Similar:
    """The recent messages of one source with one reason."""

    __slots__ = ("last", "messages")

    def __init__(self, now: int) -> None:
        self.messages: dict[str, None] = {}
        self.last = now


class Correlation(msgspec.Struct, frozen=True):
    """What to write. `repeated`: the event exists; its count, last timestamp and message have to be updated."""

    event: Event
    key: Key
    repeated: bool


class Correlator:
    """Decides which events are written, and how."""

    def __init__(self) -> None:
        self._observed: Lru[Observed] = Lru(ENTRIES)
        self._similar: Lru[_Similar] = Lru(ENTRIES)
        self._buckets: Lru[BucketLimiter] = Lru(ENTRIES)

    def correlate(self, event: Event, now: int) -> Correlation | None:
        """What to write for this event at this time (unix nanoseconds); None if its source is over its limit."""
        combined, key = self._combine(event, now)
        known = self._observed.get(key)
        if known is not None:
            combined = msgspec.structs.replace(
                combined,
                metadata=msgspec.structs.replace(combined.metadata, name=known.name),
                first_timestamp=known.first_timestamp,
                count=known.count + 1,
            )
        self.observe(combined, key)
        if not self._bucket(event).try_take(now):
            return None
        return Correlation(combined, key, repeated=known is not None)

    def observe(self, event: Event, key: Key) -> None:
        """Remember an event as it was written."""
        self._observed[key] = Observed(event.metadata.name, event.count, event.first_timestamp)

    def _combine(self, event: Event, now: int) -> tuple[Event, Key]:
        if event.action:  # the newer form: the message does not matter
            who = (event.reporting_component, event.reporting_instance)
            return event, (*_source(event), event.type, event.reason, event.action, *who)
        place = (*_source(event), event.type, event.reason, event.reporting_component, event.reporting_instance)
        similar = self._similar.get(place)
        if similar is None or now - similar.last > SIMILAR_SECONDS * SECOND:
            similar = _Similar(now)
        similar.messages[event.message] = None
        similar.last = now
        self._similar[place] = similar
        if len(similar.messages) < SIMILAR_EVENTS:
            path = event.involved_object.field_path
            return event, (*_source(event), path, event.type, event.reason, event.message)
        del similar.messages[next(iter(similar.messages))]
        return _combined(event, now), place

    def _bucket(self, event: Event) -> BucketLimiter:
        key = (*_source(event), event.type)
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = BucketLimiter(SPAM_PER_SECOND, SPAM_BURST)
        return bucket


def event_name(object_name: str, now: int) -> str:
    """The name of an event about an object.

    >>> event_name("web", 255)
    'web.ff'
    """
    return f"{object_name}.{now:x}"


def _source(event: Event) -> Key:
    involved = event.involved_object
    return (
        event.source.component,
        event.source.host,
        involved.kind,
        involved.namespace,
        involved.name,
        involved.uid,
        involved.api_version,
    )


def _combined(event: Event, now: int) -> Event:
    time = format_time(now)
    return msgspec.structs.replace(
        event,
        message=COMBINED + event.message,
        first_timestamp=time,
        last_timestamp=time,
        count=1,
    )
