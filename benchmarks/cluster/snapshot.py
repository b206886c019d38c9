"""How long does it take to snapshot a cluster, and to start another one from the snapshot?"""

import time

import anyio

from benchmarks.cluster.question import Figure, Figures, Question, pool_for, ready_cluster, start_pods
from kubeactors import Cluster
from kubeactors.api.core.v1 import Pod

NODES, PODS = 100, 5_000


async def answer(scale: float) -> Figures:
    """Snapshot a cluster full of pods, and start another one from it, in which all of them keep running."""
    pods = max(int(PODS * scale), 1)
    async with ready_cluster(pool_for(NODES, pods)) as cluster:
        await start_pods(cluster, pods)
        await anyio.sleep(1.0)
        begun = time.perf_counter()
        snapshot = await cluster.snapshot()
        taken = time.perf_counter()
        snapshot.backend()
        restored = time.perf_counter()
        async with Cluster(snapshot=snapshot) as future:
            serves = time.perf_counter()
            found = (await future.client.list(Pod, "default")).items
    assert sum(one.status.phase == "Running" for one in found) == pods
    return (
        Figure(name=f"keep a cluster of {pods:,} pods", value=(taken - begun) * 1e3, unit="ms"),
        Figure(
            name="begin another with it: boot, kubelets adopt, first answer", value=(serves - restored) * 1e3, unit="ms"
        ),
    )


QUESTIONS = (Question(name="snapshot", text="snapshots of a whole cluster", answer=answer),)
