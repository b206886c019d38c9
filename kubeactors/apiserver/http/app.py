"""The API server as an ASGI application: every path of Kubernetes, served by one actor and a few documents.

Source: apiserver/pkg/server/config.go, DefaultBuildHandlerChain (v1.36).
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread
import msgspec
import structlog

from kubeactors.apimachinery.scheme import Scheme
from kubeactors.apimachinery.status import BadRequest, InternalError, StatusDetails, StatusError
from kubeactors.apiserver.authorization import Authorizer
from kubeactors.apiserver.http.access import access_of
from kubeactors.apiserver.http.audit import Auditor, AuditSettings, cut_off
from kubeactors.apiserver.http.authentication import TokenAuthenticator, authenticate
from kubeactors.apiserver.http.documents import Documents
from kubeactors.apiserver.http.duplex import duplex_of
from kubeactors.apiserver.http.health import Health
from kubeactors.apiserver.http.impersonation import impersonated
from kubeactors.apiserver.http.messages import (
    Answer,
    ClientGone,
    Duplex,
    HttpRequest,
    Receive,
    Response,
    Scope,
    Send,
    Streaming,
    Takeover,
)
from kubeactors.apiserver.http.metrics import Metrics
from kubeactors.apiserver.http.openid import Issuer
from kubeactors.apiserver.http.paths import ResourcePath, parse_path, verb_of
from kubeactors.apiserver.http.pod_streams import PodAccess
from kubeactors.apiserver.http.representations import Clock
from kubeactors.apiserver.http.request_metrics import RequestMetrics
from kubeactors.apiserver.http.resources import Resources
from kubeactors.apiserver.http.responses import chunks, compress, refusal, text
from kubeactors.apiserver.http.server_ref import ServerRef

if TYPE_CHECKING:
    from prometheus_client.registry import Collector

_log = structlog.wrap_logger(
    logging.getLogger("kubeactors.http"),
    processors=[
        structlog.stdlib.filter_by_level,
        structlog.processors.format_exc_info,
        structlog.processors.KeyValueRenderer(key_order=["event"]),
    ],
    wrapper_class=structlog.stdlib.BoundLogger,
)


class HttpSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Optional settings of a server. `address` is the `host:port` in the document `/api`."""

    tokens: tuple[TokenAuthenticator, ...] = ()
    health: Health = msgspec.field(default_factory=Health)
    flags: Mapping[str, str] = msgspec.field(default_factory=dict[str, str])
    """The flags of the server, named as kube-apiserver's."""
    pods: PodAccess | None = None
    address: str = ""
    collectors: "Callable[[], Sequence[Collector]]" = tuple
    """Returns further collectors for `/metrics`."""
    actors: Callable[[], bytes] | None = None
    """Returns a snapshot of the process' actors, as JSON."""
    issuer: Issuer | None = None
    """The issuer of service account tokens."""
    audit: AuditSettings | None = None


DEFAULTS = HttpSettings()


