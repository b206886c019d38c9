"""UDP to services of coroutine pods."""

import anyio

from kubeactors import Cluster, ContainerContext
from kubeactors.api.core.v1 import Service
from kubeactors.cluster.proxy_sockets import Address
from kubeactors.cluster.spec import NodePool

ECHO = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: echo}
spec:
  replicas: 2
  selector: {matchLabels: {app: echo}}
  template:
    metadata: {labels: {app: echo}}
    spec: {containers: [{name: echo, image: shop/echo}]}
---
apiVersion: v1
kind: Service
metadata: {name: echo}
spec:
  type: NodePort
  selector: {app: echo}
  ports: [{name: udp, port: 7007, protocol: UDP}, {name: sctp, port: 7007, protocol: SCTP}]
"""
POLICY = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: only-tcp}
spec: {podSelector: {matchLabels: {app: echo}}, ingress: [{ports: [{port: 7007}]}]}
"""


async def serve(container: ContainerContext) -> None:
    async def answer(data: bytes) -> bytes | None:
        return None if data == b"hush" else container.address.encode() + b" " + data

    await container.serve_datagrams(7007, answer)


async def answered(where: Address, text: str, source: str = "127.0.0.1", seconds: float = 0.3) -> str:
    """The answer, retried as often as necessary; datagrams may be lost."""
    with anyio.fail_after(30):
        async with await anyio.create_connected_udp_socket(*where, local_host=source) as socket:
            while True:
                await socket.send(text.encode())
                with anyio.move_on_after(seconds):
                    return (await socket.receive()).decode()


async def test_datagrams_reach_pods_through_their_service_and_answers_come_back() -> None:
    pool = NodePool(count=1, start_latency_seconds=0.0)
    async with Cluster(nodes=pool, images={"shop/echo": serve}) as cluster, cluster.serve_services() as services:
        await cluster.apply(ECHO)
        await cluster.wait_for("deployment/echo", "Available", timeout=30)
        addresses = await cluster.addresses({"app": "echo"})
        with anyio.fail_after(30):
            where = await services.address("echo", 7007, protocol="UDP")
        seen: dict[str, None] = {}
        while len(seen) < 2:
            seen[(await answered(where, "hi")).partition(" ")[0]] = None
        assert sorted(seen) == sorted(addresses)
        service = await cluster.client.get(Service, "echo", "default")
        ports = {one.protocol: one.node_port for one in service.spec.ports}
        assert (await answered(("127.0.0.1", ports["UDP"] or 0), "there")).endswith(" there")


async def test_a_client_keeps_its_backend_and_gets_nothing_if_that_is_silent() -> None:
    pool = NodePool(count=1, start_latency_seconds=0.0)
    async with Cluster(nodes=pool, images={"shop/echo": serve}) as cluster, cluster.serve_services() as services:
        await cluster.apply(ECHO)
        await cluster.wait_for("deployment/echo", "Available", timeout=30)
        where = await services.address("echo", "udp", protocol="UDP")
        await answered(where, "ready?")
        async with await anyio.create_connected_udp_socket(*where) as socket:
            answers: dict[str, None] = {}
            for number in range(10):
                await socket.send(str(number).encode())
                answers[(await socket.receive()).decode().partition(" ")[0]] = None
            assert len(answers) == 1
            await socket.send(b"hush")
            with anyio.move_on_after(0.3) as scope:
                await socket.receive()
            assert scope.cancelled_caught
        await cluster.apply(POLICY)
        (source, *_) = await cluster.addresses({"app": "echo"})
        async with await anyio.create_connected_udp_socket(*where, local_host=source) as socket:
            refused = False
            while not refused:
                await socket.send(b"let me in")
                with anyio.move_on_after(0.3) as scope:
                    await socket.receive()
                refused = scope.cancelled_caught
