"""What does a write cost with thousands of watchers, if it matches one of them, and if it matches all?"""

from msgspec.structs import replace

from benchmarks.cluster.question import Figure, Figures, Question, Stopwatch, pod_named, pool_for, ready_cluster
from kubeactors import Cluster
from kubeactors.api.core.v1 import ConfigMap, Pod
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.apimachinery.requests import ListOptions, WatchClosed, WatchEvents

NODES, WRITES, WATCHERS = 5_000, 2_000, 5_000
BROADCASTS = 100


class _Counter:
    """A watcher that counts."""

    def __init__(self) -> None:
        self.events = 0

    def tell(self, message: WatchEvents | WatchClosed, /) -> bool:
        if isinstance(message, WatchEvents):
            self.events += len(message.events)
        return True


async def answer(scale: float) -> Figures:
    """5,000 kubelets, each watching its own pods; then 5,000 watchers of one collection."""
    nodes, writes = max(int(NODES * min(scale, 1.0)), 2), max(int(WRITES * scale), 10)
    few = await _write_cost(2, writes)
    many = await _write_cost(nodes, writes)
    watchers = max(int(WATCHERS * min(scale, 1.0)), 1)
    event = await _broadcast_cost(watchers)
    return (
        Figure(name="CPU time of a write to a pod, 2 kubelets", value=few, unit="us"),
        Figure(name=f"CPU time of a write to a pod, {nodes:,} kubelets", value=many, unit="us"),
        Figure(name="ratio", value=many / few, unit="x", at_most=1.3),
        Figure(name=f"CPU time of an event to one of {watchers:,} watchers of everything", value=event, unit="us"),
    )


async def _write_cost(nodes: int, writes: int) -> float:
    async with ready_cluster(pool_for(nodes, 100)) as cluster:
        await cluster.client.create(pod_named("one"))
        await cluster.wait_for("pod/one", "Ready", timeout=60.0)
        with Stopwatch() as watch:
            for number in range(writes):
                await _label(cluster, str(number))
    return watch.cpu / writes * 1e6


async def _label(cluster: Cluster, value: str) -> None:
    pod = await cluster.client.get(Pod, "one", "default", resource_version="0")
    changed = replace(pod.metadata, labels={"number": value}, resource_version="")
    await cluster.client.update(replace(pod, metadata=changed))


async def _broadcast_cost(watchers: int) -> float:
    async with ready_cluster(pool_for(1, 1)) as cluster:
        counters = [_Counter() for _ in range(watchers)]
        for counter in counters:
            await cluster.client.watch(ConfigMap, counter, 1, ListOptions(), "default")
        with Stopwatch() as watch:
            for number in range(BROADCASTS):
                await cluster.client.create(ConfigMap(metadata=ObjectMeta(name=f"c-{number}", namespace="default")))
        received = sum(one.events for one in counters)
    return watch.cpu / max(received, 1) * 1e6


QUESTIONS = (Question(name="fan-out", text="watches of 5,000 kubelets, and of 5,000 others", answer=answer),)