class ApiApp:
    """Serves a scheme over HTTP. `server` is the ref of the API server's actor, `clock` returns Unix nanoseconds.

    It runs in the task that calls it and keeps no state between requests but its open streams, so several may serve one
    actor.
    """

    def __init__(
        self,
        server: ServerRef,
        scheme: Scheme,
        *,
        authorizer: Authorizer,
        clock: Clock,
        settings: HttpSettings = DEFAULTS,
    ) -> None:
        self._authorizer = authorizer
        self._tokens = settings.tokens
        self._resources = Resources(server, scheme, authorizer, clock, settings.pods)
        self._streams: dict[Streaming, None] = {}
        self._takeovers: dict[anyio.CancelScope, None] = {}
        self._clock = clock
        self._requests = RequestMetrics(lambda: len(self._streams))
        metrics = Metrics(self._requests, settings.collectors)
        self._health = settings.health
        self._documents = Documents(
            scheme,
            authorizer,
            settings.health,
            settings.address,
            metrics,
            settings.actors,
            settings.issuer,
            clock=clock,
            flags=settings.flags,
        )
        self._auditor = None if settings.audit is None else Auditor(settings.audit)
        self._closing = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request. Never raises."""
        request = HttpRequest(scope, receive)
        if self._auditor is None:
            await self._serve(request, scope, receive, send)
        else:
            await self._auditor.follow(request, partial(self._serve, request, scope, receive), send)

    async def _serve(self, request: HttpRequest, scope: Scope, receive: Receive, send: Send) -> None:
        began = self._clock()
        try:
            answer = await self._answer(request)
        except ClientGone:
            cut_off(request)
            return
        self._count(request, answer, began)
        if request.upgrades:
            await self._take_over(request, answer, duplex_of(scope, receive, send))
        elif isinstance(answer, Response):
            await _respond(answer, send)
        elif isinstance(answer, Takeover):
            await _respond(
                refusal(request, BadRequest.saying("Upgrade request required", StatusDetails()).status), send
            )
        else:
            await self._stream(request, answer, send)

    def close(self) -> None:
        """End all streams cleanly, including those that begin later."""
        self._closing = self._health.closing = True
        for stream in tuple(self._streams):
            stream.close()
        for scope in tuple(self._takeovers):
            scope.cancel()

    async def _answer(self, request: HttpRequest) -> Answer:
        path = parse_path(request.path)
        try:
            await self._authenticate(request, path)
            request.user = impersonated(request, access_of(request, path), self._authorizer)
            if request.audit is not None:
                request.audit.decided(self._authorizer.decide(access_of(request, path)))
            if path is None:
                return await self._documents.answer(request)
            return await self._resources.answer(request, path)
        except StatusError as refused:
            return refusal(request, refused.status)
        except ClientGone:
            raise
        except Exception as error:  # noqa: BLE001 -- a failed request must not stop the server
            _log.exception("http.request_failed", method=request.method, path=request.path)
            answer = refusal(request, InternalError.saying(f"Internal error occurred: {error}").status)
            if request.audit is not None:
                request.audit.failed(error)
            return answer

    async def _authenticate(self, request: HttpRequest, path: ResourcePath | None) -> None:
        try:
            request.user = await authenticate(request, self._tokens)
        except StatusError:
            if self._auditor is not None:
                self._auditor.begin_unauthenticated(request, path)
            raise
        if self._auditor is not None:
            self._auditor.begin(request, path)

    def _count(self, request: HttpRequest, answer: Answer, began: int) -> None:
        """Count a response about API objects. A stream is counted when it begins."""
        path = parse_path(request.path)
        if path is not None:
            verb = verb_of(request.method, path, watch=b"watch" in request.query_bytes)
            code = answer.code if isinstance(answer, Response) else HTTPStatus.OK
            self._requests.count(path, verb, code, self._clock() - began)

    async def _take_over(self, request: HttpRequest, answer: Answer, duplex: Duplex) -> None:
        if not isinstance(answer, Takeover) or self._closing:
            refused = answer if isinstance(answer, Response) else text(400, "this path cannot be upgraded")
            await duplex.refuse(refused)
            return
        with anyio.CancelScope() as scope:
            self._takeovers[scope] = None
            try:
                await answer.run(duplex)
            except Exception:  # noqa: BLE001 -- a failed connection must not stop the server
                _log.exception("http.takeover_failed", path=request.path)
                await duplex.close()
            finally:
                del self._takeovers[scope]

    async def _stream(self, request: HttpRequest, stream: Streaming, send: Send) -> None:
        self._streams[stream] = None
        if self._closing:
            stream.close()
        try:
            async with anyio.create_task_group() as group:

                async def until_gone() -> None:
                    await request.gone()
                    group.cancel_scope.cancel()

                async def write(piece: bytes) -> None:
                    await send({"type": "http.response.body", "body": piece, "more_body": True})

                group.start_soon(until_gone)
                await send(_start(200, stream.content_type, ((b"cache-control", b"no-cache, private"),)))
                await stream.run(write)
                await send({"type": "http.response.body", "body": b"", "more_body": False})
                group.cancel_scope.cancel()
        finally:
            del self._streams[stream]


async def _respond(answer: Response, send: Send) -> None:
    body = answer.body
    if answer.compressed:  # in a thread: compression releases the interpreter lock
        body = await anyio.to_thread.run_sync(compress, body)
    size = len(body) + sum(map(len, answer.pieces))
    length = (b"content-length", b"%d" % size)
    headers = answer.headers if answer.code in {204, 304} else (*answer.headers, length)
    await send(_start(answer.code, answer.content_type if size else "", headers))
    for chunk in chunks(answer.pieces):
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": body, "more_body": False})


def _start(code: int, content_type: str, headers: Sequence[tuple[bytes, bytes]]) -> dict[str, object]:
    typed = [(b"content-type", content_type.encode())] if content_type else []
    return {"type": "http.response.start", "status": code, "headers": [*typed, *headers]}
