"""DNS queries to a running cluster."""

import anyio
import dns.message
import dns.query
import dns.rcode
import pytest
from anyio import to_thread

from kubeactors import Cluster
from kubeactors.api.core.v1 import Pod
from kubeactors.cluster.spec import ClusterSpec, NodePool

SPEC = ClusterSpec(nodes=NodePool(count=1, start_latency_seconds=0.0))
WEB = """
apiVersion: v1
kind: Pod
metadata: {name: web-0, labels: {app: web}}
spec: {hostname: web-0, subdomain: web, containers: [{name: web, image: example/web}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {clusterIP: None, selector: {app: web}, ports: [{name: http, port: 80}]}
"""


async def ask(where: tuple[str, int], name: str, kind: str = "A", *, tcp: bool = False) -> list[str]:
    """The answers to a stub resolver in a thread of its own."""
    query = dns.message.make_query(name, kind)
    send = dns.query.tcp if tcp else dns.query.udp
    reply = await to_thread.run_sync(lambda: send(query, where[0], timeout=10, port=where[1]))
    lines = [line for rrset in reply.answer for line in rrset.to_text().split("\n")]
    return [dns.rcode.to_text(reply.rcode()), *(line.split(f" {kind} ")[1] for line in lines)]


async def until(where: tuple[str, int], name: str, wanted: list[str], kind: str = "A") -> None:
    with anyio.fail_after(20):
        while True:
            if await ask(where, name, kind) == wanted:
                return
            await anyio.sleep(0.02)


@pytest.mark.parametrize("tcp", [False, True])
async def test_the_first_query_already_finds_the_api_server(*, tcp: bool) -> None:
    async with Cluster(spec=SPEC) as cluster, cluster.serve_dns() as where:
        name = "kubernetes.default.svc.cluster.local"
        assert await ask(where, name, tcp=tcp) == ["NOERROR", "10.96.0.1"]
        assert await ask(where, f"_https._tcp.{name}", "SRV", tcp=tcp) == ["NOERROR", f"0 100 443 {name}."]


async def test_names_follow_the_readiness_of_pods() -> None:
    async with Cluster(spec=SPEC) as cluster, cluster.serve_dns() as where:
        await cluster.apply(WEB)
        await cluster.wait_for("pod/web-0", "Ready")
        (address,) = await cluster.addresses({"app": "web"})
        await until(where, "web-0.web.default.svc.cluster.local", ["NOERROR", address])
        assert await ask(where, "web.default.svc.cluster.local") == ["NOERROR", address]
        assert await ask(where, f"{address.replace('.', '-')}.default.pod.cluster.local") == ["NOERROR", address]
        await cluster.client.delete(Pod, "web-0", "default")
        await until(where, "web.default.svc.cluster.local", ["NXDOMAIN"])


async def test_a_connection_serves_several_queries_and_the_port_is_free_after_the_block() -> None:
    query = dns.message.make_query("kubernetes.default.svc.cluster.local", "A", id=7).to_wire()
    async with Cluster(spec=SPEC) as cluster:
        port = 0
        for _ in range(2):
            async with cluster.serve_dns(port=port) as (host, port), await anyio.connect_tcp(host, port) as stream:
                for _ in range(2):
                    await stream.send(len(query).to_bytes(2, "big") + query)
                    assert (await stream.receive())[2:4] == query[:2]


async def test_the_error_names_an_address_that_cannot_be_bound() -> None:
    async with Cluster(spec=SPEC) as cluster, cluster.serve_dns() as (host, port):
        with pytest.raises(OSError, match="Address already in use") as caught:
            async with cluster.serve_dns(port=port):
                pass
        assert caught.value.filename == f"{host}:{port}"
