"""The queue of keys that a controller works off: client-go's, with time passed in.

A key is worked on by one worker at a time. Added while it is worked on, it is queued again when that is done; added
twice before that, it is queued once.

Source: client-go util/workqueue/{queue,delaying_queue,default_rate_limiters}.go (v1.36).
"""

import heapq
from collections import deque
from collections.abc import Callable
from math import ceil

SECOND = 1_000_000_000
"""Nanoseconds; all times here are integer nanoseconds on any one clock."""


class ItemBackoff:
    """Each failure of a key doubles its wait, from `base_seconds` up to `max_seconds`.

    >>> backoff = ItemBackoff()
    >>> [backoff.failed("a") // 1_000_000 for _ in range(4)]
    [5, 10, 20, 40]
    """

    def __init__(self, base_seconds: float = 0.005, max_seconds: float = 1000.0) -> None:
        self._base = int(base_seconds * SECOND)
        self._max = int(max_seconds * SECOND)
        self._failures: dict[str, int] = {}

    def failed(self, key: str) -> int:
        """Nanoseconds that the key has to wait after this failure."""
        failures = self._failures.get(key, 0)
        self._failures[key] = failures + 1
        return min(self._base << min(failures, 60), self._max)

    def forget(self, key: str) -> None:
        """The key succeeded: its next failure waits the shortest time again."""
        self._failures.pop(key, None)

    def failures(self, key: str) -> int:
        """How often the key has failed since it last succeeded."""
        return self._failures.get(key, 0)


class BucketLimiter:
    """All keys together: `burst` at once, then `per_second`. A token may be taken in advance, and waited for.

    >>> bucket = BucketLimiter(per_second=10, burst=1)
    >>> [bucket.reserve(0), bucket.reserve(0), bucket.reserve(50_000_000)]
    [0, 100000000, 150000000]
    """

    def __init__(self, per_second: float = 10.0, burst: int = 100) -> None:
        self._interval = int(SECOND / per_second)
        self._room = self._interval * burst
        self._level = 0
        self._time = 0

    def reserve(self, now: int) -> int:
        """Take a token; nanoseconds until it is there."""
        self._drain(now)
        self._level += self._interval
        return max(self._level - self._room, 0)

    def try_take(self, now: int) -> bool:
        """Take a token if one is there."""
        self._drain(now)
        if self._level + self._interval > self._room:
            return False
        self._level += self._interval
        return True

    def _drain(self, now: int) -> None:
        self._level = max(self._level - max(now - self._time, 0), 0)
        self._time = max(self._time, now)


class WorkQueue:
    """Keys to work on, in order; some only later."""

    def __init__(self, backoff: ItemBackoff | None = None, bucket: BucketLimiter | None = None) -> None:
        self._backoff = backoff or ItemBackoff()
        self._bucket = bucket or BucketLimiter()
        self._queue: deque[str] = deque()
        self._dirty: dict[str, None] = {}
        """Keys that need work: queued, or to be queued when their worker is done."""
        self._processing: dict[str, None] = {}
        self._delayed: list[tuple[int, int, str]] = []
        """A heap of (due, order of adding, key). Entries whose due differs from `_due` are stale."""
        self._due: dict[str, int] = {}
        self._added = 0

    def __len__(self) -> int:
        """How many keys can be taken now."""
        return len(self._queue)

    def add(self, key: str) -> None:
        """The key needs work now."""
        if key in self._dirty:
            return
        self._dirty[key] = None
        if key not in self._processing:
            self._queue.append(key)

    def get(self) -> str | None:
        """Take the next key; call `done` with it afterwards. None if there is none."""
        if not self._queue:
            return None
        key = self._queue.popleft()
        self._processing[key] = None
        del self._dirty[key]
        return key

    def done(self, key: str) -> None:
        """The worker has finished with the key, well or not."""
        self._processing.pop(key, None)
        if key in self._dirty:
            self._queue.append(key)

    def add_after(self, key: str, seconds: float, now: int) -> None:
        """The key needs work in a while, never earlier. Of several delays of one key the earliest counts."""
        self._add_at(key, now + ceil(seconds * SECOND), now)

    def add_rate_limited(self, key: str, now: int) -> None:
        """The key failed: work on it again after its back-off, and not faster than all keys together may."""
        self._add_at(key, now + max(self._backoff.failed(key), self._bucket.reserve(now)), now)

    def forget(self, key: str) -> None:
        """The key succeeded: its next failure waits the shortest time again."""
        self._backoff.forget(key)

    def failures(self, key: str) -> int:
        """How often the key has failed since it last succeeded."""
        return self._backoff.failures(key)

    def is_backing_off(self) -> bool:
        """Whether a key waits because it has failed."""
        return any(self._backoff.failures(key) for key in self._due)

    def next_due(self) -> int | None:
        """When the earliest delayed key is due; None if no key is delayed."""
        while self._delayed and self._due.get(self._delayed[0][2]) != self._delayed[0][0]:
            heapq.heappop(self._delayed)
        return self._delayed[0][0] if self._delayed else None

    def advance(self, now: int, needs_work: Callable[[str], bool] = lambda _: True) -> None:
        """Add the keys that are due, if they still need work; `needs_work` may delay a key again."""
        while (due := self.next_due()) is not None and due <= now:
            _, _, key = heapq.heappop(self._delayed)
            del self._due[key]
            if needs_work(key):
                self.add(key)

    def _add_at(self, key: str, due: int, now: int) -> None:
        if due <= now:
            self.add(key)
        elif due < self._due.get(key, due + 1):
            self._due[key] = due
            self._added += 1
            heapq.heappush(self._delayed, (due, self._added, key))
