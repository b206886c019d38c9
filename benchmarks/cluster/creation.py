"""How fast do pods go from creation to Running, in-process, and is the cost per pod flat as the cluster grows?"""

from functools import partial

import msgspec

from benchmarks.cluster.question import (
    SETTLING_SECONDS,
    Figure,
    Figures,
    Question,
    Stopwatch,
    percentile,
    pool_for,
    ready_cluster,
    resident_mib,
    start_pods,
)


class Bars(msgspec.Struct, frozen=True, kw_only=True):
    """The required rates at one size; 0 for none."""

    pods_per_second: float = 0.0
    seconds: float = 0.0
    mib: float = 0.0


async def answer(nodes: int, pods: int, bars: Bars, scale: float) -> Figures:
    """Measure at one size; `scale` below one also reduces the number of nodes."""
    nodes, pods = max(int(nodes * min(scale, 1.0)), 1), max(int(pods * scale), 1)
    watch = Stopwatch()
    with Stopwatch() as boot:
        async with ready_cluster(pool_for(nodes, pods)) as cluster:
            before = resident_mib()
            with watch:
                found = await start_pods(cluster, pods)
            mib = resident_mib()
    latencies = list(found.took.values())
    return (
        Figure(name="pods a second", value=pods / watch.wall, unit="/s", at_least=bars.pods_per_second),
        Figure(name="CPU time a pod", value=watch.cpu / pods * 1e6, unit="us"),
        Figure(name="all pods Running after", value=watch.wall, unit="s", at_most=bars.seconds),
        Figure(name="start-up p50", value=percentile(latencies, 0.5), unit="s"),
        Figure(name="start-up p99", value=percentile(latencies, 0.99), unit="s"),
        Figure(name="memory of the whole process", value=mib, unit="MiB", at_most=bars.mib),
        Figure(name="memory a pod", value=(mib - before) * 1024 / pods, unit="KiB"),
        Figure(name="memory a node, empty", value=before * 1024 / nodes, unit="KiB"),
        Figure(name="boot to Ready, and the end", value=boot.wall - watch.wall - SETTLING_SECONDS, unit="s"),
    )


async def flatness(scale: float) -> Figures:
    """CPU time per pod in clusters of 5,000 nodes with 1,000 and with 150,000 pods."""
    costs: list[float] = []
    for pods in (1_000, 150_000):
        count = max(int(pods * scale), 100)
        async with ready_cluster(pool_for(max(int(5_000 * min(scale, 1.0)), 1), count)) as cluster:
            with Stopwatch() as watch:
                await start_pods(cluster, count)
        costs.append(watch.cpu / count * 1e6)
    return (
        Figure(name="CPU time a pod at 1,000 pods", value=costs[0], unit="us"),
        Figure(name="CPU time a pod at 150,000 pods", value=costs[1], unit="us"),
        Figure(name="ratio", value=costs[1] / costs[0], unit="x", at_most=1.3),
    )


QUESTIONS = (
    Question(
        name="create-1000",
        text="1,000 nodes, 5,000 pods from creation to Running, in process",
        answer=partial(answer, 1_000, 5_000, Bars(pods_per_second=3_000, mib=150)),
    ),
    Question(
        name="create-5000",
        text="5,000 nodes, 50,000 pods from creation to Running, in process",
        answer=partial(answer, 5_000, 50_000, Bars(pods_per_second=2_000)),
    ),
    Question(
        name="create-limit",
        text="5,000 nodes, 150,000 pods: Kubernetes' official limit",
        answer=partial(answer, 5_000, 150_000, Bars(seconds=120, mib=1_536)),
    ),
    Question(
        name="create-beyond",
        text="100,000 nodes, 100,000 pods",
        answer=partial(answer, 100_000, 100_000, Bars()),
    ),
    Question(name="flatness", text="the cost of a pod as the cluster grows", answer=flatness),
)
