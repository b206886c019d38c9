"""The application in front of a small server, and an in-process client."""

from collections.abc import AsyncIterator

import httpx2
import msgspec
import pytest

from kubeactors.actor import ActorSystem
from kubeactors.api.rbac.v1 import GROUP, ClusterRoleBinding, RoleRef, Subject
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.apimachinery.requests import ADMIN, StopWatch, UserInfo
from kubeactors.apiserver.http.app import ApiApp, HttpSettings
from kubeactors.apiserver.http.authentication import StaticTokens
from tests.apiserver.policy import DEFAULTS, authorizer_with

from .shelf import SCHEME, Asked, Shelf

NOW_NS = 1_800_000_000 * 10**9
POWERFUL = ClusterRoleBinding(
    metadata=ObjectMeta(name="powerful"),
    role_ref=RoleRef(api_group=GROUP, kind="ClusterRole", name="cluster-admin"),
    subjects=(
        Subject(kind="User", api_group=GROUP, name="system:kube-scheduler"),
        Subject(kind="ServiceAccount", name="x", namespace="kube-system"),
    ),
)
TOKENS = StaticTokens({"admin": ADMIN, "jane": UserInfo(name="jane")})


class Edge:
    """The application, an administrator's client, and the requests that the server behind it has received."""

    def __init__(self, app: ApiApp, client: httpx2.AsyncClient, asked: list[Asked | StopWatch]) -> None:
        self.app = app
        self.client = client
        self.asked = asked

    async def send(
        self, method: str, path: str, body: str | bytes = b"", headers: dict[str, str] | None = None
    ) -> httpx2.Response:
        """Send a request; a body is JSON unless the headers say otherwise."""
        content = {"content-type": "application/json"} if body else {}
        return await self.client.request(method, path, content=body, headers=content | (headers or {}))

    async def get(self, path: str, accept: str = "application/json") -> httpx2.Response:
        """GET a path."""
        return await self.send("GET", path, headers={"accept": accept})


@pytest.fixture
async def edge() -> AsyncIterator[Edge]:
    asked: list[Asked | StopWatch] = []
    async with ActorSystem() as system:
        server = await system.spawn(lambda: Shelf(asked.append), name="apiserver")
        app = ApiApp(
            server,
            SCHEME,
            authorizer=authorizer_with(*DEFAULTS, POWERFUL),
            clock=lambda: NOW_NS,
            settings=HttpSettings(tokens=(TOKENS,), address="192.0.2.1:6443"),
        )
        transport = httpx2.ASGITransport(app)  # pyright: ignore[reportArgumentType]
        headers = {"authorization": "Bearer admin", "user-agent": "tester/1"}
        async with httpx2.AsyncClient(transport=transport, base_url="https://server", headers=headers) as client:
            yield Edge(app, client, asked)


def status_of(response: httpx2.Response) -> tuple[int, str, str]:
    """Code, reason and message of an error."""
    found = msgspec.json.decode(response.content, type=dict[str, object])
    assert found["kind"] == "Status"
    assert found["code"] == response.status_code
    return response.status_code, str(found["reason"]), str(found["message"])
