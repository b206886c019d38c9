"""One connection between a client and a port of a pod, however the client's end of it is carried.

Source: k8s.io/kubelet/pkg/cri/streaming/portforward, for the words of what goes wrong (v1.36).
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeAlias

import anyio
from anyio.abc import ByteStream

from kubeactors.apimachinery.status import Status
from kubeactors.apiserver.http.simulated_server import SimulatedServer
from kubeactors.kubelet import PortReply

PIECES = 64
"""How many pieces a connection may be behind before the client has to wait."""
CHUNK_BYTES = 32 * 1024

Find: TypeAlias = Callable[[int], Awaitable[PortReply]]
"""Where a port of the pod is."""
GiveBack: TypeAlias = Callable[[bytes], Awaitable[None]]
"""Sends the client what the pod has sent."""


class Forwarding:
    """One connection.

    Args:
        pod: its name, for messages.
        port: of the pod.
        find: where that is.
    """

    def __init__(self, pod: str, port: int, find: Find) -> None:
        self.port = port
        self._pod = pod
        self._find = find
        self._put, self._pieces = anyio.create_memory_object_stream[bytes](PIECES)

    async def put(self, piece: bytes) -> None:
        """What the client has sent. Waits if the pod is behind."""
        with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):  # the connection is over
            await self._put.send(piece)

    def end(self) -> None:
        """The client sends no more."""
        self._put.close()

    async def run(self, give_back: GiveBack) -> str:
        """Carry the connection to its end; what went wrong."""
        with self._pieces, self._put:
            found = await self._find(self.port)
            if isinstance(found, Status):
                return found.message
            if found.answer is not None:
                await self._answer(SimulatedServer(found.answer), give_back)
                return ""
            if found.address is None:
                return self._refused("127.0.0.1", self.port)
            return await self._connect(*found.address, give_back)

    async def _connect(self, host: str, port: int, give_back: GiveBack) -> str:
        try:
            connection = await anyio.connect_tcp(host, port)
        except OSError:
            return self._refused(host, port)
        async with connection, anyio.create_task_group() as group:
            group.start_soon(self._give, connection)
            await _bring_back(connection, give_back)
            group.cancel_scope.cancel()
        return ""

    def _refused(self, host: str, port: int) -> str:
        dialled = f"dial tcp4 {host}:{port}: connect: connection refused"
        return f"error forwarding port {self.port} to pod {self._pod}, uid : {dialled}"

    async def _answer(self, server: SimulatedServer, give_back: GiveBack) -> None:
        """Carry the connection to a server that is not there."""
        async for piece in self._pieces:
            await give_back(server.answer(piece))
            if server.is_over:
                return

    async def _give(self, connection: ByteStream) -> None:
        """What the client sends, to its end."""
        try:
            async for piece in self._pieces:
                await connection.send(piece)
            await connection.send_eof()
        except (anyio.BrokenResourceError, OSError):
            pass  # the other direction says so


async def _bring_back(connection: ByteStream, give_back: GiveBack) -> None:
    while True:
        try:
            data = await connection.receive(CHUNK_BYTES)
        except (anyio.EndOfStream, anyio.BrokenResourceError):
            return
        await give_back(data)
