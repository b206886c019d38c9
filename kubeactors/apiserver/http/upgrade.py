"""Upgraded connections: `Upgrade: SPDY/3.1`, which ASGI does not support.

The application is called as for a WebSocket, with other names: a scope of type `upgrade`; it receives
`upgrade.receive` with `bytes`, and `upgrade.disconnect`; it sends `upgrade.accept` with `headers`, `upgrade.send` with
`bytes`, and `upgrade.close`; or an HTTP response in place of `upgrade.accept`.
"""

import asyncio  # noqa: TID251 -- uvicorn's protocols are asyncio's
from collections import deque
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Protocol, cast

from kubeactors.apiserver.http.messages import Event, Receive, Scope, Send

SPDY = b"spdy/3.1"
HIGH_WATER_BYTES = 1 << 20


class Connections(Protocol):
    """uvicorn's server state: its connections and tasks."""

    connections: "set[object]"
    tasks: "set[asyncio.Task[None]]"


App = Callable[[Scope, Receive, Send], Coroutine[object, object, None]]


class UpgradedConnection(asyncio.Protocol):
    """A connection, beginning with its upgrade request."""

    def __init__(self, app: App, scope: Scope, transport: asyncio.Transport, server: Connections) -> None:
        self._transport = transport
        self._server = server
        self._arrived: deque[bytes] = deque()
        self._size = 0
        self._news = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._lost = False
        server.connections.add(self)
        task = asyncio.get_running_loop().create_task(self._run(app, scope))
        server.tasks.add(task)
        task.add_done_callback(server.tasks.discard)

    # Called by the transport.

    def data_received(self, data: bytes) -> None:
        """Data has arrived."""
        self._arrived.append(data)
        self._size += len(data)
        if self._size > HIGH_WATER_BYTES:
            self._transport.pause_reading()
        self._news.set()

    def eof_received(self) -> None:
        """The peer has closed its side, and so the connection."""
        self._lost = True
        self._news.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is closed."""
        self._server.connections.discard(self)
        self._lost = True
        self._news.set()
        self._writable.set()

    def pause_writing(self) -> None:
        """The write buffer is full."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """The write buffer has drained."""
        self._writable.set()

    def shutdown(self) -> None:
        """The server stops."""
        self._lost = True
        self._news.set()
        self._transport.close()

    # Called by the application.

    async def _run(self, app: App, scope: Scope) -> None:
        try:
            await app(scope, self._receive, self._send)
        finally:
            self._transport.close()

    async def _receive(self) -> Event:
        while not self._arrived:
            if self._lost:
                return {"type": "upgrade.disconnect"}
            self._news.clear()
            await self._news.wait()
        data = b"".join(self._arrived)
        self._arrived.clear()
        self._size = 0
        self._transport.resume_reading()
        return {"type": "upgrade.receive", "bytes": data}

    async def _send(self, event: Event) -> None:
        match event["type"]:
            case "upgrade.accept":
                self._head(HTTPStatus.SWITCHING_PROTOCOLS, event)
            case "http.response.start":
                self._head(cast("int", event["status"]), event)
            case "upgrade.send":
                self._transport.write(cast("bytes", event["bytes"]))
            case "http.response.body":
                self._transport.write(cast("bytes", event["body"]))
            case _:
                self._transport.close()
        await self._writable.wait()

    def _head(self, status: int, event: Event) -> None:
        lines = [f"HTTP/1.1 {int(status)} {HTTPStatus(status).phrase}".encode()]
        headers = cast("list[tuple[bytes, bytes]]", event["headers"])
        lines += [name + b": " + value for name, value in headers]
        self._transport.write(b"\r\n".join(lines) + b"\r\n\r\n")
