"""A cluster with its state in a real etcd."""

from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest

from kubeactors import Cluster, NodePool
from kubeactors.actor import SystemFailed
from kubeactors.api.core.v1 import ConfigMap, Container, Pod, PodSpec
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.apimachinery.status import ServiceUnavailable, Status, StatusError, Timeout
from kubeactors.cluster import ClusterSpec, Etcd, StorageError
from kubeactors.storage import StoreLocked
from tests.storage.etcd_server import ETCD, EtcdServer

pytestmark = pytest.mark.skipif(ETCD is None, reason="etcd is not installed")


@pytest.fixture
def etcd(tmp_path: Path) -> Iterator[EtcdServer]:
    with EtcdServer(tmp_path / "etcd") as server:
        yield server


def spec_of(etcd: EtcdServer) -> ClusterSpec:
    return ClusterSpec(nodes=NodePool(count=1), etcd=Etcd(server=etcd.url))


def config_map(name: str) -> ConfigMap:
    return ConfigMap(metadata=ObjectMeta(name=name), data={"a": "b"})


async def test_state_outlives_the_cluster_and_the_etcd(etcd: EtcdServer) -> None:
    async with Cluster(spec=spec_of(etcd)) as cluster:
        (kept,) = await cluster.apply(config_map("kept"))
        await cluster.wait_for("node/node-1", "Ready")
    etcd.kill()
    etcd.start()
    async with Cluster(spec=spec_of(etcd)) as cluster:
        assert await cluster.client.get(ConfigMap, "kept", "default") == kept
        await cluster.wait_for("node/node-1", "Ready")


async def test_a_cluster_recovers_when_its_etcd_does(etcd: EtcdServer) -> None:
    async with Cluster(spec=spec_of(etcd)) as cluster:
        await cluster.apply(config_map("before"))
        etcd.kill()
        with pytest.raises((ServiceUnavailable, Timeout)):
            await cluster.apply(config_map("meanwhile"))
        etcd.start()
        while True:
            try:
                await cluster.apply(config_map("after"))
                break
            except (ServiceUnavailable, Timeout):
                continue
        found = await cluster.client.list(ConfigMap, "default")
        assert {"before", "after"} <= {one.metadata.name for one in found.items}


async def test_an_object_too_large_for_etcd_is_rejected_and_others_are_not(etcd: EtcdServer) -> None:
    container = Container(name="c", image="i", args=("x" * 1_600_000,))
    large = Pod(metadata=ObjectMeta(name="large"), spec=PodSpec(containers=(container,)))
    refusals: list[Status] = []

    async def write_large(cluster: Cluster) -> None:
        with pytest.raises(StatusError) as refused:
            await cluster.apply(large)
        refusals.append(refused.value.status)

    async with Cluster(spec=spec_of(etcd)) as cluster, anyio.create_task_group() as group:
        for name in ("a", "b"):
            group.start_soon(cluster.apply, config_map(name))
        group.start_soon(write_large, cluster)
        group.start_soon(cluster.apply, config_map("c"))
    assert refusals == [Status(status="Failure", message="etcdserver: request is too large", code=500)]


async def test_an_etcd_that_is_not_there_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="check that etcd runs there"):
        async with Cluster(spec=spec_of(EtcdServer(tmp_path))):
            pytest.fail("nothing keeps its state")


async def test_a_cluster_that_loses_its_state_to_another_ends_and_the_other_goes_on(etcd: EtcdServer) -> None:
    started, lost = anyio.Event(), anyio.Event()

    async def run() -> None:
        async with Cluster(spec=spec_of(etcd)):
            started.set()
            await anyio.sleep_forever()

    async def lose() -> None:
        with pytest.raises(SystemFailed) as failed:
            await run()
        assert isinstance(failed.value.__cause__, StoreLocked)
        lost.set()

    async with anyio.create_task_group() as group:
        group.start_soon(lose)
        await started.wait()
        async with Cluster(spec=spec_of(etcd)) as winner:
            await lost.wait()
            await winner.apply(config_map("kept"))
