"""The usage of pods, as autoscalers see it."""

import anyio
import pytest

from kubeactors import Cluster, ContainerContext
from kubeactors.api.core.v1 import Container, Pod, PodSpec, Service, ServicePort, ServiceSpec
from kubeactors.api.discovery.v1 import EndpointSlice
from kubeactors.apimachinery.labels import parse
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.apimachinery.status import NotFound
from kubeactors.cluster.autoscaler_metrics import MachineMetrics
from kubeactors.cluster.spec import QUICK, ClusterSpec, NodePool
from kubeactors.controllers.podautoscaler import PodMetric

SPEC = ClusterSpec(nodes=NodePool(count=2, start_latency_seconds=0.0), timing=QUICK)


def a_pod(name: str, app: str, image: str = "example/x", **declared: str) -> Pod:
    annotations = {f"simulated.kubeactors.io/{key}": text for key, text in declared.items()}
    containers = (Container(name="a", image=image), Container(name="b", image="example/y"))
    metadata = ObjectMeta(name=name, namespace="default", labels={"app": app}, annotations=annotations)
    return Pod(metadata=metadata, spec=PodSpec(containers=containers))


def milli(found: object) -> int:
    assert isinstance(found, PodMetric)
    return found.milli


async def works(container: ContainerContext) -> None:
    container.report(cpu="1500m", memory="2Mi")
    async with await anyio.create_tcp_listener(local_host=container.address, local_port=8080):
        await container.until_terminated()


async def test_autoscalers_see_the_usage_of_selected_pods() -> None:
    async with Cluster(spec=SPEC, images={"shop/works": works}) as cluster:
        await cluster.apply(a_pod("one", "web", cpu="250m", memory="8Mi"))
        await cluster.apply(a_pod("two", "web", image="shop/works", cpu="100m"))
        await cluster.apply(a_pod("other", "db", cpu="9"))
        for name in ("one", "two", "other"):
            await cluster.wait_for(f"pod/{name}", "Ready")
        source = MachineMetrics(cluster.client)
        with pytest.raises(NotFound, match=r"get pods.metrics.k8s.io"):
            await source.resource("cpu", "default", parse("app=web"), "")
        source.machines = cluster._machines

        cpu = await source.resource("cpu", "default", parse("app=web"), "")
        assert {name: milli(one) for name, one in cpu.items()} == {"one": 500, "two": 1600}
        memory = await source.resource("memory", "default", parse("app=web"), "a")
        assert {name: milli(one) // 1000 for name, one in memory.items()} == {"one": 8 << 20, "two": 2 << 20}


async def test_addresses_returns_those_of_ready_coroutine_pods() -> None:
    async with Cluster(spec=SPEC, images={"shop/works": works}) as cluster:
        spec = ServiceSpec(selector={"app": "web"}, ports=(ServicePort(port=80),))
        await cluster.apply(Service(metadata=ObjectMeta(name="web"), spec=spec))
        await cluster.apply(a_pod("web", "web", image="shop/works"))
        pod = await cluster.wait_for("pod/web", "Ready")
        assert isinstance(pod, Pod)
        with anyio.fail_after(20):
            while True:
                slices = await cluster.client.list(
                    EndpointSlice, "default", label_selector="kubernetes.io/service-name=web"
                )
                addresses = [one.addresses for found in slices.items for one in found.endpoints or ()]
                if addresses:
                    break
                await anyio.sleep(0.02)
        assert addresses == [(pod.status.pod_ip,)]
        assert pod.status.pod_ip.startswith("127.128.")
