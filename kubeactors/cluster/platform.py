"""The platform of coroutine containers: clocks, events and sockets of the running event loop."""

import ssl
from collections.abc import Awaitable, Callable
from functools import lru_cache
from socket import AF_INET, SOCK_STREAM
from typing import TypeVar

import anyio
from anyio.abc import ByteStream as AnyioByteStream
from anyio.abc import SocketAttribute, SocketStream
from anyio.streams.tls import TLSStream

from kubeactors.actor import Context
from kubeactors.api.core.v1 import Probe
from kubeactors.api.core.v1.probe import HTTPGetAction
from kubeactors.cluster.policy_gate import PolicyGate
from kubeactors.cluster.sockets import reset
from kubeactors.kubelet.runtimes import ProbeResult
from kubeactors.kubelet.runtimes.host import Do
from kubeactors.kubelet.runtimes.platform import ByteStream

R = TypeVar("R")

MAX_HEAD_BYTES = 64 * 1024
NO_GRPC = "nobody answers gRPC probes of this image; give its Program a function `health`, or use tcpSocket or httpGet"


class AnyioPlatform:
    """See `Platform`. The gate decides which connections are allowed."""

    def __init__(self, gate: PolicyGate, ctx: Context[Do]) -> None:
        self._gate = gate
        self._ctx = ctx

    def now(self) -> int:
        """The kernel's time, updated: it stands still while the kernel sleeps."""
        self._ctx.cell.kernel.driver.refresh()
        return self._ctx.wall

    def event(self) -> anyio.Event:
        """See `Platform`."""
        return anyio.Event()

    async def sleep(self, seconds: float) -> None:
        """See `Platform`."""
        await anyio.sleep(seconds)

    async def within(self, seconds: float, work: Awaitable[R]) -> R:
        """See `Platform`."""
        with anyio.fail_after(seconds):
            return await work

    async def ask(self, address: str, port: int, probe: Probe) -> ProbeResult:
        """See `Platform`.

        Source: pkg/probe/{http,tcp} (v1.36).
        """
        seconds = max(probe.timeout_seconds, 1)
        if probe.http_get is not None:
            return await _http(probe.http_get.host or address, port, probe.http_get, seconds)
        if probe.tcp_socket is not None:
            return await _tcp(probe.tcp_socket.host or address, port, seconds)
        return ProbeResult(success=False, output=NO_GRPC)

    async def connect(self, source: str, host: str, port: int) -> ByteStream:
        """See `Platform`. A name is resolved first, so that policies see its address."""
        (found, *_) = await anyio.getaddrinfo(host, port, family=AF_INET, type=SOCK_STREAM)
        address = str(found[4][0])
        if not await self._gate.allows(source, address, port):
            raise ConnectionRefusedError(f"{host}:{port}: a NetworkPolicy denies connections from {source}")
        return await anyio.connect_tcp(address, port, local_host=source)

    async def serve(self, address: str, port: int, answer: Callable[[ByteStream], Awaitable[None]]) -> None:
        """See `Platform`."""

        async def accepted(stream: SocketStream) -> None:
            source = str(stream.extra(SocketAttribute.remote_address)[0])  # noqa: S610  not Django
            async with stream:
                if await self._gate.allows(source, address, port):
                    await answer(stream)
                else:
                    reset(stream)

        async with await anyio.create_tcp_listener(local_host=address, local_port=port) as listener:
            await listener.serve(accepted)

    async def serve_datagrams(
        self, address: str, port: int, answer: Callable[[bytes], Awaitable[bytes | None]]
    ) -> None:
        """See `Platform`."""
        async with await anyio.create_udp_socket(local_host=address, local_port=port) as datagrams:
            async for data, (source, source_port) in datagrams:
                if await self._gate.allows(source, address, port, "UDP"):
                    reply = await answer(data)
                    if reply is not None:
                        await datagrams.sendto(reply, source, source_port)


async def _tcp(host: str, port: int, seconds: float) -> ProbeResult:
    try:
        with anyio.fail_after(seconds):
            stream = await anyio.connect_tcp(host, port)
            await stream.aclose()
    except TimeoutError:
        return ProbeResult(success=False, output=f"dial tcp {host}:{port}: i/o timeout")
    except OSError:
        return ProbeResult(success=False, output=_refused(host, port))
    return ProbeResult(success=True)


async def _http(host: str, port: int, action: HTTPGetAction, seconds: float) -> ProbeResult:
    scheme = (action.scheme or "HTTP").lower()
    path = action.path if action.path.startswith("/") else f"/{action.path}"
    url = f"{scheme}://{host}:{port}{path}"
    try:
        with anyio.fail_after(seconds):
            code = await _status_code(host, port, path, action, secure=scheme == "https")
    except TimeoutError:
        return ProbeResult(success=False, output=f'Get "{url}": context deadline exceeded')
    except (anyio.EndOfStream, anyio.BrokenResourceError, ValueError):
        return ProbeResult(success=False, output=f'Get "{url}": EOF')
    except OSError:
        return ProbeResult(success=False, output=f'Get "{url}": {_refused(host, port)}')
    if 200 <= code < 400:
        return ProbeResult(success=True)
    return ProbeResult(success=False, output=f"HTTP probe failed with statuscode: {code}")


async def _status_code(host: str, port: int, path: str, action: HTTPGetAction, *, secure: bool) -> int:
    """The status code of the response to a GET request.

    Raises:
        ValueError: the response is not HTTP.
    """
    headers = {"Host": f"{host}:{port}", "User-Agent": "kube-probe/1.36", "Accept": "*/*", "Connection": "close"}
    headers |= {one.name: one.value for one in action.http_headers}
    head = f"GET {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers.items()) + "\r\n"
    plain = await anyio.connect_tcp(host, port)
    async with plain:
        stream: AnyioByteStream = plain
        if secure:
            stream = await TLSStream.wrap(plain, ssl_context=_trusting(), standard_compatible=False)
        await stream.send(head.encode())
        answer = b""
        while b"\r\n" not in answer and len(answer) < MAX_HEAD_BYTES:
            answer += await stream.receive()
    version, _, rest = answer.partition(b" ")
    if not version.startswith(b"HTTP/"):
        raise ValueError("not HTTP")
    return int(rest[:3])


def _refused(host: str, port: int) -> str:
    return f"dial tcp {host}:{port}: connect: connection refused"


@lru_cache(maxsize=1)
def _trusting() -> ssl.SSLContext:
    """Accept any certificate, as the kubelet's probes do."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
