"""Coroutine containers: services of this process in a cluster."""

import anyio
import pytest
from anyio.abc import SocketStream
from msgspec.structs import replace

from kubeactors import Cluster, ContainerContext
from kubeactors.api.core.v1 import ConfigMap, Container, Pod, PodSpec
from kubeactors.api.core.v1.container import VolumeMount
from kubeactors.api.core.v1.env import ConfigMapEnvSource, EnvFromSource, EnvVar, EnvVarSource, ObjectFieldSelector
from kubeactors.api.core.v1.volume import ConfigMapVolumeSource, EmptyDirVolumeSource, Volume
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.cluster.machines import GetKubelet
from kubeactors.cluster.spec import QUICK, ClusterSpec, NodePool
from kubeactors.kubelet import Log, ReadLog

SPEC = ClusterSpec(nodes=NodePool(count=1, start_latency_seconds=0.0), timing=QUICK)
EVERY_SECOND = {"period_seconds": 1, "success_threshold": 1, "failure_threshold": 1}


async def hello(container: ContainerContext) -> None:
    """Responds to every connection with its identity."""
    container.print(f"listening on {container.address}:8080 as {container.image}")

    async def answer(stream: SocketStream) -> None:
        async with stream:
            await stream.receive()
            text = f"hello from {container.image}"
            await stream.send(f"HTTP/1.1 200 OK\r\ncontent-length: {len(text)}\r\n\r\n{text}".encode())

    async with await anyio.create_tcp_listener(local_host=container.address, local_port=8080) as listener:
        await listener.serve(answer)


async def fetch(address: str) -> str:
    async with await anyio.connect_tcp(address, 8080) as stream:
        await stream.send(b"GET / HTTP/1.1\r\n\r\n")
        return (await stream.receive()).decode().rpartition("\r\n")[2]


def web(image: str) -> dict[str, object]:
    probe = {"httpGet": {"path": "/", "port": "http"}, "periodSeconds": 1}
    container = {
        "name": "web",
        "image": image,
        "ports": [{"name": "http", "containerPort": 8080}],
        "readinessProbe": probe,
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [container]}},
        },
    }


def a_pod(image: str, **container: object) -> Pod:
    one = Container(name="c", image=image, **container)  # type: ignore[arg-type]
    return Pod(metadata=ObjectMeta(name="p", namespace="default"), spec=PodSpec(containers=(one,)))


async def pods(cluster: Cluster) -> list[Pod]:
    return list((await cluster.client.list(Pod, "default")).items)


async def until(cluster: Cluster, reached: str, name: str = "p") -> Pod:
    """Wait until the state of the pod's first container has this reason, or is `running`."""
    with anyio.fail_after(20):
        while True:
            pod = await cluster.client.get(Pod, name, "default")
            state = pod.status.container_statuses[0].state if pod.status.container_statuses else None
            reasons = (
                ["running" if state.running else "", *(one.reason for one in (state.waiting, state.terminated) if one)]
                if state
                else []
            )
            if reached in reasons:
                return pod
            await anyio.sleep(0.02)


async def log(cluster: Cluster, pod: Pod, *, previous: bool = False) -> tuple[str, ...]:
    kubelet = await cluster._machines.ask(GetKubelet(pod.spec.node_name))
    assert kubelet is not None
    name = pod.spec.containers[0].name
    reply = await kubelet.ask(ReadLog(namespace="default", pod=pod.metadata.name, container=name, previous=previous))
    assert isinstance(reply, Log), reply
    return reply.lines


async def test_coroutines_of_a_deployment_are_reachable_at_their_pods_addresses() -> None:
    async with Cluster(spec=SPEC, images={"shop/web": hello}) as cluster:
        await cluster.apply(web("shop/web:1"))
        await cluster.wait_for("deployment/web", "Complete")
        first = await pods(cluster)
        assert [await fetch(one.status.pod_ip) for one in first] == ["hello from shop/web:1"] * 2
        assert all(one.status.pod_ip.startswith("127.128.") for one in first)
        address = first[0].status.pod_ip
        assert await log(cluster, first[0]) == (f"listening on {address}:8080 as shop/web:1",)

        await cluster.apply(web("shop/web:2"))
        await cluster.wait_for("deployment/web", "Complete")
        await cluster.wait_for(f"pod/{first[0].metadata.name}", "Deleted")
        await cluster.wait_for(f"pod/{first[1].metadata.name}", "Deleted")
        assert [await fetch(one.status.pod_ip) for one in await pods(cluster)] == ["hello from shop/web:2"] * 2
        with pytest.raises(OSError, match=r"All connection attempts failed|refused"):
            await fetch(address)


async def fails(container: ContainerContext) -> None:
    container.print("about to fail")
    raise ValueError("no database")


async def test_a_coroutine_that_raises_is_restarted_with_its_traceback_in_the_log() -> None:
    async with Cluster(spec=SPEC, images={"shop/bad": fails}) as cluster:
        await cluster.apply(a_pod("shop/bad"))
        pod = await until(cluster, "CrashLoopBackOff")
        status = pod.status.container_statuses[0]
        lines = await log(cluster, pod)

        assert status.last_state.terminated is not None
        assert (status.last_state.terminated.exit_code, status.last_state.terminated.reason) == (1, "Error")
        assert status.restart_count == 1
        assert lines[0] == "about to fail"
        assert lines[1] == "Traceback (most recent call last):"
        assert lines[-1] == "ValueError: no database"
        assert await log(cluster, pod, previous=True) == lines


async def reads(container: ContainerContext) -> int:
    container.print(container.args, container.env["WHERE"], container.env["COLOUR"])
    container.print((container.volumes["/etc/shop"] / "COLOUR").read_text())
    (container.volumes["/cache"] / "file").write_text("kept")
    container.logger.info("it works")
    return 3


async def test_a_coroutine_has_args_an_environment_volumes_and_an_exit_code() -> None:
    async with Cluster(spec=SPEC, images={"shop/job": reads}) as cluster:
        await cluster.apply(ConfigMap(metadata=ObjectMeta(name="shop"), data={"COLOUR": "blue"}))
        pod = a_pod(
            "shop/job",
            args=("--fast", "$(WHERE)"),
            env=(
                EnvVar(
                    name="WHERE",
                    value_from=EnvVarSource(field_ref=ObjectFieldSelector(field_path="metadata.namespace")),
                ),
            ),
            env_from=(EnvFromSource(config_map_ref=ConfigMapEnvSource(name="shop")),),
            volume_mounts=(
                VolumeMount(name="config", mount_path="/etc/shop"),
                VolumeMount(name="cache", mount_path="/cache"),
            ),
        )
        volumes = (
            Volume(name="config", config_map=ConfigMapVolumeSource(name="shop")),
            Volume(name="cache", empty_dir=EmptyDirVolumeSource()),
        )
        await cluster.apply(replace(pod, spec=replace(pod.spec, volumes=volumes, restart_policy="Never")))
        ended = await until(cluster, "Error")
        state = ended.status.container_statuses[0].state.terminated

        assert state is not None
        assert state.exit_code == 3
        assert ended.status.phase == "Failed"
        assert await log(cluster, ended) == ("('--fast', 'default') default blue", "blue", "INFO it works")
