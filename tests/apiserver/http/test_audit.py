"""The audit events of requests at the edge."""

import base64
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import count
from typing import TypeVar, cast

import anyio
import httpx2
import msgspec
import pytest

from kubeactors.actor import ActorSystem
from kubeactors.apimachinery.requests import StopWatch
from kubeactors.apiserver.audit.policy import DEFAULT_POLICY, Policy, PolicyRule
from kubeactors.apiserver.http.app import ApiApp, HttpSettings
from kubeactors.apiserver.http.audit import AuditSettings
from kubeactors.apiserver.http.server_ref import ServerRef
from kubeactors.message import Request
from tests.apiserver.policy import DEFAULTS, authorizer_with

from .conftest import NOW_NS, POWERFUL, TOKENS
from .shelf import SCHEME, Shelf
from .test_protobuf import CONFIG_MAP

R = TypeVar("R")
PATH = "/api/v1/namespaces/ns/configmaps"
ADMIN = {"username": "kubernetes-admin", "groups": ["system:masters", "system:authenticated"]}
JANE = {"username": "jane", "groups": ["system:authenticated"]}
ALLOWED = {"authorization.k8s.io/decision": "allow", "authorization.k8s.io/reason": ""}
FORBIDDEN = {"authorization.k8s.io/decision": "forbid", "authorization.k8s.io/reason": ""}
EVERYTHING = Policy(rules=(PolicyRule(level="RequestResponse"),))

Said = dict[str, object]


class Audited:
    """An application whose requests are audited, a client, and the events so far."""

    def __init__(self, app: ApiApp, client: httpx2.AsyncClient, lines: list[bytes]) -> None:
        self.app = app
        self.client = client
        self._lines = lines

    @property
    def events(self) -> list[Said]:
        return [cast("Said", msgspec.json.decode(one)) for one in self._lines]

    @property
    def event(self) -> Said:
        """The only event."""
        [only] = self.events
        return only

    def shown(self, *keys: str) -> list[tuple[object, ...]]:
        """Some values of each event."""
        return [tuple(one.get(key) for key in keys) for one in self.events]

    async def send(self, method: str, path: str, body: str | bytes = b"", **headers: str) -> httpx2.Response:
        content = {"content-type": "application/json"} if body else {}
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        return await self.client.request(method, path, content=body, headers=content | named)


@asynccontextmanager
async def auditing(policy: Policy = DEFAULT_POLICY, server: ServerRef | None = None) -> AsyncGenerator[Audited]:
    """An audited application; its clock advances by a microsecond whenever it is read."""
    lines: list[bytes] = []
    ticks = count(NOW_NS, 1000)
    async with ActorSystem() as system:
        shelf = await system.spawn(Shelf, name="apiserver")
        app = ApiApp(
            server or shelf,
            SCHEME,
            authorizer=authorizer_with(*DEFAULTS, POWERFUL),
            clock=lambda: NOW_NS,
            settings=HttpSettings(
                tokens=(TOKENS,),
                audit=AuditSettings(
                    write=lines.append, new_id=lambda: "new-id", clock=lambda: next(ticks), policy=policy
                ),
            ),
        )
        transport = httpx2.ASGITransport(app, client=("192.0.2.7", 1))  # pyright: ignore[reportArgumentType]
        headers = {"authorization": "Bearer admin", "user-agent": "tester/1"}
        async with httpx2.AsyncClient(transport=transport, base_url="https://server", headers=headers) as client:
            yield Audited(app, client, lines)


