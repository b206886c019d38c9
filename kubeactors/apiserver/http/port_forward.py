"""`kubectl port-forward`: carries connections between a client and ports of a pod.

The client opens two streams for each connection, one for data and one for what goes wrong.

Source: k8s.io/kubelet/pkg/cri/streaming/portforward/{httpstream,portforward}.go (v1.36).
"""

from collections.abc import Awaitable, Callable

import anyio
from anyio.abc import ByteStream, TaskGroup
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from kubeactors.apimachinery.status import Status
from kubeactors.apiserver.http.messages import Duplex
from kubeactors.apiserver.http.responses import no_upgrade, text
from kubeactors.apiserver.http.simulated_server import SimulatedServer
from kubeactors.apiserver.http.spdy import DataReceived, SpdyError, SpdySession, StreamOpened, StreamReset
from kubeactors.kubelet import PortReply

PROTOCOL = "portforward.k8s.io"
TUNNELLED = f"SPDY/3.1+{PROTOCOL}"
ANY_PORT = 0
"""Asked for to learn whether the pod runs at all."""
PIECES = 64
"""How many pieces a connection may be behind before the client has to wait."""
CHUNK_BYTES = 32 * 1024


class _Pair:
    """The two streams of one connection, as far as they are open."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.data: int | None = None
        self.error: int | None = None
        pieces = anyio.create_memory_object_stream[bytes](PIECES)
        self.put: MemoryObjectSendStream[bytes] = pieces[0]
        self.pieces: MemoryObjectReceiveStream[bytes] = pieces[1]


class PortForward:
    """Forwards connections until the client is gone.

    Args:
        pod: its name, for messages.
        find: where a port of the pod is.
    """

    def __init__(self, pod: str, find: Callable[[int], Awaitable[PortReply]]) -> None:
        self._pod = pod
        self._find = find

    async def run(self, duplex: Duplex) -> None:
        """See the class."""
        protocol = next((one for one in duplex.offered if one in {PROTOCOL, TUNNELLED}), None)
        if protocol is None:
            offered = " ".join(duplex.offered)
            await duplex.refuse(
                text(403, f"unable to negotiate protocol: client supports [{offered}], server accepts [{PROTOCOL}]")
            )
            return
        found = await self._find(ANY_PORT)
        if isinstance(found, Status):
            await duplex.refuse(no_upgrade(found))
            return
        await duplex.accept(protocol)
        forwarder = _Forwarder(self._pod, self._find, duplex)
        try:
            async with anyio.create_task_group() as group:
                await forwarder.run(group)
                group.cancel_scope.cancel()
        except* SpdyError:
            await duplex.close()


class _Forwarder:
    def __init__(self, pod: str, find: Callable[[int], Awaitable[PortReply]], duplex: Duplex) -> None:
        self._pod = pod
        self._find = find
        self._duplex = duplex
        self._session = SpdySession()
        self._pairs: dict[str, _Pair] = {}
        """By the client's id of the connection."""
        self._of_stream: dict[int, _Pair] = {}
        """By the stream of data."""

    async def run(self, group: TaskGroup) -> None:
        """Take what the client sends, until it is gone."""
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
        pair = self._pairs.setdefault(request, _Pair(int(port)))
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
        try:
            if piece:
                await pair.put.send(piece)
        except anyio.BrokenResourceError:
            pass  # the connection is over
        if ended:
            pair.put.close()

    async def _forward(self, pair: _Pair) -> None:
        """One connection, from its beginning to its end."""
        try:
            problem = await self._connect(pair)
        finally:
            pair.pieces.close()
        assert pair.data is not None  # both are open
        assert pair.error is not None
        self._of_stream.pop(pair.data, None)
        self._session.send(pair.error, problem.encode(), end=True)
        self._session.send(pair.data, b"", end=True)
        await self._flush()

    async def _connect(self, pair: _Pair) -> str:
        """Carry the connection; what went wrong."""
        found = await self._find(pair.port)
        if isinstance(found, Status):
            return found.message
        if found.answer is not None:
            await self._answer(pair, SimulatedServer(found.answer))
            return ""
        host, port = found.address or ("127.0.0.1", pair.port)
        dialled = f"dial tcp4 {host}:{port}: connect: connection refused"
        refused = f"error forwarding port {pair.port} to pod {self._pod}, uid : {dialled}"
        if found.address is None:
            return refused
        try:
            connection = await anyio.connect_tcp(host, port)
        except OSError:
            return refused
        async with connection, anyio.create_task_group() as group:
            group.start_soon(_give, pair, connection)
            await self._bring_back(pair, connection)
            group.cancel_scope.cancel()
        return ""

    async def _answer(self, pair: _Pair, server: SimulatedServer) -> None:
        """Carry the connection to a server that is not there."""
        assert pair.data is not None  # it is being forwarded
        async for piece in pair.pieces:
            self._session.send(pair.data, server.answer(piece))
            await self._flush()
            if server.is_over:
                return

    async def _bring_back(self, pair: _Pair, connection: ByteStream) -> None:
        assert pair.data is not None  # it is being forwarded
        while True:
            try:
                data = await connection.receive(CHUNK_BYTES)
            except (anyio.EndOfStream, anyio.BrokenResourceError):
                return
            self._session.send(pair.data, data)
            await self._flush()

    async def _flush(self) -> None:
        if data := self._session.take():
            await self._duplex.send(data)


async def _give(pair: _Pair, connection: ByteStream) -> None:
    """What the client sends, to its end."""
    try:
        async for piece in pair.pieces:
            await connection.send(piece)
        await connection.send_eof()
    except (anyio.BrokenResourceError, OSError):
        pass  # the other direction says so
