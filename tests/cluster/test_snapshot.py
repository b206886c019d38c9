"""Snapshots: clusters continue from the state of another one, independently."""

from functools import partial

import pytest

from kubeactors import Cluster, ClusterSpec, NodePool
from kubeactors.actor import SimSystem
from kubeactors.api import SCHEME
from kubeactors.api.apps.v1 import Deployment
from kubeactors.api.core.v1 import ConfigMap, Container, Node, Pod, PodSpec
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.apimachinery.requests import ADMIN, Create, List, ListResult
from kubeactors.cluster import ClusterSnapshot
from kubeactors.cluster.plane import ControlPlane, GetApiServer
from kubeactors.cluster.snapshot import TakeSnapshot
from tests.cluster.test_cluster import make_tolerant

PODS = SCHEME.by_type(Pod).gvr


async def running(cluster: Cluster) -> dict[str, tuple[str, str, int]]:
    """Name, node, address and restart count of running pods."""
    return {
        pod.metadata.name: (pod.spec.node_name, pod.status.pod_ip, pod.status.container_statuses[0].restart_count)
        for pod in (await cluster.client.list(Pod, "default")).items
        if pod.status.phase == "Running"
    }


async def test_two_futures_diverge_and_the_original_is_unaffected() -> None:
    async with Cluster(spec=ClusterSpec(nodes=NodePool(count=2, start_latency_seconds=0))) as cluster:
        await cluster.apply(make_tolerant("web", 3))
        await cluster.wait_for("deployment/web", "Complete")
        before = await running(cluster)
        snapshot = await cluster.snapshot()
        async with Cluster(snapshot=snapshot) as more, Cluster(snapshot=snapshot) as none:
            await more.client.patch(Deployment, "web", {"spec": {"replicas": 5}}, "default")
            await none.client.delete(Deployment, "web", "default")
            await more.wait_for("deployment/web", "Complete")
            await none.wait_for("deployment/web", "Deleted")
            after = await running(more)
            assert await cluster.client.get(Deployment, "web", "default") == snapshot_of(snapshot, Deployment)
        assert await running(cluster) == before
    assert len(after) == 5
    assert before.items() <= after.items()  # they continue: same node, same address, no restart


async def test_a_new_pod_of_a_future_gets_a_free_address() -> None:
    async with Cluster(spec=ClusterSpec(nodes=NodePool(count=1, start_latency_seconds=0))) as cluster:
        await cluster.apply(make_tolerant("web", 3))
        await cluster.wait_for("deployment/web", "Complete")
        async with cluster.fork() as future:
            await future.client.patch(Deployment, "web", {"spec": {"replicas": 6}}, "default")
            await future.wait_for("deployment/web", "Complete")
            addresses = [address for _, address, _ in (await running(future)).values()]
    assert len(set(addresses)) == 6


async def test_a_cluster_from_a_snapshot_of_one_on_disk_is_in_memory(tmp_path_factory: pytest.TempPathFactory) -> None:
    async with Cluster(nodes=0, data_dir=tmp_path_factory.mktemp("data")) as cluster:
        await cluster.apply(ConfigMap(metadata=ObjectMeta(name="kept"), data={"a": "b"}))
        kept = await cluster.client.get(ConfigMap, "kept", "default")
        snapshot = await cluster.snapshot()
        async with Cluster(snapshot=snapshot) as future:
            assert future.spec.data_dir is None
            assert await future.client.get(ConfigMap, "kept", "default") is snapshot_of(snapshot, ConfigMap)
            assert await future.client.get(ConfigMap, "kept", "default") == kept


async def test_a_cluster_continues_in_the_simulator_and_back() -> None:
    async with Cluster(spec=ClusterSpec(nodes=NodePool(count=2))) as cluster:
        await cluster.apply(make_tolerant("web", 3))
        await cluster.wait_for("deployment/web", "Complete")
        snapshot = await cluster.snapshot()
    sim = SimSystem(seed=1, wall=snapshot.wall)
    factory = partial(ControlPlane, snapshot.spec, snapshot.backend(), running=snapshot.pods_by_node())
    plane = sim.spawn(factory, name="cluster")
    server = sim.ask(plane, GetApiServer())
    sim.run(5.0)
    spec = PodSpec(containers=(Container(name="app", image="example/app:1"),))
    sim.ask(
        server,
        Create(resource=PODS, namespace="default", object=Pod(metadata=ObjectMeta(name="new"), spec=spec), user=ADMIN),
    )
    sim.run(3600.0)  # an hour of virtual time
    later = sim.ask(plane, TakeSnapshot())
    assert later.wall - snapshot.wall >= 3600 * 10**9
    found = sim.ask(server, List(resource=PODS, user=ADMIN))
    assert isinstance(found, ListResult)
    restarts = [pod.status.container_statuses[0].restart_count for pod in found.items if isinstance(pod, Pod)]
    assert restarts == [0] * 4
    async with Cluster(snapshot=later) as again:
        assert len(await running(again)) == 4
        await again.wait_for("node/node-1", "Ready")


async def test_futures_share_unchanged_objects() -> None:
    async with Cluster(nodes=1) as cluster:
        await cluster.apply(ConfigMap(metadata=ObjectMeta(name="kept")))
        async with cluster.fork() as one, cluster.fork() as other:
            assert await one.client.get(ConfigMap, "kept", "default") is await other.client.get(
                ConfigMap, "kept", "default"
            )
            assert (await one.client.get(Node, "node-1")).metadata.uid == (
                await other.client.get(Node, "node-1")
            ).metadata.uid


def snapshot_of(snapshot: ClusterSnapshot, type_: type[Deployment | ConfigMap]) -> object:
    return next(
        one for one in snapshot.store.values() if isinstance(one, type_) and one.metadata.name in ("web", "kept")
    )
