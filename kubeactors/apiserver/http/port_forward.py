"""`kubectl port-forward`: carries connections between a client and ports of a pod.

The client opens two streams per connection, for data and for errors. Clients in other languages name their ports in the
request instead (`port_channels.py`).

Source: k8s.io/kubelet/pkg/cri/streaming/portforward/{httpstream,portforward}.go (v1.36).
"""

import anyio
from anyio.abc import TaskGroup

from kubeactors.apimachinery.status import Status
from kubeactors.apiserver.http.forwarding import Find, Forwarding
from kubeactors.apiserver.http.messages import Duplex
from kubeactors.apiserver.http.port_channels import CHANNELS, carry
from kubeactors.apiserver.http.responses import no_upgrade, text
from kubeactors.apiserver.http.spdy import DataReceived, SpdyError, SpdySession, StreamOpened, StreamReset

PROTOCOL = "portforward.k8s.io"
TUNNELLED = f"SPDY/3.1+{PROTOCOL}"
ANY_PORT = 0
"""A port to ask for in order to learn whether the pod is running."""


class _Pair:
    """The streams of a connection that are open."""

    def __init__(self, forwarding: Forwarding) -> None:
        self.forwarding = forwarding
        self.data: int | None = None
        self.error: int | None = None


class PortForward:
    """Forwards connections until the client disconnects.

    Args:
        pod: its name, for messages.
        find: finds the address of a port of the pod.
        ports: the ports in the request.
    """

    def __init__(self, pod: str, find: Find, ports: tuple[int, ...] = ()) -> None:
        self._pod = pod
        self._find = find
        self._ports = ports

    async def run(self, duplex: Duplex) -> None:
        """See the class."""
        protocol = _agreed(duplex)
        if protocol is None:
            offered = " ".join(duplex.offered)
            supported = f"client supports [{offered}], server accepts [{PROTOCOL}]"
            await duplex.refuse(text(403, f"unable to negotiate protocol: {supported}"))
            return
        is_by_channels = protocol in CHANNELS
        if is_by_channels and not self._ports:
            await duplex.refuse(text(400, 'query parameter "port" is required'))
            return
        found = await self._find(ANY_PORT)
        if isinstance(found, Status):
            await duplex.refuse(no_upgrade(found))
            return
        await duplex.accept(protocol)
        if is_by_channels:
            await carry([Forwarding(self._pod, port, self._find) for port in self._ports], duplex)
        else:
            await self._carry_streams(duplex)

    async def _carry_streams(self, duplex: Duplex) -> None:
        forwarder = _Forwarder(self._pod, self._find, duplex)
        try:
            async with anyio.create_task_group() as group:
                await forwarder.run(group)
                group.cancel_scope.cancel()
        except* SpdyError:
            await duplex.close()


def _agreed(duplex: Duplex) -> str | None:
    """The first common protocol. A WebSocket client need not name one."""
    known = {PROTOCOL, TUNNELLED, *(CHANNELS if duplex.is_websocket else ())}
    offered = duplex.offered or (("",) if duplex.is_websocket else ())
    return next((one for one in offered if one in known), None)


class _Forwarder:
    def __init__(self, pod: str, find: Find, duplex: Duplex) -> None:
        self._pod = pod
        self._find = find
        self._duplex = duplex
        self._session = SpdySession()
        self._pairs: dict[str, _Pair] = {}
        """By the client's request id."""
        self._of_stream: dict[int, _Pair] = {}
        """By the data stream."""

    async def run(self, group: TaskGroup) -> None:
        """Handle what the client sends, until it disconnects."""
        while (data := await self._duplex.receive()) is not None:
            for event in self._session.feed(data):
                match event:
                    case StreamOpened(stream, headers):
                        self._open(stream, dict(headers), group)
                    case DataReceived(stream, piece, ended):
                        await self._take(stream, piece, ended=ended)
                    case StreamReset(stream):
                        await self._take(stream, b"", ended=True)
                    case _:
                        pass
            await self._flush()

    def _open(self, stream: int, headers: dict[str, str], group: TaskGroup) -> None:
        port, kind, request = headers.get("port", ""), headers.get("streamtype", ""), headers.get("requestid", "")
        if not port.isdecimal() or not 0 < int(port) < 65536 or kind not in {"data", "error"}:
            self._session.reset(stream)
            return
        if request not in self._pairs:
            self._pairs[request] = _Pair(Forwarding(self._pod, int(port), self._find))
        pair = self._pairs[request]
        if kind == "data":
            pair.data = stream
            self._of_stream[stream] = pair
        else:
            pair.error = stream
        self._session.reply(stream)
        if pair.data is not None and pair.error is not None:
            del self._pairs[request]
            group.start_soon(self._forward, pair)

    async def _take(self, stream: int, piece: bytes, *, ended: bool) -> None:
        pair = self._of_stream.get(stream)
        if pair is None:
            return
        if piece:
            await pair.forwarding.put(piece)
        if ended:
            pair.forwarding.end()

    async def _forward(self, pair: _Pair) -> None:
        """Carry a connection to its end."""
        data, error = pair.data, pair.error
        assert data is not None  # both streams are open
        assert error is not None

        async def give_back(piece: bytes) -> None:
            self._session.send(data, piece)
            await self._flush()

        problem = await pair.forwarding.run(give_back)
        self._of_stream.pop(data, None)
        self._session.send(error, problem.encode(), end=True)
        self._session.send(data, b"", end=True)
        await self._flush()

    async def _flush(self) -> None:
        if data := self._session.take():
            await self._duplex.send(data)
