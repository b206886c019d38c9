"""Audit logs of API servers as user actions: `kubeactors up --audit-log-path FILE`, and those of kube-apiserver.

What users did is replayed, not what the components of the control plane did in turn: the simulator has its own.

Source: k8s.io/apiserver pkg/apis/audit/v1/types.go (v1.36).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import cast, get_args
from urllib.parse import parse_qs, urlsplit

import msgspec

from kubeactors.api import SCHEME
from kubeactors.apimachinery.requests import APPLY_PATCH, JSON_PATCH, MERGE_PATCH, STRATEGIC_MERGE_PATCH
from kubeactors.apimachinery.time import SECOND, parse_time
from kubeactors.apiserver.audit.event import PATCH_TYPE
from kubeactors.sim.grammar import node_names
from kubeactors.sim.workload import RequestVerb, SendRequest

COMPLETE = "ResponseComplete"
NODES = "nodes"
MOST_SECONDS_APART = 60.0
"""Longer pauses are shortened to this."""
SUBRESOURCES = ("", "scale", "status", "eviction", "ephemeralcontainers", "resize", "approval", "finalize")
"""What is replayed; the others are streams, or for components."""
PASSING = ("events", "leases")
"""Resources that components write all the time."""
REVIEWS = re.compile(r"\w+reviews|tokenrequests")
"""Resources that are questions."""
COMPONENT = re.compile(r"system:(node:|kube-|apiserver$|serviceaccount:kube-system:).*")
SERVER_FIELDS = (
    *("uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"),
    *("managedFields", "selfLink"),
)
"""Metadata that the server sets; of another run it means nothing."""


class AuditLogError(ValueError):
    """The audit log cannot be replayed; the message names the line, and the remedy."""


class _User(msgspec.Struct, frozen=True):
    username: str = ""


class _Reference(msgspec.Struct, frozen=True, rename="camel"):
    resource: str = ""
    namespace: str = ""
    name: str = ""
    api_group: str = ""
    api_version: str = "v1"
    subresource: str = ""


class _Code(msgspec.Struct, frozen=True):
    code: int = 0


class _Event(msgspec.Struct, frozen=True, rename="camel"):
    stage: str = ""
    verb: str = ""
    request_u_r_i: str = msgspec.field(default="", name="requestURI")
    user: _User = _User()
    object_ref: _Reference | None = None
    response_status: _Code = _Code()
    request_object: object = None
    request_received_timestamp: str = ""
    annotations: dict[str, str] = {}

    @property
    def options(self) -> Mapping[str, list[str]]:
        """The parameters of its URI."""
        return parse_qs(urlsplit(self.request_u_r_i).query)

    def option(self, name: str) -> str:
        """One of them; empty if it is absent."""
        return next(iter(self.options.get(name, ())), "")


class _Line(msgspec.Struct, frozen=True, rename="camel"):
    """An event, or a list of them as a webhook receives it."""

    kind: str = ""
    api_version: str = ""
    items: tuple[_Event, ...] = ()


def is_audit_log(text: str) -> bool:
    """Whether a text is an audit log, by its first line.

    >>> is_audit_log('{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Request"}')
    True
    """
    first = next((line for line in text.splitlines() if line.strip()), "")
    try:
        return msgspec.json.decode(first, type=_Line).api_version.startswith("audit.k8s.io/")
    except msgspec.DecodeError:
        return False


def of_audit_log(text: str) -> tuple[SendRequest, ...]:
    """The write requests of users that succeeded, at their times after the first of them.

    Nodes are named as those of the simulator, in the order in which they occur.

    Raises:
        AuditLogError: it is malformed, or has a request without its body, or none to replay.
    """
    found = [(number, one) for number, one in _events(text) if _is_replayed(one)]
    if not found:
        raise AuditLogError("the audit log has no successful write request of a user")
    found.sort(key=lambda one: parse_time(one[1].request_received_timestamp))  # stable
    times = [*_times(parse_time(one.request_received_timestamp) for _, one in found)]
    nodes = _stand_ins(one for _, one in found)
    return tuple(_request(number, one, at, nodes) for (number, one), at in zip(found, times, strict=True))


def _events(text: str) -> Iterator[tuple[int, _Event]]:
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            listed = msgspec.json.decode(line, type=_Line)
            events = listed.items if listed.kind == "EventList" else (msgspec.json.decode(line, type=_Event),)
        except msgspec.DecodeError as error:
            raise AuditLogError(f"line {number}: this is no event of an audit log: {error}") from error
        yield from ((number, one) for one in events)


def _is_replayed(event: _Event) -> bool:
    """Whether it is a write of a user that succeeded, of what is kept."""
    found = event.object_ref
    return (
        event.stage == COMPLETE
        and event.verb in get_args(RequestVerb)
        and 200 <= event.response_status.code < 300
        and found is not None
        and found.subresource in SUBRESOURCES
        and found.resource not in PASSING
        and not REVIEWS.fullmatch(found.resource)
        and not COMPONENT.fullmatch(event.user.username)
        and not event.option("dryRun")
    )


def _times(stamps: Iterable[int]) -> Iterator[float]:
    """Seconds since the first, without long pauses.

    >>> [*_times(SECOND * one for one in (100, 101, 4000))]
    [0.0, 1.0, 61.0]
    """
    at, before = 0.0, None
    for stamp in stamps:
        at += min((stamp - before) / SECOND, MOST_SECONDS_APART) if before is not None else 0.0
        before = stamp
        yield round(at, 3)


def _stand_ins(events: Iterable[_Event]) -> dict[str, str]:
    """Nodes of the simulator for those that the events name."""
    names = dict.fromkeys(
        one.object_ref.name for one in events if one.object_ref is not None and one.object_ref.resource == NODES
    )
    return dict(zip(names, node_names(len(names)), strict=True))


def _request(number: int, event: _Event, at: float, nodes: Mapping[str, str]) -> SendRequest:
    found = event.object_ref or _Reference()
    body = event.request_object
    if body is None and event.verb in {"create", "update", "patch"}:
        raise AuditLogError(
            f"line {number}: the {event.verb} of {found.resource} has no requestObject; "
            "record with level Request or RequestResponse"
        )
    fields = _fields(body)
    written = _as_written(fields, found) if fields else body
    name = nodes.get(found.name, found.name) if found.resource == NODES else found.name
    return SendRequest(
        at=at,
        verb=cast("RequestVerb", event.verb),
        api_version="/".join(filter(None, (found.api_group, found.api_version))),
        resource=found.resource,
        namespace=found.namespace,
        name=name or _name_in(written),
        subresource=found.subresource,
        body=cast("dict[str, object] | list[object] | None", written),
        patch_type=_patch_type(event, found) if event.verb == "patch" else "",
        field_manager=event.option("fieldManager"),
        label_selector=event.option("labelSelector"),
        field_selector=event.option("fieldSelector"),
    )


def _as_written(body: dict[str, object], found: _Reference) -> dict[str, object]:
    """The body without what the server has set: metadata, the status, addresses of a Service."""
    kept = {key: value for key, value in body.items() if key != "status" or found.subresource}
    if "metadata" in kept:
        kept["metadata"] = {key: one for key, one in _fields(kept["metadata"]).items() if key not in SERVER_FIELDS}
    spec = _fields(kept.get("spec"))
    if found.resource == "services" and spec.get("clusterIP") not in (None, "", "None"):
        kept["spec"] = {key: one for key, one in spec.items() if key not in {"clusterIP", "clusterIPs"}}
    return kept


def _fields(value: object) -> dict[str, object]:
    """The fields of a JSON object; none of any other value."""
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def _name_in(body: object) -> str:
    return str(_fields(_fields(body).get("metadata")).get("name", ""))


def _patch_type(event: _Event, found: _Reference) -> str:
    """The media type of a patch. Our API server says it in an annotation; with another one, the patch tells."""
    body = event.request_object
    if PATCH_TYPE in event.annotations:
        return event.annotations[PATCH_TYPE]
    if isinstance(body, list):
        return JSON_PATCH
    if {"apiVersion", "kind"} <= _fields(body).keys() and event.option("fieldManager"):
        return APPLY_PATCH
    return STRATEGIC_MERGE_PATCH if SCHEME.has_group(found.api_group) else MERGE_PATCH
