"""One HTTP request and its answer, as the handlers of this room see them; the bytes and events of ASGI stay below."""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping, Sequence
from typing import Protocol, TypeAlias, cast

import msgspec

from kubeactors.apimachinery.requests import ANONYMOUS, UserInfo
from kubeactors.apimachinery.status import RequestEntityTooLarge
from kubeactors.apiserver.http.negotiation import JSON
from kubeactors.apiserver.http.query import Query

Scope: TypeAlias = MutableMapping[str, object]
Event: TypeAlias = MutableMapping[str, object]
Receive: TypeAlias = Callable[[], Awaitable[Event]]
Send: TypeAlias = Callable[[Event], Awaitable[None]]

MAX_BODY_BYTES = 3 * 1024 * 1024
"""Source: apiserver/pkg/server/config.go, MaxRequestBodyBytes (v1.36)."""

PEER = "peer_certificate"
"""Where in the state of a scope the serving side puts the DER bytes of a verified client certificate."""


class ClientGone(Exception):
    """The client closed the connection before its request was complete; there is nobody to answer."""


class HttpRequest:
    """A request. `user` is who asks; anonymous until authentication has said otherwise.

    `upgrades`: the client wants to go on in another protocol. `warnings` are what the client is to be told even if the request is refused.
    """

    __slots__ = (
        "_headers",
        "_lines",
        "_query",
        "_receive",
        "certificate",
        "method",
        "path",
        "query_bytes",
        "upgrades",
        "user",
        "warnings",
    )

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.method: str = cast("str", scope.get("method", "GET"))  # a WebSocket has none
        self.upgrades: bool = scope["type"] != "http"
        self.path: str = cast("str", scope["path"])
        self.query_bytes: bytes = cast("bytes", scope["query_string"])
        self.user: UserInfo = ANONYMOUS
        self.warnings: tuple[str, ...] = ()
        state = cast("dict[str, object]", scope.get("state") or {})
        self.certificate: bytes | None = cast("bytes | None", state.get(PEER))
        self._lines = cast("Iterable[tuple[bytes, bytes]]", scope["headers"])
        self._headers = dict(self._lines)
        self._query: Query | None = None
        self._receive = receive

    @property
    def query(self) -> Query:
        """The query, parsed when somebody first asks for it."""
        if self._query is None:
            self._query = Query(self.query_bytes)
        return self._query

    def header(self, name: bytes) -> str:
        """A header by its name in lower case; empty if it is absent."""
        return self._headers.get(name, b"").decode("latin-1")

    def headers(self) -> Iterable[tuple[bytes, bytes]]:
        """All headers in order, names in lower case; a name may occur more than once."""
        return self._lines

    async def body(self) -> bytes:
        """The whole body.

        Raises:
            RequestEntityTooLarge: it has more than 3 MiB.
            ClientGone: the client closed the connection before the end of it.
        """
        body = bytearray()
        while True:
            event = await self._receive()
            if event["type"] == "http.disconnect":
                raise ClientGone
            body += cast("bytes", event.get("body", b""))
            if len(body) > MAX_BODY_BYTES:
                raise RequestEntityTooLarge.saying(f"Request entity too large: limit is {MAX_BODY_BYTES}")
            if not event.get("more_body", False):
                return bytes(body)

    async def gone(self) -> None:
        """Wait until the client closes the connection."""
        while (await self._receive())["type"] != "http.disconnect":
            pass


class Response(msgspec.Struct, frozen=True, kw_only=True):
    """An answer whose body is known. With `compressed` it is compressed on its way; the headers say so already.

    A body that is large comes as `pieces` instead, which nobody puts together: they are sent one after the other.
    """

    code: int = 200
    body: bytes = b""
    pieces: Sequence[bytes] = ()
    compressed: bool = False
    content_type: str = JSON
    headers: tuple[tuple[bytes, bytes], ...] = ()


Write: TypeAlias = Callable[[bytes], Awaitable[None]]


class Streaming(Protocol):
    """An answer whose body comes piece by piece."""

    @property
    def content_type(self) -> str:
        """The media type of the stream."""
        ...

    async def run(self, write: Write) -> None:
        """Write the pieces until the stream ends. Cancelled when the client goes away."""
        ...

    def close(self) -> None:
        """End the stream soon, in good order; safe to call again."""
        ...


class Duplex(Protocol):
    """A connection, from the request on, on which both sides send bytes as they like."""

    @property
    def is_websocket(self) -> bool:
        """Whether pieces keep their bounds."""
        ...

    @property
    def offered(self) -> tuple[str, ...]:
        """The protocols that the client would speak, the best first."""
        ...

    async def accept(self, protocol: str) -> None:
        """Go on in this protocol."""
        ...

    async def refuse(self, answer: Response) -> None:
        """Answer as to any other request instead."""
        ...

    async def receive(self) -> bytes | None:
        """The next piece; None if the client is gone."""
        ...

    async def send(self, data: bytes) -> None:
        """Send a piece. What one task sends before another arrives before it."""
        ...

    async def close(self) -> None:
        """End the connection in good order."""
        ...


class Takeover(msgspec.Struct, frozen=True):
    """An answer that takes the connection over, to go on in another protocol.

    `run` accepts or refuses, then goes on until the end. It is cancelled when the server stops.
    """

    run: Callable[[Duplex], Awaitable[None]]


Answer: TypeAlias = Response | Streaming | Takeover
