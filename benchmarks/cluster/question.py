"""The interface of a benchmark module, and shared steps: boot a cluster, create pods, wait for them."""

import gc
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self

import anyio
import msgspec

from kubeactors import Cluster, NodePool
from kubeactors.api.core.v1 import Container, Node, Pod, PodSpec, ResourceRequirements
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.cluster.conditions import holds

SETTLING_SECONDS = 10.0
"""The aftermath of starting thousands of nodes is over by then, and not measured."""
CREATORS = 32
"""How many pods are created concurrently."""


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """A measured value, with its lower or upper bound; 0 for none."""

    name: str
    value: float
    unit: str
    at_least: float = 0.0
    at_most: float = 0.0

    @property
    def verdict(self) -> str:
        """Whether it meets its bound, for the table."""
        if self.at_least:
            return f"{'reached' if self.value >= self.at_least else 'MISSED'} (at least {self.at_least:,g})"
        if self.at_most:
            return f"{'reached' if self.value <= self.at_most else 'MISSED'} (at most {self.at_most:,g})"
        return ""


Figures = tuple[Figure, ...]


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A benchmark, run in a process of its own; `scale` is the fraction or multiple of the workload."""

    name: str
    text: str
    answer: Callable[[float], Awaitable[Figures]]


class Stopwatch:
    """Wall time and CPU time of a block, in seconds."""

    wall = 0.0
    cpu = 0.0

    def __enter__(self) -> Self:
        gc.collect()
        self._wall, self._cpu = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.wall, self.cpu = time.perf_counter() - self._wall, time.process_time() - self._cpu


def resident_mib(pid: int | str = "self") -> float:
    """The resident memory of a process now, in MiB."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096 / 2**20


def pool_for(nodes: int, pods: int) -> NodePool:
    """Nodes with room for all pods, whose containers start at once."""
    size = str(-(-pods // nodes) + 10)
    return NodePool(count=nodes, cpu=size, memory=f"{size}Gi", pods=size, start_latency_seconds=0.0)


def pod_named(name: str, labels: dict[str, str] | None = None) -> Pod:
    """A small pod."""
    return Pod(metadata=ObjectMeta(name=name, namespace="default", labels=labels or {}), spec=SPEC)


_SMALL = ResourceRequirements(requests={"cpu": "100m", "memory": "64Mi"})
SPEC = PodSpec(containers=(Container(name="app", image="example/app:1", resources=_SMALL),))


@asynccontextmanager
async def ready_cluster(pool: NodePool) -> AsyncGenerator[Cluster]:
    """A quiet in-memory cluster with all nodes Ready."""
    async with Cluster(pool) as cluster:
        ready: dict[str, None] = {}
        async with cluster.watching(Node) as inbox:
            for node in (await cluster.client.list(Node)).items:
                if holds(node, "Ready"):
                    ready[node.metadata.name] = None
            wanted = len(pool.names())
            while len(ready) < wanted:
                event = await inbox.next()
                assert event is not None, "the server is up"
                if isinstance(event.object, Node) and holds(event.object, "Ready"):
                    ready[event.object.metadata.name] = None
        await anyio.sleep(SETTLING_SECONDS)
        yield cluster


class Started(msgspec.Struct):
    """Seconds from creation to Running, by pod."""

    created: dict[str, float] = {}
    took: dict[str, float] = {}


async def start_pods(cluster: Cluster, pods: int) -> Started:
    """Create so many pods as fast as the server accepts them, and wait until all run."""
    found = Started()
    names = iter([f"pod-{number}" for number in range(pods)])
    async with cluster.watching(Pod, "default") as inbox, anyio.create_task_group() as group:
        for _ in range(CREATORS):
            group.start_soon(_create, cluster, names.__next__, found)
        while len(found.took) < pods:
            event = await inbox.next()
            assert event is not None, "the server is up"
            pod, now = event.object, time.perf_counter()
            if isinstance(pod, Pod) and pod.status.phase == "Running" and pod.metadata.name not in found.took:
                found.took[pod.metadata.name] = now - found.created[pod.metadata.name]
    return found


async def _create(cluster: Cluster, next_name: Callable[[], str], found: Started) -> None:
    while True:
        try:
            name = next_name()
        except StopIteration:
            return
        found.created[name] = time.perf_counter()
        await cluster.client.create(pod_named(name))
        if len(found.created) % 100 == 0:
            await anyio.lowlevel.checkpoint()


def percentile(values: list[float], share: float) -> float:
    """The value that this share of the values does not exceed.

    >>> percentile([3.0, 1.0, 2.0], 0.5)
    2.0
    """
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]
