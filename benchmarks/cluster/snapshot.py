"""How long does it take to keep a cluster, and to begin another with it? `python -m benchmarks.cluster.snapshot --help`."""

import argparse
import time

import anyio
import msgspec

from kubeactors.api.core.v1 import Pod
from kubeactors.apimachinery.requests import ListOptions
from kubeactors.client import Client
from kubeactors.cluster import Cluster
from kubeactors.cluster.bench import plain
from kubeactors.cluster.bench.nodes import until_ready
from kubeactors.cluster.bench.pods import PodWatcher
from kubeactors.cluster.bench.run import spec_of
from kubeactors.cluster.bench.steps import Steps


class Times(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it."""

    nodes: int
    pods: int
    snapshot_milliseconds: float
    """Until the snapshot is there."""
    serves_milliseconds: float
    """Until a cluster that begins with it answers: objects can be read and written."""
    all_pods_milliseconds: float
    """Until it has listed all pods, still running."""


async def measure(nodes: int, pods: int) -> Times:
    """Fill a cluster, keep it, begin another."""
    scenario, watcher = plain(nodes, pods), PodWatcher()
    async with Cluster(spec=spec_of(scenario)) as cluster:
        await until_ready(cluster, nodes)
        await cluster.client.watch(Pod, watcher, 1, ListOptions())
        await Steps(cluster, Client(cluster.transport, cluster.client.user), watcher, scenario).run()
        await anyio.sleep(1.0)
        begun = time.perf_counter()
        snapshot = await cluster.snapshot()
        taken = time.perf_counter()
        async with Cluster(snapshot=snapshot) as future:
            serves = time.perf_counter()
            found = (await future.client.list(Pod, "default")).items
            listed = time.perf_counter()
            assert sum(one.status.phase == "Running" for one in found) == pods
    milliseconds = [round(1000 * (end - start), 2) for start, end in ((begun, taken), (taken, serves), (taken, listed))]
    return Times(
        nodes=nodes,
        pods=pods,
        snapshot_milliseconds=milliseconds[0],
        serves_milliseconds=milliseconds[1],
        all_pods_milliseconds=milliseconds[2],
    )


def main() -> None:
    """Parse, measure, print JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cluster.snapshot", description=__doc__)
    parser.add_argument("--nodes", type=int, default=100)
    parser.add_argument("--pods", type=int, default=5000)
    options = parser.parse_args()
    print(msgspec.json.encode(anyio.run(measure, options.nodes, options.pods)).decode())


if __name__ == "__main__":
    main()