async def test_a_creation_is_recorded_with_what_was_sent() -> None:
    async with auditing() as edge:
        answer = await edge.send(
            "POST", f"{PATH}?fieldManager=m%20x", '{"metadata": {"name": "a"},\n "data": {"x": "1"}}'
        )
    assert edge.event == {
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "level": "Request",
        "auditID": "new-id",
        "stage": "ResponseComplete",
        "requestURI": f"{PATH}?fieldManager=m%20x",
        "verb": "create",
        "user": ADMIN,
        "sourceIPs": ["192.0.2.7"],
        "userAgent": "tester/1",
        "objectRef": {"resource": "configmaps", "namespace": "ns", "name": "a", "apiVersion": "v1"},
        "responseStatus": {"metadata": {}, "code": 201},
        "requestObject": {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "a"}, "data": {"x": "1"}},
        "requestReceivedTimestamp": "2027-01-15T08:00:00.000000Z",
        "stageTimestamp": "2027-01-15T08:00:00.000001Z",
        "annotations": ALLOWED,
    }
    assert answer.headers["audit-id"] == "new-id"


async def test_the_audit_id_of_a_client_is_kept_and_returned_for_unrecorded_requests_too() -> None:
    async with auditing() as edge:
        answers = [
            await edge.send("POST", PATH, '{"metadata": {"name": "a"}}', audit_id="mine"),
            await edge.send("GET", f"{PATH}/a", audit_id="yours"),
        ]
    assert [one.headers["audit-id"] for one in answers] == ["mine", "yours"]
    assert edge.shown("auditID", "verb") == [("mine", "create")]


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/yaml", b"metadata: {name: c}\ndata: {a: b}\n"),
        ("application/vnd.kubernetes.protobuf", base64.b64decode(CONFIG_MAP)),
    ],
    ids=["yaml", "protobuf"],
)
async def test_objects_in_other_formats_are_recorded_as_json(content_type: str, body: bytes) -> None:
    async with auditing() as edge:
        await edge.send("PUT", f"{PATH}/c", body, content_type=content_type)
    assert edge.event["requestObject"] == {
        "kind": "ConfigMap",
        "apiVersion": "v1",
        "metadata": {"name": "c"},
        "data": {"a": "b"},
    }


@pytest.mark.parametrize(
    ("media_type", "sent", "recorded"),
    [
        ("application/merge-patch+json", '{"data": {"x": null}}', {"data": {"x": None}}),
        ("application/strategic-merge-patch+json", '{"data": {"x": "2"}}', {"data": {"x": "2"}}),
        ("application/json-patch+json", '[{"op": "remove", "path": "/data"}]', [{"op": "remove", "path": "/data"}]),
        (
            "application/apply-patch+yaml",
            "kind: ConfigMap\napiVersion: v1\nmetadata: {name: a}\n",
            {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "a"}},
        ),
        ("application/merge-patch+json; charset=utf-8", "{", None),
    ],
)
async def test_a_patch_is_recorded_with_its_media_type(media_type: str, sent: str, recorded: object) -> None:
    async with auditing() as edge:
        await edge.send("PATCH", f"{PATH}/a?fieldManager=m", sent, content_type=media_type)
    assert edge.event.get("requestObject") == recorded
    assert edge.event["annotations"] == ALLOWED | {"kubeactors.io/patch-type": media_type.partition(";")[0]}


async def test_a_deletion_is_recorded_with_its_options_and_the_status_of_its_response() -> None:
    async with auditing() as edge:
        await edge.send("DELETE", f"{PATH}/a", '{"propagationPolicy": "Orphan"}')
        await edge.send("DELETE", PATH)
    assert edge.shown("verb", "requestObject", "responseStatus") == [
        (
            "delete",
            {"kind": "DeleteOptions", "apiVersion": "meta.k8s.io/v1", "propagationPolicy": "Orphan"},
            {"metadata": {}, "status": "Success", "details": {"name": "a", "kind": "configmaps"}, "code": 200},
        ),
        ("deletecollection", None, {"metadata": {}, "code": 200}),
    ]


