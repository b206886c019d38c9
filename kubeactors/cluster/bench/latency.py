"""Latencies: percentiles of samples, and a transport that measures."""

import time
from array import array
from collections.abc import Awaitable, Generator, Iterable
from typing import Generic, TypeVar

import msgspec

from kubeactors.apimachinery.requests import (
    ApiRequest,
    Create,
    Delete,
    DeleteCollection,
    Get,
    List,
    Patch,
    StopWatch,
    Update,
    Watch,
)
from kubeactors.client import Transport

R = TypeVar("R")

RECENT = 200

VERBS: dict[type[object], str] = {
    Create: "create",
    Delete: "delete",
    DeleteCollection: "deletecollection",
    Get: "get",
    List: "list",
    Patch: "patch",
    Update: "update",
    Watch: "watch",
}


class Latencies(msgspec.Struct, frozen=True):
    """Percentiles of a sample, in seconds."""

    p50: float
    p90: float
    p99: float

    @classmethod
    def of(cls, seconds: Iterable[float]) -> "Latencies":
        """The percentiles of a sample; zeros if it is empty.

        >>> Latencies.of([3.0, 1.0, 2.0])
        Latencies(p50=2.0, p90=3.0, p99=3.0)
        """
        ordered = sorted(seconds)
        return cls(*(_at(ordered, share) for share in (0.5, 0.9, 0.99)))


class CallLatencies(msgspec.Struct, frozen=True, kw_only=True):
    """The percentiles and the number of the requests of a verb."""

    requests: int
    p50: float
    p90: float
    p99: float


def percentiles(seconds: Iterable[float]) -> tuple[float, ...]:
    """The 0th to the 100th percentile; empty for an empty sample.

    >>> percentiles([2.0, 1.0])[:2], percentiles([2.0, 1.0])[-1]
    ((1.0, 1.0), 2.0)
    """
    ordered = sorted(seconds)
    return tuple(_at(ordered, share / 100) for share in range(101)) if ordered else ()


def _at(ordered: list[float], share: float) -> float:
    return round(ordered[min(int(share * len(ordered)), len(ordered) - 1)], 6) if ordered else 0.0


class MeasuringTransport:
    """A transport that measures the duration of requests by verb, from sending to the reply."""

    def __init__(self, inner: Transport) -> None:
        self._inner = inner
        self.seconds: dict[str, array[float]] = {}

    def send(self, request: ApiRequest[R]) -> Awaitable[R]:
        """See `Transport.send`."""
        seconds = self.seconds.setdefault(VERBS.get(type(request), "other"), array("d"))
        begun = time.perf_counter()
        return _Measured(self._inner.send(request), begun, seconds)

    def stop_watch(self, message: StopWatch) -> None:
        """See `Transport.stop_watch`."""
        self._inner.stop_watch(message)

    def recent(self) -> Latencies:
        """The percentiles of the newest requests of all verbs."""
        return Latencies.of(one for seconds in self.seconds.values() for one in seconds[-RECENT:])

    def latencies(self) -> dict[str, CallLatencies]:
        """The percentiles so far, by verb."""
        return {verb: _calls(self.seconds[verb]) for verb in sorted(self.seconds)}


def _calls(seconds: "array[float]") -> CallLatencies:
    found = Latencies.of(seconds)
    return CallLatencies(requests=len(seconds), p50=found.p50, p90=found.p90, p99=found.p99)


class _Measured(Generic[R]):
    """A reply whose arrival is recorded."""

    __slots__ = ("_begun", "_reply", "_seconds")

    def __init__(self, reply: Awaitable[R], begun: float, seconds: "array[float]") -> None:
        self._reply = reply
        self._begun = begun
        self._seconds = seconds

    def __await__(self) -> Generator[object, None, R]:
        reply = yield from self._reply.__await__()
        self._seconds.append(time.perf_counter() - self._begun)
        return reply
