"""Audit at the edge: begins the trail of each request that the policy records, and observes its response.

Source: apiserver/pkg/endpoints/filters/{audit_init,audit,authn_audit}.go, apiserver/pkg/server/filters/longrunning.go,
pkg/controlplane/apiserver/config.go, BuildGenericConfig (v1.36).
"""

from collections.abc import Awaitable, Callable
from typing import cast

import msgspec

from kubeactors.apimachinery.requests import UserInfo
from kubeactors.apiserver.audit.event import CUT_OFF, Origin, received, source_ips
from kubeactors.apiserver.audit.policy import DEFAULT_POLICY, Level, Policy, recording_of
from kubeactors.apiserver.audit.trail import Trail, WriteLine
from kubeactors.apiserver.authorization import Access
from kubeactors.apiserver.http.access import access_of
from kubeactors.apiserver.http.messages import Event, HttpRequest, Send
from kubeactors.apiserver.http.paths import ResourcePath
from kubeactors.apiserver.http.representations import Clock

HEADER = b"audit-id"
_LONG_RUNNING = frozenset({"attach", "exec", "log", "portforward", "proxy"})
_STARTS = frozenset({"http.response.start", "websocket.http.response.start"})
_SWITCHES = frozenset({"websocket.accept", "upgrade.accept"})
_SWITCHING_PROTOCOLS = 101
_NOBODY = UserInfo(name="")


class AuditSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where audit events are written, and by which policy.

    `new_id` makes the ids of requests that bring none; `clock` returns Unix nanoseconds.
    """

    write: WriteLine
    new_id: Callable[[], str]
    clock: Clock
    policy: Policy = DEFAULT_POLICY


class Auditor:
    """Audits the requests of an application."""

    def __init__(self, settings: AuditSettings) -> None:
        self._settings = settings

    async def follow(self, request: HttpRequest, serve: Callable[[Send], Awaitable[None]], send: Send) -> None:
        """Serve a request, and record its end, however it ends."""
        request.received_at = self._settings.clock()
        request.audit_id = request.header(HEADER) or self._settings.new_id()

        async def observed(event: Event) -> None:
            if code := _code(event):
                if request.audit is not None:
                    request.audit.started(code)
                event["headers"] = [
                    *cast("list[tuple[bytes, bytes]]", event.get("headers", ())),
                    (HEADER, request.audit_id.encode("latin-1")),
                ]
            await send(event)

        try:
            await serve(observed)
        finally:
            if request.audit is not None:
                request.audit.ended()

    def begin(self, request: HttpRequest, path: ResourcePath | None) -> None:
        """Begin the trail of an authenticated request, if the policy records it."""
        access = access_of(request, path)
        subresource = "" if path is None else path.subresource
        request.audit = self._trail(
            request, path, access, starts=access.verb == "watch" or subresource in _LONG_RUNNING
        )
        if request.audit is not None:
            request.audit.received(request.received_at)

    def begin_unauthenticated(self, request: HttpRequest, path: ResourcePath | None) -> None:
        """Begin the trail of a request whose credentials are rejected: the start of its response is recorded, no end."""
        request.user = _NOBODY
        request.audit = self._trail(request, path, access_of(request, path), starts=True, completes=False)

    def _trail(
        self, request: HttpRequest, path: ResourcePath | None, access: Access, *, starts: bool, completes: bool = True
    ) -> Trail | None:
        recording = recording_of(self._settings.policy, access)
        if recording.level == Level.NONE:
            return None
        event = received(recording.level, _origin(request), access, "" if path is None else path.resource.version)
        write, clock = self._settings.write, self._settings.clock
        return Trail(event, recording, write, clock, starts=starts, completes=completes)


def cut_off(request: HttpRequest) -> None:
    """The client is gone before the body of its request was complete."""
    if request.audit is not None:
        request.audit.ended(CUT_OFF)


def _origin(request: HttpRequest) -> Origin:
    addresses = source_ips(request.header(b"x-forwarded-for"), request.header(b"x-real-ip"), request.peer)
    return Origin(
        audit_id=request.audit_id,
        uri=request.uri,
        addresses=addresses,
        user_agent=request.header(b"user-agent"),
        received_at=request.received_at,
    )


def _code(event: Event) -> int:
    """The code of a response that begins with this event; 0 for all other events."""
    if event["type"] in _STARTS:
        return cast("int", event["status"])
    return _SWITCHING_PROTOCOLS if event["type"] in _SWITCHES else 0
