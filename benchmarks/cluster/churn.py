"""How long do requests and pod starts take under steady churn?"""

import time

import anyio

from benchmarks.cluster.question import Figure, Figures, Question, percentile, pod_named, pool_for, ready_cluster
from kubeactors import Cluster
from kubeactors.api.core.v1 import Pod
from kubeactors.apimachinery.requests import DELETED

NODES, PODS_PER_SECOND, SECONDS, ALIVE = 1_000, 100, 30.0, 1_000
"""Pods are created and deleted at this rate; each lives until `ALIVE` others have been created."""


class _Churn:
    """Creates and deletes pods at a steady rate, and records latencies."""

    def __init__(self, cluster: Cluster, pods: int) -> None:
        self._cluster = cluster
        self._pods = pods
        self._created: dict[str, float] = {}
        self.requests: list[float] = []
        self.starts: list[float] = []

    async def run(self) -> None:
        async with self._cluster.watching(Pod, "default") as inbox, anyio.create_task_group() as group:
            group.start_soon(self._pace, group)
            while len(self.starts) < self._pods:
                event = await inbox.next()
                assert event is not None, "the server is up"
                pod = event.object
                if event.type != DELETED and isinstance(pod, Pod) and pod.status.phase == "Running":
                    created = self._created.pop(pod.metadata.name, None)
                    if created is not None:
                        self.starts.append(time.perf_counter() - created)

    async def _pace(self, group: anyio.abc.TaskGroup) -> None:
        begun = time.perf_counter()
        for number in range(self._pods):
            await anyio.sleep(max(begun + number / PODS_PER_SECOND - time.perf_counter(), 0.0))
            group.start_soon(self._create, f"pod-{number}")
            if number >= ALIVE:
                group.start_soon(self._delete, f"pod-{number - ALIVE}")

    async def _create(self, name: str) -> None:
        self._created[name] = begun = time.perf_counter()
        await self._cluster.client.create(pod_named(name))
        self.requests.append(time.perf_counter() - begun)

    async def _delete(self, name: str) -> None:
        begun = time.perf_counter()
        await self._cluster.client.delete(Pod, name, "default")
        self.requests.append(time.perf_counter() - begun)


async def answer(scale: float) -> Figures:
    """Kubernetes' SLOs: 99% of requests within a second, 99% of pod starts within five."""
    pods = max(int(PODS_PER_SECOND * SECONDS * scale), 10)
    async with ready_cluster(pool_for(max(int(NODES * min(scale, 1.0)), 1), 2 * ALIVE)) as cluster:
        churn = _Churn(cluster, pods)
        cpu = time.process_time()
        begun = time.perf_counter()
        await churn.run()
        wall, used = time.perf_counter() - begun, time.process_time() - cpu
    return (
        Figure(name="request p99", value=percentile(churn.requests, 0.99) * 1e3, unit="ms", at_most=1_000),
        Figure(name="request p50", value=percentile(churn.requests, 0.5) * 1e3, unit="ms"),
        Figure(name="start-up p99", value=percentile(churn.starts, 0.99) * 1e3, unit="ms", at_most=5_000),
        Figure(name="start-up p50", value=percentile(churn.starts, 0.5) * 1e3, unit="ms"),
        Figure(name="of one core", value=used / wall * 100, unit="%"),
    )


QUESTIONS = (Question(name="churn", text="100 pods a second come and go on 1,000 nodes", answer=answer),)
