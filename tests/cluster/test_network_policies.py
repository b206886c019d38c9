"""NetworkPolicies between coroutine pods."""

from contextlib import suppress

import anyio

from kubeactors import ByteStream, Cluster, ContainerContext
from kubeactors.api.core.v1 import Pod
from kubeactors.cluster.spec import QUICK, ClusterSpec, NodePool

SPEC = ClusterSpec(nodes=NodePool(count=1, start_latency_seconds=0.0), timing=QUICK)
POLICY = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress: [{from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 5432}]}]
"""


async def serve(container: ContainerContext) -> None:
    async def answer(stream: ByteStream) -> None:
        await stream.send(b"hello")

    await container.serve(5432, answer)


async def greeting(container: ContainerContext, address: str) -> str:
    try:
        async with await container.connect(address, 5432) as stream:
            return (await stream.receive()).decode()
    except OSError as error:
        return str(error)


def pod(app: str, image: str) -> dict[str, object]:
    metadata = {"name": app, "labels": {"app": app}}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": {"containers": [{"name": "c", "image": image}]},
    }


async def test_a_policy_restricts_connections_to_a_pod() -> None:
    running: dict[str, ContainerContext] = {}

    async def idle(container: ContainerContext) -> None:
        running[container.pod] = container
        await container.until_terminated()

    async with Cluster(spec=SPEC, images={"db": serve, "idle": idle}) as cluster:
        for one in (pod("db", "db"), pod("web", "idle"), pod("job", "idle")):
            await cluster.apply(one)
        for name in ("db", "web", "job"):
            await cluster.wait_for(f"pod/{name}", "Ready", timeout=30)
        address = (await cluster.client.get(Pod, "db", "default")).status.pod_ip
        assert [await greeting(running[name], address) for name in ("web", "job")] == ["hello", "hello"]

        await cluster.apply(POLICY)
        with anyio.fail_after(10):
            while (said := await greeting(running["job"], address)) == "hello":
                pass
        assert said.endswith(f"a NetworkPolicy denies connections from {running['job'].address}")
        assert await greeting(running["web"], address) == "hello"

        async with await anyio.connect_tcp(address, 5432, local_host=running["job"].address) as stream:
            received = b""
            with suppress(anyio.EndOfStream, anyio.BrokenResourceError):
                received = await stream.receive()
        assert received == b"", "a server that uses container.serve lets nobody in who does not use container.connect"
