"""How fast is the cluster over HTTPS, from another process?"""

import time
from collections.abc import Iterator

import anyio
import msgspec

from benchmarks.cluster.http_client import Access, Connection
from benchmarks.cluster.question import CREATORS, Figure, Figures, Question, percentile, pod_named
from benchmarks.cluster.server import Server, serving
from kubeactors.apimachinery import serializer

PODS = "/api/v1/namespaces/default/pods"
NODES, COUNT = 1_000, 5_000
LISTS = 20


async def answer(scale: float) -> Figures:
    """Create pods over TLS until all run, then list them."""
    pods = max(int(COUNT * scale), 1)
    async with serving(max(int(NODES * min(scale, 1.0)), 1)) as server:
        cpu, begun = server.cpu_seconds(), time.perf_counter()
        seconds = await _start(server, pods)
        wall, used = time.perf_counter() - begun, server.cpu_seconds() - cpu
        listing, size = await _list(server.access)
    return (
        Figure(name="pods a second, to Running", value=pods / wall, unit="/s", at_least=1_000),
        Figure(name="creates a second", value=pods / seconds, unit="/s"),
        Figure(name="CPU time of the server a pod", value=used / pods * 1e6, unit="us"),
        Figure(name=f"LIST of {pods:,} pods, median", value=percentile(listing, 0.5) * 1e3, unit="ms", at_most=100),
        Figure(name="LIST, slowest", value=max(listing) * 1e3, unit="ms"),
        Figure(name="size of the list", value=size / 2**20, unit="MiB"),
        Figure(name="ready, from the start of the process", value=server.ready_seconds, unit="s"),
    )


async def _start(server: Server, pods: int) -> float:
    """Until all run; the seconds until all were created."""
    names = iter([f"pod-{number}" for number in range(pods)])
    watching = await Connection.open(server.access)
    events = await watching.lines(f"{PODS}?watch=true")
    running: dict[str, None] = {}
    created = 0.0
    begun = time.perf_counter()

    async def create_all() -> None:
        nonlocal created
        async with anyio.create_task_group() as group:
            for _ in range(CREATORS):
                group.start_soon(_create, server.access, names)
        created = time.perf_counter() - begun

    async with anyio.create_task_group() as group:
        group.start_soon(create_all)
        while len(running) < pods:
            for line in await events.some():
                if b'"phase":"Running"' in line:
                    event = msgspec.json.decode(line, type=_Event)
                    running[event.object.metadata.name] = None
    return created


async def _create(access: Access, names: Iterator[str]) -> None:
    connection = await Connection.open(access)
    for name in names:
        await connection.request("POST", PODS, serializer.encode(pod_named(name)))


async def _list(access: Access) -> tuple[list[float], int]:
    connection = await Connection.open(access)
    took: list[float] = []
    size = 0
    for _ in range(LISTS):
        begun = time.perf_counter()
        size = len(await connection.request("GET", PODS))
        took.append(time.perf_counter() - begun)
    return took, size


class _Metadata(msgspec.Struct):
    name: str


class _Object(msgspec.Struct):
    metadata: _Metadata


class _Event(msgspec.Struct):
    object: _Object


QUESTIONS = (
    Question(name="https", text="1,000 nodes, 5,000 pods over HTTPS from another process, and lists", answer=answer),
)
