"""Connections to ports that a client has named beforehand, one to each: as clients do that know nothing of SPDY.

All share one WebSocket. Each message has the number of its channel as its first byte: 0 is the data of the first port,
1 what goes wrong with it, 2 and 3 are the second port's, and so on. Of each channel the first message is the port.

Source: k8s.io/kubelet/pkg/cri/streaming/portforward/websocket.go (v1.36).
"""

from collections.abc import Sequence

import anyio

from kubeactors.apiserver.http.channels import V4, V4_BASE64
from kubeactors.apiserver.http.forwarding import Forwarding
from kubeactors.apiserver.http.messages import Duplex

CHANNELS = ("", V4, V4_BASE64)
"""The protocols that go so."""


async def carry(connections: Sequence[Forwarding], duplex: Duplex) -> None:
    """Carry them to their ends, or until the client is gone."""
    for number, connection in enumerate(connections):
        port = connection.port.to_bytes(2, "little")
        await duplex.send(bytes([2 * number]) + port)
        await duplex.send(bytes([2 * number + 1]) + port)
    async with anyio.create_task_group() as group:

        async def read() -> None:
            await _take(connections, duplex)
            group.cancel_scope.cancel()  # the client is gone

        group.start_soon(read)
        async with anyio.create_task_group() as ends:
            for number, connection in enumerate(connections):
                ends.start_soon(_forward, number, connection, duplex)
        await duplex.close()
        group.cancel_scope.cancel()


async def _take(connections: Sequence[Forwarding], duplex: Duplex) -> None:
    """What the client sends, until it is gone."""
    while (message := await duplex.receive()) is not None:
        number, is_about_errors = divmod(message[0], 2) if message else (len(connections), 0)
        if number < len(connections) and not is_about_errors and len(message) > 1:
            await connections[number].put(message[1:])


async def _forward(number: int, connection: Forwarding, duplex: Duplex) -> None:
    """One connection, from its beginning to its end."""

    async def give_back(piece: bytes) -> None:
        await duplex.send(bytes([2 * number]) + piece)

    if problem := await connection.run(give_back):
        await duplex.send(bytes([2 * number + 1]) + problem.encode())
