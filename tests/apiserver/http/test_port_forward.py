"""port-forward over WebSocket alone, as clients in other languages request it."""

import anyio
import pytest

from kubeactors.apimachinery.status import NotFound
from kubeactors.apiserver.http.port_forward import PortForward
from kubeactors.kubelet import PortAddress, PortReply

from .client import Client

V4 = "v4.channel.k8s.io"
OFFERED = ("v5.channel.k8s.io", V4, "v3.channel.k8s.io")
GET = b"GET / HTTP/1.1\r\nconnection: close\r\n\r\n"


async def find(port: int) -> PortReply:
    """A pod with a server at port 80 only."""
    return PortAddress(None, "hi" if port == 80 else None)


async def test_named_ports_share_one_websocket() -> None:
    client = Client(b"\x02" + GET, offered=OFFERED)
    await PortForward("web", find, (81, 80)).run(client)
    assert client.said == [V4, "closed"]
    assert client.got[:4] == [b"\x00\x51\x00", b"\x01\x51\x00", b"\x02\x50\x00", b"\x03\x50\x00"]
    refused = b"error forwarding port 81 to pod web, uid : dial tcp4 127.0.0.1:81: connect: connection refused"
    assert b"\x01" + refused in client.got[4:]
    [answer] = [one[1:] for one in client.got[4:] if one[0] == 2]
    assert (answer[:15], answer[-6:]) == (b"HTTP/1.1 200 OK", b"\r\n\r\nhi")


async def test_data_of_a_real_server_is_forwarded_until_the_client_disconnects() -> None:
    async def echo(stream: anyio.abc.SocketStream) -> None:
        async with stream:
            async for piece in stream:
                await stream.send(piece)

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = listener.extra(anyio.abc.SocketAttribute.local_port)

    async def find_it(_: int) -> PortReply:
        return PortAddress(("127.0.0.1", port))

    client = Client(b"\x00abc", offered=())
    async with anyio.create_task_group() as group:
        group.start_soon(listener.serve, echo)
        group.start_soon(PortForward("web", find_it, (80,)).run, client)
        while len(client.got) < 3:
            await anyio.lowlevel.checkpoint()
        group.cancel_scope.cancel()
    await listener.aclose()
    assert (client.said, client.got) == ([""], [b"\x00\x50\x00", b"\x01\x50\x00", b"\x00abc"])


@pytest.mark.parametrize(
    ("offered", "ports", "said"),
    [
        (OFFERED, (), '400 query parameter "port" is required'),
        (("v9",), (80,), "403 unable to negotiate protocol: client supports [v9], server accepts [portforward.k8s.io]"),
    ],
)
async def test_an_unsupported_port_forward_is_rejected(
    offered: tuple[str, ...], ports: tuple[int, ...], said: str
) -> None:
    client = Client(offered=offered)
    await PortForward("web", find, ports).run(client)
    assert (client.said, client.got) == ([said], [])


async def test_a_port_forward_to_a_missing_pod_is_rejected() -> None:
    async def find_nothing(_: int) -> PortReply:
        return NotFound.saying("gone").status

    client = Client(offered=OFFERED)
    await PortForward("web", find_nothing, (80,)).run(client)
    assert [one[:3] for one in client.said] == ["404"]
