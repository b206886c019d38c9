"""Samples of a running cluster: memory, mailboxes, busy actors, rates."""

import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

import anyio
import msgspec
from msgspec.structs import replace

from kubeactors.actor import ActorSystem
from kubeactors.actor.statistics import Snapshot
from kubeactors.cluster.bench.latency import Latencies
from kubeactors.cluster.bench.pods import PodWatcher
from kubeactors.cluster.bench.result import ActorUse, Sample

INTERVAL_SECONDS = 0.25
SHORT_SECONDS = 0.15
COST = 100
"""A sample may cost 1/100 of the time: with many nodes samples are rarer."""
MOST = 500
"""Above this number every second sample is dropped, and the interval doubles."""


class ClassUse(msgspec.Struct):
    """The totals of a class of actors at a moment."""

    actors: int = 0
    handled: int = 0
    busy_seconds: float = 0.0
    mailbox: int = 0


def by_class(snapshot: Snapshot) -> dict[str, ClassUse]:
    """The state and work of actors, including stopped ones, summed by class."""
    found = {one.actor: ClassUse(handled=one.handled, busy_seconds=one.busy_seconds) for one in snapshot.totals}
    for one in snapshot.actors:
        if one.actor:
            use = found[one.actor]
            use.actors += 1
            use.mailbox += one.mailbox
    return found


class Sampler:
    """Takes samples periodically while `run` runs.

    Args:
        system: the actors to sample.
        pods: the state of pods.
        created: returns the number of pods created so far.
        show: called after each sample.
    """

    def __init__(
        self, system: ActorSystem, pods: PodWatcher, created: Callable[[], int], show: Callable[[Sample], object]
    ) -> None:
        self._system = system
        self._pods = pods
        self._created = created
        self._show = show
        self._interval = INTERVAL_SECONDS
        self._begun = time.perf_counter()
        self._seen = 0
        self._deepest: dict[str, int] = {}
        self._first = self._last = by_class(system.snapshot())
        self.samples: list[Sample] = []

    async def run(self) -> None:
        """Run until cancelled."""
        while True:
            await anyio.sleep(self._interval)
            self.look()

    def look(self) -> None:
        """Take a sample now."""
        begun = time.perf_counter()
        use = by_class(self._system.snapshot())
        sample = self._sample(begun - self._begun, use)
        self._last, self._seen = use, len(self._pods.latencies)
        self.samples.append(sample)
        if len(self.samples) > MOST:
            del self.samples[::2]
            self._interval *= 2
        for name, waiting in sample.mailboxes.items():
            self._deepest[name] = max(self._deepest.get(name, 0), waiting)
        self._show(sample)
        self._interval = max(self._interval, COST * (time.perf_counter() - begun))

    def _sample(self, at: float, use: dict[str, ClassUse]) -> Sample:
        since = max(at - (self.samples[-1].at if self.samples else 0.0), 1e-9)
        if since < SHORT_SECONDS and self.samples:
            last = self.samples.pop()  # rates over so short a time are meaningless: merge it with the one before
            counts = {"created": self._created(), "running": self._pods.running, "rss_bytes": rss_bytes()}
            return replace(last, at=round(at, 3), **counts)
        fresh = self._pods.latencies[self._seen :]
        startup = Latencies.of(fresh) if fresh else None
        busy = {name: (one.busy_seconds - _of(self._last, name).busy_seconds) / since for name, one in use.items()}
        return Sample(
            at=round(at, 3),
            created=self._created(),
            running=self._pods.running,
            pods_per_second=round(len(fresh) / since, 1),
            startup_p50=startup.p50 if startup else None,
            startup_p99=startup.p99 if startup else None,
            rss_bytes=rss_bytes(),
            mailboxes={name: one.mailbox for name, one in use.items() if one.mailbox},
            busy={name: round(share, 4) for name, share in busy.items() if share >= 0.0005},
        )

    def uses(self) -> tuple[ActorUse, ...]:
        """The totals of each class of actors since the beginning, the busiest first."""
        pods = max(self._pods.running, 1)
        found = [
            ActorUse(
                actor=name,
                actors=use.actors,
                messages=(messages := use.handled - _of(self._first, name).handled),
                messages_per_pod=round(messages / pods, 2),
                busy_seconds=round(use.busy_seconds - _of(self._first, name).busy_seconds, 3),
                deepest_mailbox=self._deepest.get(name, 0),
            )
            for name, use in by_class(self._system.snapshot()).items()
        ]
        return tuple(sorted(found, key=lambda one: (-one.busy_seconds, -one.messages, one.actor)))


def _of(use: dict[str, ClassUse], name: str) -> ClassUse:
    return use.get(name) or ClassUse()


def rss_bytes() -> int:
    """The resident memory of this process; where that is unavailable, its peak."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_bytes().split()[1]) * resource.getpagesize()
    return peak_rss_bytes()


def peak_rss_bytes() -> int:
    """The peak resident memory of this process."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
