"""The work queue of a controller: client-go's, with time passed in.

A key is processed by one worker at a time. If it is added while it is being processed, it is queued again when that is
done; if it is added twice before, it is queued once.

Source: client-go util/workqueue/{queue,delaying_queue,default_rate_limiters}.go (v1.36).
"""

import heapq
from collections import deque
from collections.abc import Callable
from math import ceil

SECOND = 1_000_000_000
"""Nanoseconds; all times here are integer nanoseconds on any one clock."""


class ItemBackoff:
    """Exponential back-off per key, from `base_seconds` up to `max_seconds`.

    >>> backoff = ItemBackoff()
    >>> [backoff.failed("a") // 1_000_000 for _ in range(4)]
    [5, 10, 20, 40]
    """

    def __init__(self, base_seconds: float = 0.005, max_seconds: float = 1000.0) -> None:
        self._base = int(base_seconds * SECOND)
        self._max = int(max_seconds * SECOND)
        self._failures: dict[str, int] = {}

    def failed(self, key: str) -> int:
        """Count a failure. Returns the nanoseconds that the key has to wait."""
        failures = self._failures.get(key, 0)
        self._failures[key] = failures + 1
        return min(self._base << min(failures, 60), self._max)

    def forget(self, key: str) -> None:
        """The key succeeded: its back-off starts over."""
        self._failures.pop(key, None)

    def failures(self, key: str) -> int:
        """How many times the key has failed since it last succeeded."""
        return self._failures.get(key, 0)


class BucketLimiter:
    """A token bucket for all keys together: `burst` at once, then `per_second`. A token may be reserved in advance.

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
        """Reserve a token. Returns the nanoseconds until it is available."""
        self._drain(now)
        self._level += self._interval
        return max(self._level - self._room, 0)

    def try_take(self, now: int) -> bool:
        """Take a token if one is available."""
        self._drain(now)
        if self._level + self._interval > self._room:
            return False
        self._level += self._interval
        return True

    def _drain(self, now: int) -> None:
        self._level = max(self._level - max(now - self._time, 0), 0)
        self._time = max(self._time, now)


class WorkQueue:
    """Keys to process, in order; some only after a delay."""

    def __init__(self, backoff: ItemBackoff | None = None, bucket: BucketLimiter | None = None) -> None:
        self._backoff = backoff or ItemBackoff()
        self._bucket = bucket or BucketLimiter()
        self._queue: deque[str] = deque()
        self._dirty: dict[str, None] = {}
        """Keys to process: queued, or to be queued when their worker is done."""
        self._processing: dict[str, None] = {}
        self._delayed: list[tuple[int, int, str]] = []
        """A heap of (due, number of the addition, key). Entries whose due differs from `_due` are stale."""
        self._due: dict[str, int] = {}
        self._added = 0
        self.additions: int = 0
        """How often a key was added, at once or after a delay: the sum of client-go's metrics `workqueue_adds_total` and
        `workqueue_retries_total`."""

    def __len__(self) -> int:
        """How many keys are ready."""
        return len(self._queue)

    def add(self, key: str) -> None:
        """Queue the key."""
        self.additions += 1
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
        """The worker has finished with the key, successfully or not."""
        self._processing.pop(key, None)
        if key in self._dirty:
            self._queue.append(key)

    def add_after(self, key: str, seconds: float, now: int) -> None:
        """Queue the key after a delay. Of several delays of one key the earliest counts."""
        self._add_at(key, now + ceil(seconds * SECOND), now)

    def add_rate_limited(self, key: str, now: int) -> None:
        """Queue the key after its back-off, within the rate limit of all keys together."""
        self._add_at(key, now + max(self._backoff.failed(key), self._bucket.reserve(now)), now)

    def forget(self, key: str) -> None:
        """The key succeeded: its back-off starts over."""
        self._backoff.forget(key)

    def failures(self, key: str) -> int:
        """How many times the key has failed since it last succeeded."""
        return self._backoff.failures(key)

    def processing(self) -> tuple[str, ...]:
        """The keys that workers are processing."""
        return tuple(self._processing)

    def is_processing(self, key: str) -> bool:
        """Whether a worker is processing the key."""
        return key in self._processing

    def is_waiting(self, key: str) -> bool:
        """Whether the key is queued, or will be after a delay."""
        return key in self._dirty or key in self._due

    def is_backing_off(self) -> bool:
        """Whether a delayed key has failed."""
        return any(self._backoff.failures(key) for key in self._due)

    def next_due(self) -> int | None:
        """When the earliest delayed key is due; None if no key is delayed."""
        while self._delayed and self._due.get(self._delayed[0][2]) != self._delayed[0][0]:
            heapq.heappop(self._delayed)
        return self._delayed[0][0] if self._delayed else None

    def advance(self, now: int, needs_work: Callable[[str], bool] = lambda _: True) -> None:
        """Queue the keys that are due, if `needs_work` says so; it may delay a key again."""
        while (due := self.next_due()) is not None and due <= now:
            _, _, key = heapq.heappop(self._delayed)
            del self._due[key]
            if needs_work(key):
                self.add(key)

    def _add_at(self, key: str, due: int, now: int) -> None:
        if due <= now:
            self.add(key)
            return
        self.additions += 1
        if due < self._due.get(key, due + 1):
            self._due[key] = due
            self._added += 1
            heapq.heappush(self._delayed, (due, self._added, key))
