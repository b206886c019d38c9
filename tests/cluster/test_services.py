"""Connections to services of coroutine pods."""

from contextlib import suppress

import anyio
import pytest
from anyio.abc import SocketStream
from msgspec.structs import replace

from kubeactors import Cluster, ContainerContext
from kubeactors.api.core.v1 import Pod, Service
from kubeactors.cluster.proxy_sockets import Address
from kubeactors.cluster.spec import ClusterSpec, NodePool

SPEC = ClusterSpec(nodes=NodePool(count=2, start_latency_seconds=0.0))
WEB = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: shop/web
        ports: [{name: http, containerPort: 8080}]
        readinessProbe: {tcpSocket: {port: 8080}, periodSeconds: 1}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: NodePort, selector: {app: web}, ports: [{name: http, port: 80, targetPort: http}]}
"""


async def serve(container: ContainerContext) -> None:
    """Sends its identity, then echoes; when it is stopped, it serves on until others have noticed."""

    async def answer(stream: SocketStream) -> None:
        async with stream:
            with suppress(anyio.BrokenResourceError):  # probes disconnect early
                await repeat(stream)

    async def repeat(stream: SocketStream) -> None:
        await stream.send(f"{container.address}\n".encode())
        async for data in stream:
            await stream.send(data)

    listener = await anyio.create_tcp_listener(local_host=container.address, local_port=8080)
    async with listener, anyio.create_task_group() as group:
        group.start_soon(listener.serve, answer)
        await container.until_terminated()
        await anyio.sleep(1)
        group.cancel_scope.cancel()


async def who(where: Address) -> str:
    async with await anyio.connect_tcp(*where) as stream:
        return (await stream.receive()).decode().strip()


async def test_requests_are_distributed_and_none_fails_while_a_pod_terminates() -> None:
    async with Cluster(spec=SPEC, images={"shop/web": serve}) as cluster, cluster.serve_services() as services:
        await cluster.apply(WEB)
        with anyio.fail_after(60):
            where = await services.address("web", "http")
            await until_served(cluster, where)
            seen: dict[str, None] = {}
            while len(seen) < 3:
                seen[await who(where)] = None
            pods = await cluster.client.list(Pod, "default")
            assert sorted(seen) == sorted(one.status.pod_ip for one in pods.items)
            doomed = pods.items[0]
            await cluster.client.delete(Pod, doomed.metadata.name, "default")
            answers: list[str] = []
            while len(answers) < 50 or doomed.status.pod_ip in answers[-50:]:
                answers.append(await who(where))
                await anyio.sleep(0.001)


async def test_a_connection_outlives_its_service() -> None:
    async with Cluster(spec=SPEC, images={"shop/web": serve}) as cluster, cluster.serve_services() as services:
        await cluster.apply(WEB)
        with anyio.fail_after(60):
            where = await services.address("web", 80)
            await until_served(cluster, where)
            async with await anyio.connect_tcp(*where) as stream:
                await stream.receive()
                await cluster.client.delete(Service, "web", "default")
                await until_refused(where)
                await stream.send(b"still there?")
                assert await stream.receive() == b"still there?"
                await stream.send_eof()
                with pytest.raises(anyio.EndOfStream):
                    await stream.receive()


async def test_a_node_port_leads_to_the_pods() -> None:
    async with Cluster(spec=SPEC, images={"shop/web": serve}) as cluster, cluster.serve_services() as services:
        await cluster.apply(WEB)
        service = await cluster.client.get(Service, "web", "default")
        with anyio.fail_after(60):
            await until_served(cluster, await services.address("web", 80))
            assert await who(("127.0.0.1", service.spec.ports[0].node_port)) in await cluster.addresses({"app": "web"})


async def test_a_load_balancer_leads_to_the_pods() -> None:
    spec = replace(SPEC, load_balancer_pool="127.64.77.0/24")
    async with Cluster(spec=spec, images={"shop/web": serve}) as cluster, cluster.serve_services() as services:
        await cluster.apply(WEB.replace("NodePort", "LoadBalancer").replace("port: 80,", "port: 8099,"))
        with anyio.fail_after(60):
            await until_served(cluster, await services.address("web", 8099))
            service = await cluster.client.get(Service, "web", "default")
            (ingress,) = service.status.load_balancer.ingress
            assert await who((ingress.ip, 8099)) in await cluster.addresses({"app": "web"})


async def test_a_service_without_coroutine_pods_refuses_connections() -> None:
    async with Cluster(spec=SPEC) as cluster, cluster.serve_services() as services:
        await cluster.apply(WEB)
        with anyio.fail_after(60):
            where = await services.address("web", 80)
            with pytest.raises((anyio.BrokenResourceError, OSError)):
                await who(where)
            await cluster.wait_for("deployment/web", "Available", timeout=60)
            with pytest.raises((anyio.BrokenResourceError, OSError)):
                await who(where)


async def until_refused(where: Address) -> None:
    while True:
        try:
            await who(where)
        except (OSError, anyio.BrokenResourceError):
            return
        await anyio.sleep(0.02)


async def until_served(cluster: Cluster, where: Address) -> None:
    """Wait until it is served: pods are ready slightly before their endpoints, and these before the proxy's rules."""
    await cluster.wait_for("deployment/web", "Available", timeout=60)
    while True:
        with suppress(anyio.BrokenResourceError):
            await who(where)
            return
        await anyio.sleep(0.02)
