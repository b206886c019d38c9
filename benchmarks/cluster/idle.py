"""How fast does time pass in a simulated cluster where nothing happens? `python -m benchmarks.cluster.idle --help`.

Nodes send heartbeats and report their status, node lifecycle watches over them, watches end and begin anew; pods run.
"""

import argparse
import cProfile
import pstats
import time

import msgspec
from msgspec.structs import replace

from kubeactors.actor import SimSystem
from kubeactors.api import SCHEME
from kubeactors.api.core.v1 import Container, Pod, PodSpec
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.apimachinery.requests import ADMIN, Create, List, ListResult, Result
from kubeactors.cluster.plane import ControlPlane, GetApiServer
from kubeactors.cluster.spec import ClusterSpec, NodePool
from kubeactors.storage.backends.memory import MemoryBackend

PODS = SCHEME.by_type(Pod).gvr
SETTLING_SECONDS = 60.0


class Idle(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it."""

    nodes: int
    pods: int
    virtual_seconds: float
    seconds: float
    virtual_per_real: float


def boot(nodes: int, pods: int) -> SimSystem:
    """A cluster whose pods all run."""
    sim = SimSystem(seed=1)
    size = str(pods // nodes + 10)
    pool = NodePool(count=nodes, cpu=size, memory=f"{size}Gi", pods=size)
    backend = MemoryBackend()
    plane = sim.spawn(lambda: ControlPlane(ClusterSpec(nodes=pool), backend), name="cluster")
    sim.run(5.0)
    server = sim.ask(plane, GetApiServer())
    spec = PodSpec(containers=(Container(name="app", image="example/app:1"),))
    for number in range(pods):
        pod = Pod(metadata=ObjectMeta(name=f"pod-{number}", namespace="default"), spec=spec)
        made = sim.ask(server, Create(resource=PODS, namespace="default", object=pod, user=ADMIN))
        assert isinstance(made, Result), made
    sim.run(SETTLING_SECONDS)
    found = sim.ask(server, List(resource=PODS, user=ADMIN))
    assert isinstance(found, ListResult), found
    running = sum(isinstance(one, Pod) and one.status.phase == "Running" for one in found.items)
    assert running == pods, f"{running} of {pods} pods run"
    return sim


def measure(nodes: int, pods: int, virtual_seconds: float, *, profile: bool) -> Idle:
    """Let time pass."""
    sim = boot(nodes, pods)
    profiler = cProfile.Profile()
    begun = time.perf_counter()
    if profile:
        profiler.enable()
    sim.run(virtual_seconds)
    seconds = time.perf_counter() - begun
    if profile:
        profiler.disable()
        pstats.Stats(profiler).sort_stats("tottime").print_stats(40)
    found = Idle(nodes=nodes, pods=pods, virtual_seconds=virtual_seconds, seconds=seconds, virtual_per_real=0.0)
    return replace(found, virtual_per_real=round(virtual_seconds / seconds, 1))


def main() -> None:
    """Parse, measure, print JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cluster.idle", description=__doc__)
    parser.add_argument("--nodes", type=int, default=1000)
    parser.add_argument("--pods", type=int, default=10_000)
    parser.add_argument("--virtual-seconds", type=float, default=600.0)
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    found = measure(options.nodes, options.pods, options.virtual_seconds, profile=options.profile)
    print(msgspec.json.encode(found).decode())


if __name__ == "__main__":
    main()
