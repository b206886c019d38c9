"""HTTP requests and responses as the handlers of this room see them, above ASGI's bytes and events."""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping, Sequence
from typing import Protocol, TypeAlias, cast

import msgspec

from kubeactors.apimachinery.requests import ANONYMOUS, UserInfo
from kubeactors.apimachinery.status import RequestEntityTooLarge
from kubeactors.apiserver.audit.trail import Trail
from kubeactors.apiserver.http.negotiation import JSON
from kubeactors.apiserver.http.query import Query

Scope: TypeAlias = MutableMapping[str, object]
Event: TypeAlias = MutableMapping[str, object]
Receive: TypeAlias = Callable[[], Awaitable[Event]]
Send: TypeAlias = Callable[[Event], Awaitable[None]]

MAX_BODY_BYTES = 3 * 1024 * 1024
"""Source: apiserver/pkg/server/config.go, MaxRequestBodyBytes (v1.36)."""

PEER = "peer_certificate"
"""The key in a scope's state under which serving puts the DER bytes of a verified client certificate."""


class ClientGone(Exception):
    """The client closed the connection before its request was complete, so there is nobody to reply to."""


class HttpRequest:
    """A request. `user` is anonymous until authentication has set it.

    `upgrades`: the client requests another protocol. `warnings` are sent to the client even if the request is rejected.
    `audit`, `audit_id` and `received_at` (Unix nanoseconds) are set if requests are audited; `audit` if this one is.
    """

    __slots__ = (
        "_headers",
        "_lines",
        "_query",
        "_receive",
        "_scope",
        "audit",
        "audit_id",
        "certificate",
        "method",
        "path",
        "query_bytes",
        "received_at",
        "upgrades",
        "user",
        "warnings",
    )

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.method: str = cast("str", scope.get("method", "GET"))  # WebSocket scopes have no method
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
        self._scope = scope
        self.audit: Trail | None = None
        self.audit_id: str = ""
        self.received_at: int = 0

    @property
    def uri(self) -> str:
        """The path, as it was sent, and the query."""
        path = cast("bytes", self._scope.get("raw_path") or self.path.encode()).decode("latin-1")
        return f"{path}?{self.query_bytes.decode('latin-1')}" if self.query_bytes else path

    @property
    def peer(self) -> str:
        """The address at the other end of the connection; empty if there is none."""
        client = cast("tuple[str, int] | None", self._scope.get("client"))
        return client[0] if client else ""

    @property
    def query(self) -> Query:
        """The query, parsed on first use."""
        if self._query is None:
            self._query = Query(self.query_bytes)
        return self._query

    def header(self, name: bytes) -> str:
        """A header by lower-case name; empty if it is absent."""
        return self._headers.get(name, b"").decode("latin-1")

    def headers(self) -> Iterable[tuple[bytes, bytes]]:
        """All headers in order, names in lower case; a name may occur more than once."""
        return self._lines

    async def body(self) -> bytes:
        """The whole body.

        Raises:
            RequestEntityTooLarge: it is larger than 3 MiB.
            ClientGone: the client closed the connection before its end.
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
    """A response with a known body. If `compressed`, it is compressed when it is sent; the headers say so already.

    A large body comes as `pieces`, which are sent one after the other without being joined.
    """

    code: int = 200
    body: bytes = b""
    pieces: Sequence[bytes] = ()
    compressed: bool = False
    content_type: str = JSON
    headers: tuple[tuple[bytes, bytes], ...] = ()


Write: TypeAlias = Callable[[bytes], Awaitable[None]]


class Streaming(Protocol):
    """A response whose body is streamed."""

    @property
    def content_type(self) -> str:
        """The media type of the stream."""
        ...

    async def run(self, write: Write) -> None:
        """Write pieces until the stream ends. Cancelled when the client disconnects."""
        ...

    def close(self) -> None:
        """End the stream soon and cleanly; idempotent."""
        ...


class Duplex(Protocol):
    """A bidirectional connection, beginning with the request to upgrade."""

    @property
    def is_websocket(self) -> bool:
        """Whether message boundaries are preserved."""
        ...

    @property
    def offered(self) -> tuple[str, ...]:
        """The protocols that the client offers, the preferred one first."""
        ...

    async def accept(self, protocol: str) -> None:
        """Upgrade to this protocol."""
        ...

    async def refuse(self, answer: Response) -> None:
        """Send an ordinary response instead."""
        ...

    async def receive(self) -> bytes | None:
        """The next piece; None if the client has disconnected."""
        ...

    async def send(self, data: bytes) -> None:
        """Send a piece. Pieces of one task keep their order."""
        ...

    async def close(self) -> None:
        """Close the connection cleanly."""
        ...


class Takeover(msgspec.Struct, frozen=True):
    """A response that upgrades the connection to another protocol.

    `run` accepts or refuses, then runs until the end of the connection. It is cancelled when the server stops.
    """

    run: Callable[[Duplex], Awaitable[None]]


Answer: TypeAlias = Response | Streaming | Takeover
