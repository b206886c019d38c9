"""gRPC probes answered by a function of the image, in real time."""

import anyio

from kubeactors import Cluster, ContainerContext
from kubeactors.api.core.v1 import Event, Pod
from kubeactors.cluster.spec import NodePool
from kubeactors.kubelet.runtimes import Program

POD = """
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
  - name: web
    image: shop/web
    readinessProbe: {grpc: {port: 9000, service: orders}, periodSeconds: 1, timeoutSeconds: 1}
"""


async def test_a_pod_is_ready_when_its_function_reports_it_in_time() -> None:
    asked: list[str] = []

    async def serve(container: ContainerContext) -> None:
        await container.until_terminated()

    async def is_well(_: ContainerContext, service: str) -> bool:
        asked.append(service)
        await anyio.sleep(60.0 if len(asked) == 1 else 0.0)
        return True

    images = {"shop/web": Program(serve, health=is_well)}
    async with Cluster(nodes=NodePool(count=1, start_latency_seconds=0.0), images=images) as cluster:
        await cluster.apply(POD)
        await cluster.wait_for("pod/web", "Ready", timeout=20)
        assert asked[:2] == ["orders", "orders"]
        pod = await cluster.client.get(Pod, "web", "default")
        assert pod.status.container_statuses[0].restart_count == 0
        events = await cluster.client.list(Event, "default")
        told = [one.message for one in events.items if one.reason == "Unhealthy"]
        assert told == ["Readiness probe failed: timeout: health rpc did not complete within 1s"]