async def test_a_subresource_is_part_of_the_reference() -> None:
    async with auditing() as edge:
        await edge.send(
            "POST",
            "/api/v1/namespaces/ns/pods/p/eviction",
            '{"kind": "Eviction", "apiVersion": "policy/v1", "metadata": {"name": "p"}}',
        )
    assert edge.shown("objectRef", "requestObject") == [
        (
            {"resource": "pods", "namespace": "ns", "name": "p", "apiVersion": "v1", "subresource": "eviction"},
            {"kind": "Eviction", "apiVersion": "policy/v1", "metadata": {"name": "p"}},
        )
    ]


async def test_a_forbidden_request_is_recorded_without_its_body() -> None:
    async with auditing() as edge:
        answer = await edge.send("POST", PATH, '{"metadata": {"name": "a"}}', authorization="")
    said = answer.json()
    assert edge.shown("user", "requestObject", "responseStatus", "annotations") == [
        (
            {"username": "system:anonymous", "groups": ["system:unauthenticated"]},
            None,
            {
                "metadata": {},
                "status": "Failure",
                "message": said["message"],
                "reason": "Forbidden",
                "details": {"kind": "configmaps"},
                "code": 403,
            },
            FORBIDDEN,
        )
    ]


async def test_the_start_of_the_response_to_rejected_credentials_is_recorded() -> None:
    async with auditing(EVERYTHING) as edge:
        await edge.send("GET", f"{PATH}/a", authorization="Bearer nosuch")
    assert edge.shown("stage", "user", "responseStatus", "annotations") == [
        (
            "ResponseStarted",
            {},
            {"metadata": {}, "status": "Failure", "message": "Unauthorized", "reason": "Unauthorized", "code": 401},
            None,
        )
    ]


async def test_an_impersonated_user_stands_beside_the_one_who_sent_the_request() -> None:
    async with auditing() as edge:
        await edge.send("DELETE", f"{PATH}/a", impersonate_user="jane")
    assert edge.shown("user", "impersonatedUser", "authenticationMetadata", "annotations") == [
        (ADMIN, JANE, {"impersonationConstraint": "impersonate:user-info"}, FORBIDDEN)
    ]


async def test_a_refused_impersonation_is_recorded_as_the_request_of_its_sender() -> None:
    async with auditing() as edge:
        await edge.send("DELETE", f"{PATH}/a", authorization="Bearer jane", impersonate_user="joe")
    assert edge.shown("user", "impersonatedUser", "annotations") == [(JANE, None, None)]


async def test_a_body_that_is_rejected_is_not_recorded() -> None:
    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"{" + b" " * 3 * 1024 * 1024, "more_body": True}

    async with auditing() as edge:
        await call(edge, "POST", PATH, b"", receive, nothing)
        await edge.send("POST", PATH, "{")
    assert [(one.get("requestObject"), cast("Said", one["responseStatus"])["code"]) for one in edge.events] == [
        (None, 413),
        (None, 400),
    ]


async def test_a_policy_of_responses_records_objects_lists_and_failures() -> None:
    policy = Policy(rules=EVERYTHING.rules, omit_stages=("RequestReceived",), omit_managed_fields=True)
    managed = '{"metadata": {"name": "a", "managedFields": [{"manager": "m"}]}}'
    async with auditing(policy) as edge:
        await edge.send("POST", PATH, managed)
        listed = await edge.send("GET", PATH)
        missing = await edge.send("GET", f"{PATH}/b")
        await edge.send("GET", "/version")
    created = {
        "kind": "ConfigMap",
        "apiVersion": "v1",
        "metadata": {"name": "a", "namespace": "ns", "resourceVersion": "8"},
    }
    [item] = listed.json()["items"]
    assert item["metadata"].pop("managedFields") == [{"manager": "m"}]
    assert edge.shown("verb", "responseObject") == [
        ("create", created),
        ("list", {**listed.json(), "items": [item]}),
        ("get", missing.json()),
        ("get", None),
    ]


