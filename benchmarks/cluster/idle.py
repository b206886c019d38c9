"""What does an idle cluster cost, in virtual and in real time?

Nodes send heartbeats and report their status, node lifecycle watches over them, watches end and begin anew; pods run.
"""

import time
from functools import partial

import anyio

from benchmarks.cluster.question import Figure, Figures, Question, Stopwatch, pool_for, ready_cluster, start_pods
from benchmarks.cluster.simulated import Simulated

DAY = 24 * 3600.0


async def in_virtual_time(nodes: int, pods: int, seconds: float, at_least: float, scale: float) -> Figures:
    """How much faster than real time virtual time passes."""
    size = min(scale, 1.0)
    cluster = Simulated(max(int(nodes * size), 1), max(int(pods * size), 1))
    virtual = seconds * scale
    with Stopwatch() as watch:
        cluster.sim.run(virtual)
    await anyio.lowlevel.checkpoint()
    return (
        Figure(name="virtual seconds a second of CPU", value=virtual / watch.cpu, unit="x", at_least=at_least),
        Figure(name=f"CPU time of {virtual:,.0f} virtual seconds", value=watch.cpu, unit="s"),
    )


async def in_real_time(nodes: int, pods: int, at_most: float, scale: float) -> Figures:
    """The share of a core that it takes."""
    nodes, pods = max(int(nodes * min(scale, 1.0)), 1), max(int(pods * min(scale, 1.0)), 1)
    async with ready_cluster(pool_for(nodes, pods)) as cluster:
        await start_pods(cluster, pods)
        await anyio.sleep(15.0)
        cpu, begun = time.process_time(), time.perf_counter()
        await anyio.sleep(max(30.0 * scale, 10.0))
        share = (time.process_time() - cpu) / (time.perf_counter() - begun)
    return (Figure(name="of one core", value=share * 100, unit="%", at_most=at_most),)


QUESTIONS = (
    Question(
        name="idle-virtual",
        text="1,000 nodes and 10,000 pods idle in virtual time, ten minutes",
        answer=partial(in_virtual_time, 1_000, 10_000, 600.0, 500.0),
    ),
    Question(
        name="day",
        text="a virtual day of 1,000 nodes and 10,000 pods",
        answer=partial(in_virtual_time, 1_000, 10_000, DAY, 0.0),
    ),
    Question(
        name="idle-real",
        text="1,000 nodes and 5,000 pods idle in real time",
        answer=partial(in_real_time, 1_000, 5_000, 5.0),
    ),
    Question(
        name="idle-real-5000",
        text="5,000 heartbeating nodes and as many pods, in real time",
        answer=partial(in_real_time, 5_000, 5_000, 0.0),
    ),
)
