"""A watch as a stream, on both event loops."""

from collections.abc import Callable

import anyio
import msgspec
import pytest

from kubeactors import Cluster
from kubeactors.actor import StreamOverflowed
from kubeactors.api.core.v1 import ConfigMap, Node
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.apimachinery.requests import WatchClosed, WatchEvent
from kubeactors.cluster.watch import WatchStream


def config(name: str, value: str = "1") -> ConfigMap:
    return ConfigMap(metadata=ObjectMeta(name=name, namespace="default", labels={"app": name}), data={"value": value})


def told(event: WatchEvent) -> str:
    assert isinstance(event.object, ConfigMap)
    return f"{event.type} {event.object.metadata.name} {event.object.data['value']}"


async def read(stream: WatchStream, count: int) -> list[str]:
    with anyio.fail_after(10):
        return [told(await anext(stream)) for _ in range(count)]


async def change(cluster: Cluster) -> None:
    """Create an object, change it and delete it."""
    made = await cluster.client.create(config("b"))
    await cluster.client.update(msgspec.structs.replace(made, data={"value": "2"}))
    await cluster.client.delete(ConfigMap, "b", "default")


CHANGES = ["ADDED b 1", "MODIFIED b 2", "DELETED b 2"]
SELECTOR = "metadata.name!=kube-root-ca.crt"


async def test_a_watch_sends_existing_objects_and_then_changes() -> None:
    async with Cluster(nodes=0) as cluster:
        await cluster.client.create(config("a"))
        async with cluster.watch("configmaps", field_selector=SELECTOR) as stream:
            assert await read(stream, 1) == ["ADDED a 1"]
            await change(cluster)
            assert await read(stream, 3) == CHANGES
        assert [event async for event in stream] == []


async def test_a_watch_takes_any_kind_name_and_a_label_selector() -> None:
    async with Cluster(nodes=2) as cluster:
        names: list[str] = []
        async for event in cluster.watch("no"):
            assert isinstance(event.object, Node)
            names.append(event.object.metadata.name)
            if len(set(names)) == 2:
                break
        await cluster.client.create(config("a"))
        await cluster.client.create(config("c"))
        async with cluster.watch(ConfigMap, namespace="", label_selector="app=c") as stream:
            assert await read(stream, 1) == ["ADDED c 1"]
        with pytest.raises(ValueError, match='"pots" is not a known kind'):
            cluster.watch("pots")


def server_closes(stream: WatchStream) -> None:
    stream._feed.tell(WatchClosed(stream._feed.number))


def nothing(stream: WatchStream) -> None: ...


@pytest.mark.parametrize("cut", [server_closes, nothing])
async def test_an_interrupted_watch_resumes_after_the_last_event_read(
    cut: Callable[[WatchStream], None],
) -> None:
    async with Cluster(nodes=0) as cluster:
        await cluster.client.create(config("a"))
        async with cluster.watch("cm", field_selector=SELECTOR) as stream:
            stream._capacity = 2  # one less than the number of changes
            assert await read(stream, 1) == ["ADDED a 1"]
            cut(stream)
            await change(cluster)
            assert await read(stream, 3) == CHANGES


async def test_a_watch_of_more_objects_than_the_stream_holds_overflows() -> None:
    async with Cluster(nodes=0) as cluster:
        for name in "abc":
            await cluster.client.create(config(name))
        stream = WatchStream(cluster.system, cluster.client, ConfigMap, "default", field_selector=SELECTOR, capacity=2)
        assert await read(stream, 2) == ["ADDED a 1", "ADDED b 1"]
        with pytest.raises(StreamOverflowed, match="more than 2 messages waited"):
            await read(stream, 1)


async def test_a_watch_ends_with_its_cluster() -> None:
    ended: list[bool] = []

    async def reader(stream: WatchStream) -> None:
        async for _ in stream:
            pass
        ended.append(True)

    async with anyio.create_task_group() as group:
        async with Cluster(nodes=0) as cluster:
            group.start_soon(reader, cluster.watch("configmaps"))
            await anyio.wait_all_tasks_blocked()
        with anyio.fail_after(10):
            await anyio.wait_all_tasks_blocked()
    assert ended == [True]
