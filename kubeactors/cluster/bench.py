"""How fast a cluster is: pods from creation to Running, measured from outside through a watch."""

import resource
import sys
import time
from collections.abc import Callable, Sequence
from typing import cast

import anyio
import msgspec

from kubeactors.api.core.v1 import Container, Node, Pod, PodSpec, ResourceRequirements
from kubeactors.apimachinery.meta import ObjectMeta, TypedObject
from kubeactors.apimachinery.requests import DELETED
from kubeactors.client import Client
from kubeactors.cluster.cluster import Cluster
from kubeactors.cluster.conditions import holds
from kubeactors.cluster.spec import NodePool

CREATORS = 32
"""How many pods are being created at one time."""


class Latencies(msgspec.Struct, frozen=True):
    """Seconds from creation to Running, by percentile of pods."""

    p50: float
    p90: float
    p99: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> "Latencies":
        """The percentiles of a sample; zeros if it is empty.

        >>> Latencies.of([3.0, 1.0, 2.0])
        Latencies(p50=2.0, p90=3.0, p99=3.0)
        """
        ordered = sorted(seconds)

        def at(share: float) -> float:
            return round(ordered[min(int(share * len(ordered)), len(ordered) - 1)], 4) if ordered else 0.0

        return cls(at(0.5), at(0.9), at(0.99))


class BenchResult(msgspec.Struct, frozen=True, kw_only=True):
    """One measurement. `pods` counts those that came to run; `seconds` is from the first creation to the last Running."""

    nodes: int
    pods: int
    seconds: float
    pods_per_second: float
    startup_latency_seconds: Latencies
    nodes_ready_seconds: float
    messages_per_pod: float
    peak_rss_bytes: int
    python: str
    complete: bool = True


class Progress(msgspec.Struct):
    """What has been measured so far; readable while the measurement runs."""

    nodes: int = 0
    created: int = 0
    running: int = 0
    elapsed: float = 0.0


async def measure(
    nodes: int,
    pods: int,
    progress: Progress,
    tick: Callable[[], object] = lambda: None,
    scope: anyio.CancelScope | None = None,
) -> BenchResult:
    """Boot a cluster in memory, create pods, and wait until they run. `tick` is called now and then.

    The nodes are big enough for all pods. Containers start without latency: what is measured is the control plane.
    When `scope` is cancelled it returns what there is, with `complete` false.
    """
    per_node = -(-pods // max(nodes, 1)) + 10
    pool = NodePool(count=nodes, cpu=str(per_node), memory=f"{per_node}Gi", pods=str(per_node), start_latency_seconds=0)
    begun = time.perf_counter()
    ready, handled = 0.0, 0
    async with Cluster(pool) as cluster:
        run = _Run(cluster.client, pods, progress, tick)
        with scope or anyio.CancelScope():
            await _nodes_ready(cluster, nodes)
            ready = time.perf_counter() - begun
            handled = _handled(cluster)
            await run.measure(cluster)
        messages = _handled(cluster) - handled
    seconds = max(run.seconds, 1e-9)
    return BenchResult(
        nodes=nodes,
        pods=progress.running,
        seconds=round(seconds, 4),
        pods_per_second=round(progress.running / seconds, 1),
        startup_latency_seconds=Latencies.of(run.latencies),
        nodes_ready_seconds=round(ready, 4),
        messages_per_pod=round(messages / max(progress.running, 1), 2),
        peak_rss_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        python=sys.version.split()[0],
        complete=progress.running == pods,
    )


class _Run:
    """Creates pods and watches them."""

    def __init__(self, client: Client, pods: int, progress: Progress, tick: Callable[[], object]) -> None:
        self._client = client
        self._pods = pods
        self._progress = progress
        self._tick = tick
        self._created: dict[str, float] = {}
        self._next = 0
        self.latencies: list[float] = []
        self.seconds = 0.0

    async def measure(self, cluster: Cluster) -> None:
        """Until all run."""
        spec = PodSpec(containers=(Container(name="app", image="example/app:1", resources=_SMALL),))
        async with cluster.watching(Pod, "default") as inbox, anyio.create_task_group() as group:
            begun = time.perf_counter()
            for _ in range(CREATORS):
                group.start_soon(self._create, spec)
            while self._progress.running < self._pods:
                event = await inbox.next()
                assert event is not None
                self._seen(cast("Pod", event.object))
                self.seconds = self._progress.elapsed = time.perf_counter() - begun

    async def _create(self, spec: PodSpec) -> None:
        while self._next < self._pods:
            self._next += 1
            name = f"pod-{self._next}"
            self._created[name] = time.perf_counter()
            await self._client.create(Pod(metadata=ObjectMeta(name=name, namespace="default"), spec=spec))
            self._progress.created += 1
            if self._progress.created % 100 == 0:
                self._tick()
                await anyio.lowlevel.checkpoint()

    def _seen(self, pod: Pod) -> None:
        if pod.status.phase == "Running" and (created := self._created.pop(pod.metadata.name, None)) is not None:
            self.latencies.append(time.perf_counter() - created)
            self._progress.running += 1
            if self._progress.running % 100 == 0:
                self._tick()


_SMALL = ResourceRequirements(requests={"cpu": "100m", "memory": "64Mi"})


async def _nodes_ready(cluster: Cluster, nodes: int) -> None:
    ready: dict[str, None] = {}
    async with cluster.watching(Node) as inbox:
        for node in (await cluster.client.list(Node)).items:
            _note(ready, node)
        while len(ready) < nodes:
            event = await inbox.next()
            assert event is not None
            if event.type != DELETED:
                _note(ready, cast("TypedObject", event.object))


def _note(ready: dict[str, None], node: TypedObject) -> None:
    if holds(node, "Ready"):
        ready[node.metadata.name] = None


def _handled(cluster: Cluster) -> int:
    """Messages that actors have handled so far."""
    return cluster.system.kernel.total_handled()
