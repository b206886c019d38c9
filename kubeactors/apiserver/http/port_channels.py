"""port-forward over WebSocket alone: one connection to each port that the client names in its request.

The first byte of a message is its channel: 0 is the data of the first port, 1 its errors, 2 and 3 are those of the
second port, and so on. The first message of each channel is the port.

Source: k8s.io/kubelet/pkg/cri/streaming/portforward/websocket.go (v1.36).
"""

from collections.abc import Sequence

import anyio

from kubeactors.apiserver.http.channels import V4, V4_BASE64
from kubeactors.apiserver.http.forwarding import Forwarding
from kubeactors.apiserver.http.messages import Duplex

CHANNELS = ("", V4, V4_BASE64)
"""The protocols of this kind."""


async def carry(connections: Sequence[Forwarding], duplex: Duplex) -> None:
    """Carry connections to their ends, or until the client disconnects."""
    for number, connection in enumerate(connections):
        port = connection.port.to_bytes(2, "little")
        await duplex.send(bytes([2 * number]) + port)
        await duplex.send(bytes([2 * number + 1]) + port)
    async with anyio.create_task_group() as group:

        async def read() -> None:
            await _take(connections, duplex)
            group.cancel_scope.cancel()  # the client has disconnected

        group.start_soon(read)
        async with anyio.create_task_group() as ends:
            for number, connection in enumerate(connections):
                ends.start_soon(_forward, number, connection, duplex)
        await duplex.close()
        group.cancel_scope.cancel()


async def _take(connections: Sequence[Forwarding], duplex: Duplex) -> None:
    """Pass on data of the client until it disconnects."""
    while (message := await duplex.receive()) is not None:
        number, is_about_errors = divmod(message[0], 2) if message else (len(connections), 0)
        if number < len(connections) and not is_about_errors and len(message) > 1:
            await connections[number].put(message[1:])


async def _forward(number: int, connection: Forwarding, duplex: Duplex) -> None:
    """Carry a connection to its end."""

    async def give_back(piece: bytes) -> None:
        await duplex.send(bytes([2 * number]) + piece)

    if problem := await connection.run(give_back):
        await duplex.send(bytes([2 * number + 1]) + problem.encode())
