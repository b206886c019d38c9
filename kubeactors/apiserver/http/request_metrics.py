"""Counts and durations of requests; counting costs a few dictionary look-ups.

Source: apiserver/pkg/endpoints/metrics/metrics.go (v1.36): labels and buckets.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator
from typing import TypeAlias

from kubeactors.apiserver.http.paths import ResourcePath

SECOND = 1_000_000_000
BUCKETS = (0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60)
"""The upper bounds of the buckets, in seconds."""
MAX_KINDS = 8192
"""The limit of label combinations: paths that are not served must not exhaust memory."""

LABELS = ["verb", "group", "version", "resource", "subresource", "scope"]
Labels: TypeAlias = tuple[str, str, str, str, str, str]


class RequestMetrics:
    """Counts requests for API objects. `watches` returns the number of open streams."""

    def __init__(self, watches: Callable[[], int]) -> None:
        self._watches = watches
        self._codes: dict[tuple[Labels, int], int] = {}
        self._durations: dict[Labels, list[int]] = {}
        """The number of requests in each bucket, and the total duration."""
        self._sums: dict[Labels, int] = {}

    def count(self, path: ResourcePath, verb: str, code: int, nanos: int) -> None:
        """Count a request."""
        gvr = path.resource
        if len(self._codes) >= MAX_KINDS:
            return
        labels = (verb.upper(), gvr.group, gvr.version, gvr.resource, path.subresource, _scope(path))
        self._codes[labels, code] = self._codes.get((labels, code), 0) + 1
        buckets = self._durations.get(labels)
        if buckets is None:
            buckets = self._durations[labels] = [0] * (len(BUCKETS) + 1)
        buckets[bisect_left(BUCKETS, nanos / SECOND)] += 1
        self._sums[labels] = self._sums.get(labels, 0) + nanos

    def requests(self) -> Iterator[tuple[list[str], int]]:
        """The counts with the labels of `apiserver_request_total`."""
        for (labels, code), count in self._codes.items():
            yield [*labels, str(code)], count

    def durations(self) -> Iterator[tuple[Labels, list[tuple[str, float]], float]]:
        """The histogram of each label combination: cumulative buckets, and the sum in seconds."""
        for labels, buckets in self._durations.items():
            total = 0
            cumulated: list[tuple[str, float]] = []
            for bound, number in zip((*map(str, BUCKETS), "+Inf"), buckets, strict=True):
                total += number
                cumulated.append((bound, total))
            yield labels, cumulated, self._sums[labels] / SECOND

    @property
    def watches(self) -> int:
        """The number of open streams."""
        return self._watches()


def _scope(path: ResourcePath) -> str:
    if path.name:
        return "resource"
    return "namespace" if path.namespace else "cluster"
