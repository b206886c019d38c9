"""The HTTPS server: sockets, TLS, and uvicorn between them and the application.

uvicorn parses HTTP and speaks ASGI. It is given sockets that are bound already, so that a port in use raises an error
instead of exiting the process, and its protocol is extended to pass on client certificates.
"""

import asyncio  # noqa: TID251 -- uvicorn requires it
import contextlib
import errno
import logging
import socket
import ssl
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast
from urllib.parse import unquote

import anyio
import httptools
import msgspec
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from kubeactors.apiserver.http.app import ApiApp
from kubeactors.apiserver.http.exchange import Exchange
from kubeactors.apiserver.http.messages import PEER, Scope
from kubeactors.apiserver.http.upgrade import SPDY, App, Connections, UpgradedConnection

BACKLOG = 2048
KEEP_ALIVE_SECONDS = 180
"""The idle timeout of a connection. It is longer than that of clients, so that a request never meets our close."""

IDLE_GOODBYE_SECONDS = 0.1
GOODBYE_SECONDS = 1.0
"""How long a closing connection waits for its client to close: when it is idle, and after a response."""

GRACE_SECONDS = 5
"""How long requests in progress may take when the server stops."""


if TYPE_CHECKING:
    from uvicorn._types import ASGI3Application


class AddressInUse(Exception):
    """The address is in use; stop the other process, or choose another port (0 takes a free one)."""


class WrongEventLoop(RuntimeError):
    """HTTPS is served on asyncio only; on trio, use the cluster's `client`."""


class Tls(msgspec.Struct, frozen=True, kw_only=True):
    """The PEM files of TLS: the server's certificate and key, and the CA of client certificates."""

    certificate: Path
    key: Path
    client_authority: Path


class Listening(msgspec.Struct, frozen=True, kw_only=True):
    """The address of the server."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """`https://HOST:PORT`; a wildcard address becomes the loopback one.

        >>> Listening(host="::1", port=6443).url
        'https://[::1]:6443'
        """
        host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(self.host, self.host)  # noqa: S104  display
        return f"https://[{host}]:{self.port}" if ":" in host else f"https://{host}:{self.port}"


class _Transport(Protocol):
    def get_extra_info(self, name: str, default: object = None) -> object: ...


class _PeerProtocol(HttpToolsProtocol):
    """Puts the client's certificate into the state of every scope of its connection.

    A connection that the server closes ends soon, even if the client does not answer the TLS close.
    """

    def connection_made(self, transport: _Transport) -> None:
        super().connection_made(transport)  # type: ignore[arg-type]
        tls = transport.get_extra_info("ssl_object")
        if isinstance(tls, ssl.SSLObject) and (certificate := tls.getpeercert(binary_form=True)):
            self.app_state = {**self.app_state, PEER: certificate}

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if isinstance(self.cycle, Exchange) and not self.cycle.response_complete:
            self.cycle.cancel()

    def _should_upgrade(self) -> bool:
        """Accept SPDY too, which kubectl before 1.31 uses."""
        return self._get_upgrade() == SPDY or super()._should_upgrade()

    def on_headers_complete(self) -> None:
        """As in uvicorn, but without its limits, and with our own exchanges."""
        parser = self.parser
        assert parser is not None, "it is what calls this"
        version = parser.get_http_version()
        self.scope["method"] = parser.get_method().decode("ascii")
        self.scope["http_version"] = version
        if parser.should_upgrade() and self._should_upgrade():
            return
        url = httptools.parse_url(self.url)
        path = url.path.decode("ascii")
        self.scope["path"] = unquote(path) if "%" in path else path
        self.scope["raw_path"] = url.path
        self.scope["query_string"] = url.query or b""
        before = cast("RequestResponseCycle | None", self.cycle)
        self.cycle = self._exchange(keep_alive=version != "1.0" and parser.should_keep_alive())
        app = cast("ASGI3Application", self.app)  # pyright: ignore[reportUnknownMemberType] -- untyped in uvicorn
        if before is not None and not before.response_complete:  # pipelined requests are served in order
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, app))
        else:
            self._start_asgi_task(self.cycle, app)

    def _exchange(self, *, keep_alive: bool) -> Exchange:
        return Exchange(
            scope=self.scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=False,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=self.expect_100_continue,
            keep_alive=keep_alive,
            on_response=self.on_response_complete,
        )

    def handle_websocket_upgrade(self) -> None:
        if self._get_upgrade() != SPDY:
            super().handle_websocket_upgrade()
            return
        self.connections.discard(self)
        url = httptools.parse_url(self.url)
        scope: Scope = {
            **self.scope,
            "type": "upgrade",
            "path": unquote(url.path.decode("ascii")),
            "raw_path": url.path,
            "query_string": url.query or b"",
        }
        app = cast("App", self.app)  # pyright: ignore[reportUnknownMemberType] -- untyped in uvicorn
        self.transport.set_protocol(
            UpgradedConnection(app, scope, self.transport, cast("Connections", self.server_state))
        )

    def shutdown(self) -> None:
        super().shutdown()
        self._end(IDLE_GOODBYE_SECONDS)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._end(GOODBYE_SECONDS)

    def _end(self, seconds: float) -> None:
        if self.transport.is_closing():
            self.loop.call_later(seconds, self.transport.abort)


class _Server(uvicorn.Server):
    """Leaves signals to the embedding program, reports when it is up, and stops promptly."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = anyio.Event()
        self._leaving = anyio.Event()

    def leave(self) -> None:
        """Stop."""
        self.should_exit = True
        self._leaving.set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()

    async def main_loop(self) -> None:
        while not self.should_exit:
            await self.on_tick(0)  # the Date header
            with anyio.move_on_after(1):
                await self._leaving.wait()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


