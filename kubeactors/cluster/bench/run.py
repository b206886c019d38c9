"""A whole measurement: boot an in-memory cluster, run the steps of a scenario, collect results."""

import os
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path

import anyio

from kubeactors.actor import Census, counted
from kubeactors.api.core.v1 import ConfigMap, Pod
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.apimachinery.requests import ListOptions
from kubeactors.apimachinery.status import StatusError
from kubeactors.client import Client
from kubeactors.cluster.bench.fits import all_pools
from kubeactors.cluster.bench.latency import Latencies, MeasuringTransport, percentiles
from kubeactors.cluster.bench.nodes import until_ready
from kubeactors.cluster.bench.pods import PodWatcher
from kubeactors.cluster.bench.progress import Progress
from kubeactors.cluster.bench.result import ActorUse, BenchResult, MessageCount, Sample
from kubeactors.cluster.bench.samples import Sampler, peak_rss_bytes
from kubeactors.cluster.bench.scenario import Scenario
from kubeactors.cluster.bench.steps import Steps
from kubeactors.cluster.cluster import Cluster
from kubeactors.cluster.spec import ClusterSpec

PROBE_SECONDS = 0.25
PROBE = "bench-probe"


def spec_of(scenario: Scenario) -> ClusterSpec:
    """The spec of a scenario's cluster."""
    first, *others = all_pools(scenario)
    timing, scheduler = scenario.clockwork.timing(), scenario.scheduler
    return ClusterSpec(
        nodes=first, more_nodes=tuple(others), timing=timing, scheduler=scheduler, stages=scenario.played
    )


async def measure(
    scenario: Scenario,
    progress: Progress | None = None,
    tick: Callable[[], object] = lambda: None,
    scope: anyio.CancelScope | None = None,
    *,
    count_messages: bool = False,
) -> BenchResult:
    """Run a scenario in an in-memory cluster of its own.

    Args:
        scenario: the scenario.
        progress: kept up to date meanwhile.
        tick: called when it has changed.
        scope: when it is cancelled, the results so far are returned, with `interrupted` true.
        count_messages: count messages by actor and kind, which costs some speed.

    A step that fails, or whose pods do not reach Running, is the last; its result says why.
    """
    run = Run(scenario, progress or Progress(), tick)
    with scope or anyio.CancelScope() as inner:
        await run.run(count_messages=count_messages)
    return run.result(interrupted=inner.cancel_called)


class Run:
    """A run of a scenario. `result` has the measurements at any time."""

    def __init__(self, scenario: Scenario, progress: Progress, tick: Callable[[], object]) -> None:
        self._scenario = scenario
        self._progress = progress
        self._nodes = sum(len(pool.names()) for pool in all_pools(scenario))
        self._tick = tick
        self._pods = PodWatcher()
        self._ready_seconds = 0.0
        self._begun = 0.0
        self._seconds = 0.0
        self._handled = 0
        self._transport: MeasuringTransport | None = None
        self._steps: Steps | None = None
        self._sampler: Sampler | None = None
        self._use: tuple[ActorUse, ...] = ()
        self._census = Census()
        self._not_booted = ""

    async def run(self, *, count_messages: bool) -> None:
        """Boot, run all steps, stop."""
        progress, nodes = self._progress, self._nodes
        progress.nodes, progress.steps = nodes, len(self._scenario.steps)
        self._tick()
        begun = time.perf_counter()
        async with Cluster(spec=spec_of(self._scenario)) as cluster:
            with anyio.move_on_after(self._scenario.boot_seconds) as boot:
                await until_ready(cluster, nodes)
            if boot.cancelled_caught:
                self._not_booted = f"not all nodes are Ready after {self._scenario.boot_seconds:g} s"
                return
            self._ready_seconds = time.perf_counter() - begun
            if not count_messages:
                await self._measure(cluster)
                return
            with counted(cluster.system.kernel) as self._census:
                await self._measure(cluster)

    async def _measure(self, cluster: Cluster) -> None:
        self._transport = MeasuringTransport(cluster.transport)
        client = Client(self._transport, cluster.client.user)
        await cluster.client.watch(Pod, self._pods, 1, ListOptions())
        self._steps = steps = Steps(cluster, client, self._pods, self._scenario, self._begins)
        self._sampler = Sampler(cluster.system, self._pods, lambda: steps.created, self._looked)
        handled = cluster.system.kernel.total_handled()
        self._begun = time.perf_counter()
        try:
            async with anyio.create_task_group() as group:
                group.start_soon(self._sampler.run)
                group.start_soon(_probe, client)
                await steps.run()
                group.cancel_scope.cancel()
        finally:
            self._seconds = time.perf_counter() - self._begun
            self._handled = cluster.system.kernel.total_handled() - handled
            self._sampler.look()
            self._use = self._sampler.uses()

    def _begins(self, title: str) -> None:
        self._progress.phase = title
        self._progress.step += 1
        self._progress.wanted = sum(wave.wanted for wave in self._pods.waves.values())
        self._tick()

    def _looked(self, sample: Sample) -> None:
        assert self._transport is not None  # created before the first sample
        self._progress.sample = sample
        self._progress.elapsed = time.perf_counter() - self._begun
        self._progress.good = sum(wave.good for wave in self._pods.waves.values())
        self._progress.api_p99 = self._transport.recent().p99
        self._progress.wanted = sum(wave.wanted for wave in self._pods.waves.values())
        self._tick()

    def result(self, *, interrupted: bool) -> BenchResult:
        """The measurements so far."""
        running, seconds = self._pods.running, max(self._seconds, 1e-9)
        steps = tuple(self._steps.results) if self._steps is not None else ()
        done = len(steps) == len(self._scenario.steps) and all(one.complete for one in steps)
        return BenchResult(
            nodes=self._nodes,
            pods=running,
            seconds=round(seconds, 4),
            pods_per_second=round(running / seconds, 1),
            startup_latency_seconds=Latencies.of(self._pods.latencies),
            nodes_ready_seconds=round(self._ready_seconds, 4),
            messages_per_pod=round(self._handled / max(running, 1), 2),
            peak_rss_bytes=peak_rss_bytes(),
            python=sys.version.split()[0],
            complete=done,
            interrupted=interrupted,
            detail=self._not_booted,
            scenario=self._scenario.name,
            machine=machine(),
            steps=steps,
            api_latency_seconds=self._transport.latencies() if self._transport is not None else {},
            startup_percentiles=percentiles(self._pods.latencies),
            actors=self._use,
            samples=tuple(self._sampler.samples) if self._sampler is not None else (),
            messages=tuple(
                MessageCount(
                    actor=one.actor, message=one.message, count=one.count, per_pod=round(one.count / max(running, 1), 3)
                )
                for one in self._census.counts()
            ),
        )


async def _probe(client: Client) -> None:
    """Send a small request periodically, as an interactive user would, to measure its latency."""
    await client.create(ConfigMap(metadata=ObjectMeta(name=PROBE, namespace="default")))
    number = 0
    while True:
        await anyio.sleep(PROBE_SECONDS)
        number += 1
        try:
            await client.get(ConfigMap, PROBE, "default")
            await client.list(ConfigMap, "default")
            await client.patch(ConfigMap, PROBE, {"data": {"number": str(number)}}, "default")
        except StatusError:  # its latency counts, its result does not
            continue


def machine() -> str:
    """A description of the machine, as far as it is known, for comparisons."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = cpuinfo.read_text(encoding="utf-8").splitlines()
        model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), model)
    return f"{os.cpu_count()} x {model}, {platform.system()}"
