"""The API server's HTTPS edge for commands in simulated containers, which have no network of their own.

Source: "Accessing the Kubernetes API from a Pod" in Kubernetes' documentation.
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, cast
from urllib.parse import unquote

import anyio

from kubeactors.actor import Actor, handle
from kubeactors.kubelet import CallApiServer
from kubeactors.kubelet.runtimes import Visited, WebRequest

if TYPE_CHECKING:
    from kubeactors.apiserver.http.app import ApiApp
    from kubeactors.apiserver.http.messages import Event, Scope

STREAM_SECONDS = 10.0
"""After how long a response that does not end, as that to a watch, is cut off."""


class PodRequests(Actor[CallApiServer], reentrant=True):
    """Passes requests to the application that also serves HTTPS.

    Args:
        make: makes the application, at the first request.
        authority: the certificate (PEM) that a client must trust to accept the server's.
    """

    def __init__(self, make: "Callable[[], ApiApp]", authority: str) -> None:
        self._make = make
        self._authority = authority.strip()
        self._app: ApiApp | None = None

    @handle
    async def call(self, message: CallApiServer) -> Visited:
        """Answer a request, or have the client reject the server's certificate."""
        request = message.request
        if request.trusted is not None and self._authority not in request.trusted:
            return Visited(untrusted=True)
        if self._app is None:
            self._app = self._make()
        exchange = _Exchange(request)
        with anyio.move_on_after(STREAM_SECONDS):
            await self._app(exchange.scope, exchange.receive, exchange.send)
        return exchange.visited()


class _Exchange:
    """A request and its response, as ASGI events."""

    def __init__(self, request: WebRequest) -> None:
        path, _, query = request.path.partition("?")
        self.scope: Scope = {
            "type": "http",
            "method": request.method,
            "path": unquote(path),
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in request.headers],
        }
        self._body: bytes | None = request.body
        self._status = 0
        self._content_type = ""
        self._pieces: list[bytes] = []

    async def receive(self) -> "Event":
        """The whole body at once; after that the client stays."""
        if self._body is None:
            await anyio.sleep_forever()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(self, event: "Event") -> None:
        """Collect the response."""
        if event["type"] == "http.response.start":
            self._status = cast("int", event["status"])
            headers = dict(cast("Iterable[tuple[bytes, bytes]]", event["headers"]))
            self._content_type = headers.get(b"content-type", b"").decode()
        else:
            self._pieces.append(cast("bytes", event["body"]))

    def visited(self) -> Visited:
        """The response so far."""
        body = b"".join(self._pieces).decode(errors="replace")
        return Visited(status=self._status, body=body, content_type=self._content_type, lost=not self._status)
