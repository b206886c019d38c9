"""The two kinds of `Duplex`: a WebSocket, and a connection upgraded to SPDY."""

from base64 import b64decode, b64encode
from typing import cast

import anyio

from kubeactors.apiserver.http.messages import Duplex, Receive, Response, Scope, Send

STREAM_PROTOCOL = b"x-stream-protocol-version"


class WebSocketDuplex:
    """A WebSocket over ASGI.

    In protocols with `base64` in their name, which browsers use, messages are text: the first byte, a channel number,
    is a digit, and the rest is base64. Here they are bytes, as in all other protocols.

    Source: apimachinery/pkg/util/httpstream/wsstream/conn.go (v1.36).
    """

    is_websocket = True

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.offered: tuple[str, ...] = tuple(cast("list[str]", scope["subprotocols"]))
        self._receive = receive
        self._send = send
        self._lock = anyio.Lock()
        self._gone = False
        self._is_text = False

    async def accept(self, protocol: str) -> None:
        """See `Duplex`."""
        self._is_text = "base64" in protocol
        await self._receive()  # websocket.connect
        await self._send({"type": "websocket.accept", "subprotocol": protocol or None})

    async def refuse(self, answer: Response) -> None:
        """See `Duplex`."""
        await self._receive()
        headers = [(b"content-type", answer.content_type.encode()), (b"content-length", b"%d" % len(answer.body))]
        await self._send({"type": "websocket.http.response.start", "status": answer.code, "headers": headers})
        await self._send({"type": "websocket.http.response.body", "body": answer.body, "more_body": False})

    async def receive(self) -> bytes | None:
        """See `Duplex`."""
        event = await self._receive()
        if event["type"] == "websocket.disconnect":
            self._gone = True
            return None
        data = event.get("bytes")
        message = cast("bytes", data) if data is not None else cast("str", event.get("text") or "").encode()
        return _from_text(message) if self._is_text else message

    async def send(self, data: bytes) -> None:
        """See `Duplex`."""
        async with self._lock:
            if not self._gone:
                content = {"text": _as_text(data)} if self._is_text else {"bytes": data}
                await self._send({"type": "websocket.send", **content})

    async def close(self) -> None:
        """See `Duplex`."""
        if not self._gone:
            self._gone = True
            await self._send({"type": "websocket.close", "code": 1000})


def _as_text(message: bytes) -> str:
    r"""A message as text.

    >>> _as_text(b"\x01hi"), _from_text(b"0aGk=")
    ('1aGk=', b'\x00hi')
    """
    return chr(ord("0") + message[0]) + b64encode(message[1:]).decode()


def _from_text(text: bytes) -> bytes:
    """The message in a text; empty if it is not base64."""
    try:
        return bytes([text[0] - ord("0")]) + b64decode(text[1:], validate=True)
    except (ValueError, IndexError):
        return b""


class UpgradedDuplex:
    """A connection upgraded to SPDY (`upgrade.py`)."""

    is_websocket = False

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = cast("list[tuple[bytes, bytes]]", scope["headers"])
        named = b",".join(value for name, value in headers if name == STREAM_PROTOCOL).decode("latin-1")
        self.offered: tuple[str, ...] = tuple(one.strip() for one in named.split(",") if one.strip())
        self._receive = receive
        self._send = send
        self._lock = anyio.Lock()

    async def accept(self, protocol: str) -> None:
        """See `Duplex`."""
        headers = [(b"Connection", b"Upgrade"), (b"Upgrade", b"SPDY/3.1")]
        if protocol:
            headers.append((b"X-Stream-Protocol-Version", protocol.encode()))
        await self._send({"type": "upgrade.accept", "headers": headers})

    async def refuse(self, answer: Response) -> None:
        """See `Duplex`."""
        length = (b"Content-Length", b"%d" % len(answer.body))
        headers = [(b"Content-Type", answer.content_type.encode()), length, (b"Connection", b"close")]
        await self._send({"type": "http.response.start", "status": answer.code, "headers": headers})
        await self._send({"type": "http.response.body", "body": answer.body})

    async def receive(self) -> bytes | None:
        """See `Duplex`."""
        event = await self._receive()
        return None if event["type"] == "upgrade.disconnect" else cast("bytes", event["bytes"])

    async def send(self, data: bytes) -> None:
        """See `Duplex`."""
        async with self._lock:
            await self._send({"type": "upgrade.send", "bytes": data})

    async def close(self) -> None:
        """See `Duplex`."""
        await self._send({"type": "upgrade.close"})


def duplex_of(scope: Scope, receive: Receive, send: Send) -> Duplex:
    """The connection of an upgrade request."""
    made = WebSocketDuplex if scope["type"] == "websocket" else UpgradedDuplex
    return made(scope, receive, send)