async def test_a_watch_is_recorded_when_it_is_received_when_it_starts_and_when_it_ends() -> None:
    policy = Policy(rules=(PolicyRule(level="Metadata"),))
    async with auditing(policy) as edge:
        await opened_until_gone(edge, PATH, b"watch=1")
    started: Said = {"metadata": {}, "code": 200}
    assert edge.shown("stage", "verb", "responseStatus", "stageTimestamp") == [
        ("RequestReceived", "watch", None, "2027-01-15T08:00:00.000000Z"),
        ("ResponseStarted", "watch", started, "2027-01-15T08:00:00.000001Z"),
        ("ResponseComplete", "watch", started, "2027-01-15T08:00:00.000002Z"),
    ]


async def opened_until_gone(edge: Audited, path: str, query: bytes) -> None:
    """A stream whose client disconnects once its headers have arrived."""
    begun = anyio.Event()

    async def receive() -> dict[str, object]:
        await begun.wait()
        return {"type": "http.disconnect"}

    async def send(event: dict[str, object]) -> None:
        if event["type"] == "http.response.start":
            begun.set()

    await call(edge, "GET", path, query, receive, send)


async def call(  # noqa: PLR0917 -- the parts of a request
    edge: Audited,
    method: str,
    path: str,
    query: bytes,
    receive: Callable[[], Awaitable[dict[str, object]]],
    send: Callable[[dict[str, object]], Awaitable[None]],
) -> None:
    """A request of the administrator, event by event."""
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query,
        "headers": [(b"authorization", b"Bearer admin")],
    }
    await edge.app(scope, receive, send)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def nothing(event: dict[str, object]) -> None:
    del event


async def test_a_request_whose_client_is_gone_before_its_body_was_complete_is_recorded() -> None:
    async def receive() -> dict[str, object]:
        return {"type": "http.disconnect"}

    async with auditing() as edge:
        await call(edge, "POST", PATH, b"", receive, nothing)
    assert edge.shown("stage", "requestObject", "responseStatus") == [
        (
            "ResponseComplete",
            None,
            {"metadata": {}, "status": "Failure", "message": "unexpected EOF", "code": 500},
        )
    ]


class Unreachable:
    """A server that does not reply, or fails."""

    def __init__(self, error: Exception | None = None) -> None:
        self.asked = anyio.Event()
        self._error = error

    async def ask(self, request: Request[R], *, timeout_seconds: float = 0.0) -> R:
        del request, timeout_seconds
        self.asked.set()
        if self._error is not None:
            raise self._error
        await anyio.sleep_forever()
        raise AssertionError

    def tell(self, message: StopWatch, /) -> bool:
        del message
        return True


async def test_a_request_that_is_given_up_before_its_response_is_recorded_as_timed_out() -> None:
    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b'{"metadata": {"name": "a"}}', "more_body": False}

    server = Unreachable()
    async with auditing(server=server) as edge, anyio.create_task_group() as group:
        group.start_soon(call, edge, "POST", PATH, b"", receive, nothing)
        await server.asked.wait()
        group.cancel_scope.cancel()
    assert edge.shown("stage", "requestObject", "responseStatus") == [
        (
            "ResponseComplete",
            {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "a"}},
            {
                "metadata": {},
                "status": "Failure",
                "message": "Timeout: request did not complete within requested timeout - context canceled",
                "reason": "Timeout",
                "details": {},
                "code": 504,
            },
        )
    ]


async def test_a_request_that_fails_by_an_error_of_ours_is_recorded_as_a_panic() -> None:
    async with auditing(server=Unreachable(RuntimeError("oh"))) as edge:
        answer = await edge.send("DELETE", f"{PATH}/a")
    assert answer.status_code == 500
    assert edge.shown("stage", "responseStatus") == [
        (
            "Panic",
            {
                "metadata": {},
                "status": "Failure",
                "message": "APIServer panic'd: oh",
                "reason": "InternalError",
                "code": 500,
            },
        )
    ]
