"""Audit events, and what each step of a request adds to one.

Source: apiserver/pkg/apis/audit/v1/types.go, apiserver/pkg/audit/{request,context}.go (v1.36).
"""

from base64 import urlsafe_b64decode
from collections.abc import Iterable
from ipaddress import IPv6Address, ip_address
from typing import cast

import msgspec
from msgspec.structs import replace

from kubeactors.apimachinery import serializer
from kubeactors.apimachinery.meta import DeleteOptions, TypedObject
from kubeactors.apimachinery.requests import UserInfo
from kubeactors.apimachinery.status import Status, StatusDetails
from kubeactors.apimachinery.time import format_micro_time
from kubeactors.apiserver.audit.policy import Level, Stage
from kubeactors.apiserver.authorization import Access

MAX_USER_AGENT = 1024
DECISION, REASON = "authorization.k8s.io/decision", "authorization.k8s.io/reason"
DEPRECATED = "k8s.io/deprecated"
ISSUED_CREDENTIAL = "authentication.kubernetes.io/issued-credential-id"
"""The id of the token in the response to a TokenRequest."""
PATCH_TYPE = "kubeactors.io/patch-type"
"""The media type of a patch, which the events of Kubernetes do not say."""


class EventUser(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A user; of a request that is not authenticated, nothing."""

    username: str = ""
    uid: str = ""
    groups: tuple[str, ...] = ()
    extra: dict[str, tuple[str, ...]] = {}


class AuthenticationMetadata(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel", gc=False):
    """The verb of the constrained mode of impersonation, such as `impersonate:user-info`."""

    impersonation_constraint: str = ""


class ObjectReference(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel", gc=False):
    """The object that a request is about, as far as the URL and the object in the request name it."""

    resource: str = ""
    namespace: str = ""
    name: str = ""
    uid: str = ""
    api_group: str = ""
    api_version: str = ""
    resource_version: str = ""
    subresource: str = ""


class ResponseStatus(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The code of a response; and the rest of the Status, if it is one. `metadata` is always empty."""

    metadata: dict[str, str] = msgspec.field(default_factory=dict[str, str])
    status: str = ""
    message: str = ""
    reason: str = ""
    details: StatusDetails | None = None
    code: int = 0


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel", gc=False):
    """What is known about a request at a stage. Times are Unix nanoseconds until it is encoded."""

    kind: str = msgspec.field(default_factory=lambda: "Event")
    api_version: str = msgspec.field(default_factory=lambda: "audit.k8s.io/v1")
    level: Level
    audit_id: str = msgspec.field(name="auditID")
    stage: Stage
    request_uri: str = msgspec.field(name="requestURI")
    verb: str
    user: EventUser
    impersonated_user: EventUser | None = None
    authentication_metadata: AuthenticationMetadata | None = None
    source_ips: tuple[str, ...] = msgspec.field(default=(), name="sourceIPs")
    user_agent: str = ""
    object_ref: ObjectReference | None = None
    response_status: ResponseStatus | None = None
    request_object: msgspec.Raw | None = None
    response_object: msgspec.Raw | None = None
    request_received_timestamp: str
    stage_timestamp: str
    annotations: dict[str, str] = {}


CANCELLED = ResponseStatus(
    status="Failure",
    message="Timeout: request did not complete within requested timeout - context canceled",
    reason="Timeout",
    details=StatusDetails(),
    code=504,
)
"""The outcome of a request whose client is gone before it was answered; whether a write took place is unknown.

Source: apiserver/pkg/endpoints/handlers/finisher/finisher.go (v1.36).
"""

CUT_OFF = ResponseStatus(status="Failure", message="unexpected EOF", code=500)
"""The outcome of a request whose client is gone before its body was complete."""


class Origin(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What an HTTP request says of itself. `received_at` is in Unix nanoseconds."""

    audit_id: str
    uri: str
    addresses: tuple[str, ...]
    user_agent: str
    received_at: int


def received(level: Level, origin: Origin, access: Access, version: str) -> Event:
    """The event of a request that has arrived; `version` is that of its resource's API."""
    agent = origin.user_agent
    at = format_micro_time(origin.received_at)
    return Event(
        level=level,
        audit_id=origin.audit_id,
        stage=Stage.REQUEST_RECEIVED,
        request_uri=origin.uri,
        verb=access.verb,
        user=event_user(access.user),
        source_ips=origin.addresses,
        user_agent=agent if len(agent) <= MAX_USER_AGENT else f"{agent[:MAX_USER_AGENT]}...TRUNCATED",
        object_ref=None if access.path else _reference(access, version),
        request_received_timestamp=at,
        stage_timestamp=at,
    )


def event_user(user: UserInfo) -> EventUser:
    """A user as events show it."""
    return EventUser(user.name, user.uid, user.groups, user.extra)


def _reference(access: Access, version: str) -> ObjectReference:
    return ObjectReference(
        resource=access.resource,
        namespace=access.namespace,
        name=access.name,
        api_group=access.group,
        api_version=version,
        subresource=access.subresource,
    )


def with_impersonated(event: Event, user: UserInfo, constraint: str) -> Event:
    """The event of a request that is served as another user."""
    metadata = AuthenticationMetadata(constraint) if constraint else None
    return replace(event, impersonated_user=event_user(user), authentication_metadata=metadata)


def with_request(event: Event, sent: TypedObject | DeleteOptions, *, omit_managed_fields: bool = False) -> Event:
    """The event of a request with an object in its body, which completes the reference: an object, or DeleteOptions."""
    reference = event.object_ref
    if reference is not None and isinstance(sent, TypedObject):
        meta = sent.metadata
        reference = replace(
            reference,
            namespace=reference.namespace or meta.namespace,
            name=reference.name or meta.name,
            uid=meta.uid,
            resource_version=meta.resource_version,
        )
    if not event.level.includes(Level.REQUEST):
        return replace(event, object_ref=reference)
    json = serializer.encode(sent)
    return replace(event, object_ref=reference, request_object=_raw(json, omit_managed_fields=omit_managed_fields))


def with_patch(event: Event, patch: bytes, media_type: str) -> Event:
    """The event of a patch. One that is not JSON is left out.

    The patch is recorded as it was sent, with all managed fields that it names.
    """
    event = annotated(event, PATCH_TYPE, media_type)
    if not event.level.includes(Level.REQUEST):
        return event
    try:
        return replace(event, request_object=msgspec.Raw(one_line(patch)))
    except (msgspec.DecodeError, RecursionError):
        return event


def with_status(event: Event, status: Status) -> Event:
    """The event of a request whose response is a Status."""
    said = ResponseStatus(
        status=status.status,
        message=status.message,
        reason=status.reason,
        details=status.details,
        code=status.code,
    )
    return replace(event, response_status=said)


def with_response(event: Event, json: Iterable[bytes], *, omit_managed_fields: bool = False) -> Event:
    """The event of a request that is answered with an object, whose JSON may come in pieces."""
    if not event.level.includes(Level.REQUEST_RESPONSE):
        return event
    return replace(event, response_object=_raw(b"".join(json), omit_managed_fields=omit_managed_fields))


def with_code(event: Event, code: int) -> Event:
    """The event of a request whose response begins."""
    return replace(event, response_status=replace(event.response_status or ResponseStatus(), code=code))


def annotated(event: Event, key: str, value: str) -> Event:
    """An event with one more annotation. They are sorted, as Go encodes maps."""
    return replace(event, annotations=dict(sorted((event.annotations | {key: value}).items())))


def credential_id(token: str) -> str:
    """The id of a service account token, as the users that it authenticates have it in `extra`.

    Source: pkg/registry/core/serviceaccount/storage/token.go (v1.36).

    >>> credential_id("e30.eyJqdGkiOiJ4In0.c2ln")
    'JTI=x'
    """
    payload = urlsafe_b64decode(f"{token.split('.')[1]}==")
    return f"JTI={msgspec.json.decode(payload, type=_Payload).jti}"


class _Payload(msgspec.Struct, frozen=True):
    jti: str


def line(event: Event, stage: Stage, at: int) -> bytes:
    """The line of the log that records the event at a stage; `at` is in Unix nanoseconds."""
    return msgspec.json.encode(replace(event, stage=stage, stage_timestamp=format_micro_time(at))) + b"\n"


def one_line(json: bytes) -> bytes:
    r"""A JSON document in one line of valid UTF-8.

    >>> one_line(b'{"a":\n [1,  2]}')
    b'{"a":[1,2]}'

    Raises:
        DecodeError: it is not JSON.
        RecursionError: it is nested too deeply.
    """
    return msgspec.json.format(json, indent=-1).decode(errors="replace").encode()


def source_ips(forwarded_for: str, real_ip: str, peer: str) -> tuple[str, ...]:
    """The addresses that a request comes from: those named by proxies, then that of the connection.

    Source: apimachinery/pkg/util/net/http.go, SourceIPs (v1.36).

    >>> source_ips("10.0.0.1, unknown, 10.0.0.2", "10.0.0.1", "192.0.2.7")
    ('10.0.0.1', '10.0.0.2', '192.0.2.7')
    >>> source_ips("", "", "::ffff:127.0.0.1")
    ('127.0.0.1',)
    """
    found = [one for part in forwarded_for.split(",") if (one := _address(part.strip()))]
    if (real := _address(real_ip)) and real not in found:
        found.append(real)
    if (last := _address(peer)) and found[-1:] != [last]:
        found.append(last)
    return tuple(found)


def _address(text: str) -> str:
    try:
        parsed = ip_address(text)
    except ValueError:
        return ""
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(parsed)


def _raw(json: bytes, *, omit_managed_fields: bool) -> msgspec.Raw:
    return msgspec.Raw(without_managed_fields(json) if omit_managed_fields else json)


def without_managed_fields(json: bytes) -> bytes:
    """An object, a list or a Table without the managed fields of its objects.

    >>> without_managed_fields(b'{"items":[{"metadata":{"name":"a","managedFields":[{}]}}]}')
    b'{"items":[{"metadata":{"name":"a"}}]}'
    """
    value = cast("object", msgspec.json.decode(json))
    _strip(value)
    for item in _listed(value, "items"):
        _strip(item)
    for row in _listed(value, "rows"):
        _strip(_field(row, "object"))
    return msgspec.json.encode(value)


def _strip(value: object) -> None:
    metadata = _field(value, "metadata")
    if isinstance(metadata, dict):
        cast("dict[str, object]", metadata).pop("managedFields", None)


def _field(value: object, name: str) -> object:
    return cast("dict[str, object]", value).get(name) if isinstance(value, dict) else None


def _listed(value: object, name: str) -> list[object]:
    found = _field(value, name)
    return cast("list[object]", found) if isinstance(found, list) else []
