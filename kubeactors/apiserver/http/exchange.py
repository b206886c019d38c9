"""A request and its response on a connection: uvicorn's cycle with fewer steps.

Headers and body of a response are sent together, in one TLS record and one system call, and equal headers are encoded
once. The headers of a stream are sent at once, as the first piece may take a while.
"""

from functools import lru_cache
from typing import TYPE_CHECKING

import anyio
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

if TYPE_CHECKING:
    from uvicorn._types import ASGI3Application, ASGISendEvent

Header = tuple[bytes, bytes]

APART_BYTES = 64 * 1024
"""From this size on a piece is sent by itself, not copied behind the headers."""
_NO_BODY = (204, 304)
_CLOSE = (b"connection", b"close")


class Exchange(RequestResponseCycle):
    """Sends a response."""

    _head: bytes = b""
    _scope: anyio.CancelScope | None = None

    async def run_asgi(self, app: "ASGI3Application") -> None:
        """Serve the request."""
        with anyio.CancelScope() as self._scope:
            await super().run_asgi(app)

    def cancel(self) -> None:
        """Give up the request, since its connection has ended.

        Source: Go's net/http, which cancels the context of the request then.
        """
        if self._scope is not None:
            self._scope.cancel()

    async def send(self, message: "ASGISendEvent") -> None:
        """Handle an ASGI event."""
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected:
            return
        if message["type"] == "http.response.start":
            assert not self.response_started, "an answer has one head"
            self._begin(message["status"], tuple(message.get("headers", ())))
        else:
            assert message["type"] == "http.response.body", "plain answers and streams are all that is sent"
            assert self.response_started, "a head comes before its body"
            assert not self.response_complete, "an answer has one end"
            self._go_on(message.get("body", b""), more=message.get("more_body", False))

    def _begin(self, status: int, headers: tuple[Header, ...]) -> None:
        self.response_started = True
        self.waiting_for_100_continue = False
        head, length = _head(status, headers)
        self.chunked_encoding: bool | None = (
            length is None and status not in _NO_BODY and self.scope["method"] != "HEAD"
        )
        self.expected_content_length: int = length or 0
        default = b"".join([b"%b: %b\r\n" % header for header in self.default_headers])
        if _CLOSE in headers:
            self.keep_alive = False
        close = b"" if self.keep_alive or _CLOSE in headers else b"connection: close\r\n"
        chunked = b"transfer-encoding: chunked\r\n" if self.chunked_encoding else b""
        self._head = b"".join((head, default, close, chunked, b"\r\n"))
        if self.chunked_encoding:
            self._write(b"")

    def _go_on(self, body: bytes, *, more: bool) -> None:
        if self.scope["method"] == "HEAD":
            self.expected_content_length, body = 0, b""
        elif self.chunked_encoding:
            body = _chunk(body, last=not more)
        else:
            self.expected_content_length -= len(body)
            assert self.expected_content_length >= 0, "a body is no longer than its head says"
        self._write(body)
        if not more:
            self._complete()

    def _write(self, body: bytes) -> None:
        head, self._head = self._head, b""
        if head and len(body) >= APART_BYTES:
            self.transport.write(head)
            self.transport.write(body)
        elif head or body:
            self.transport.write(head + body if head else body)

    def _complete(self) -> None:
        assert self.expected_content_length == 0, "a body is as long as its head says"
        self.response_complete = True
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()


def _chunk(body: bytes, *, last: bool) -> bytes:
    chunk = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
    return chunk + b"0\r\n\r\n" if last else chunk


@lru_cache(maxsize=1024)
def _head(status: int, headers: tuple[Header, ...]) -> tuple[bytes, int | None]:
    """The status line and headers of a response, and the length of its body if they have it."""
    assert not any(b"\r" in value or b"\n" in value for _, value in headers), "a header is one line"
    lines = [STATUS_LINE[status], *(b"%b: %b\r\n" % header for header in headers)]
    length = dict(headers).get(b"content-length")
    return b"".join(lines), None if length is None else int(length)
