"""A connection between a client and a port of a pod, whatever the transport on the client's side.

Source: k8s.io/kubelet/pkg/cri/streaming/portforward, for the error messages (v1.36).
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
"""The number of buffered pieces at which the client has to wait."""
CHUNK_BYTES = 32 * 1024

Find: TypeAlias = Callable[[int], Awaitable[PortReply]]
"""The address of a port of the pod."""
GiveBack: TypeAlias = Callable[[bytes], Awaitable[None]]
"""Sends data of the pod to the client."""


class Forwarding:
    """A connection.

    Args:
        pod: its name, for messages.
        port: the port of the pod.
        find: finds the address of the port.
    """

    def __init__(self, pod: str, port: int, find: Find) -> None:
        self.port = port
        self._pod = pod
        self._find = find
        self._put, self._pieces = anyio.create_memory_object_stream[bytes](PIECES)

    async def put(self, piece: bytes) -> None:
        """Data of the client. Waits if the pod is slow."""
        with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):  # the connection has ended
            await self._put.send(piece)

    def end(self) -> None:
        """The client has closed its side."""
        self._put.close()

    async def run(self, give_back: GiveBack) -> str:
        """Copy data until the connection ends; returns the error, or an empty string."""
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
        """Serve the connection by a simulated server."""
        async for piece in self._pieces:
            await give_back(server.answer(piece))
            if server.is_over:
                return

    async def _give(self, connection: ByteStream) -> None:
        """Copy data of the client until it ends."""
        try:
            async for piece in self._pieces:
                await connection.send(piece)
            await connection.send_eof()
        except (anyio.BrokenResourceError, OSError):
            pass  # the other direction reports it


async def _bring_back(connection: ByteStream, give_back: GiveBack) -> None:
    while True:
        try:
            data = await connection.receive(CHUNK_BYTES)
        except (anyio.EndOfStream, anyio.BrokenResourceError):
            return
        await give_back(data)