@asynccontextmanager
async def serve(app: ApiApp, *, host: str, port: int, tls: Tls) -> AsyncGenerator[Listening]:
    """Serve until the block is left; then streams end, requests in progress are completed, connections are closed.

    Port 0 takes a free port; the yielded address has it.

    Raises:
        AddressInUse: the address is in use.
        OSError: the address cannot be bound for another reason (no such address, not permitted).
        WrongEventLoop: the event loop is not asyncio.
    """
    _check_loop()
    listener = _listen(host, port)
    server = _server(app, tls)
    port = listener.getsockname()[1]
    failure: Exception | None = None
    async with anyio.create_task_group() as group:
        group.start_soon(_run, server, listener)
        try:
            await server.up.wait()
            yield Listening(host=host, port=port)
        except Exception as error:  # noqa: BLE001 -- raised below, so that an error of the block is not in a group
            failure = error
        finally:
            app.close()
            server.leave()
    if failure is not None:
        raise failure


def _check_loop() -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError as error:
        raise WrongEventLoop("HTTPS is served on asyncio only; run the program on it, or serve nothing") from error


async def _run(server: _Server, listener: socket.socket) -> None:
    """Run until told to exit. Cancellation waits for that too, so that no connection is left half-closed."""
    with anyio.CancelScope(shield=True):
        await server.serve([listener])
    for connection in tuple(server.server_state.connections):  # those whose clients did not close
        connection.transport.abort()


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket; a host name resolves to the first of its addresses."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except socket.gaierror as error:
        raise OSError(error.errno, f"{host}: no such host is known ({error.strerror})") from error
    family, kind, protocol, _, address = found[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise AddressInUse(
                f"{host}:{port}: the address is in use; stop the other server, or choose another port (0 takes a free one)"
            ) from error
        raise OSError(error.errno, f"{host}:{port} cannot be listened at: {error.strerror}") from error
    listener.setblocking(False)
    return listener


def _server(app: ApiApp, tls: Tls) -> _Server:
    context = _context(tls)
    config = uvicorn.Config(
        app,
        http=_PeerProtocol,
        ws="wsproto",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        log_level=logging.CRITICAL,  # the application logs failures; a request cut off at shutdown is none
        server_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
        ssl_context_factory=lambda _config, _default: context,
    )
    return _Server(config)


def _context(tls: Tls) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(tls.certificate, tls.key)
    context.load_verify_locations(tls.client_authority)
    context.verify_mode = ssl.CERT_OPTIONAL
    context.set_alpn_protocols(["http/1.1"])
    return context
