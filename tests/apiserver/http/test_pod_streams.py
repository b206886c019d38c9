from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
import httpx2
import pytest

from kubeactors.actor import ActorSystem
from kubeactors.api import SCHEME
from kubeactors.api.core.v1 import Container, Pod, PodSpec
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.apimachinery.requests import ADMIN, Create, GroupVersionResource
from kubeactors.apimachinery.status import BadRequest, Status
from kubeactors.apiserver.http import ApiApp, HttpSettings
from kubeactors.apiserver.http.pod_streams import LogStream
from kubeactors.kubelet import Attach, Exec, FindPort, Log, LogReply, PortReply, ReadLog, SessionReply
from kubeactors.kubelet.usage import Usage
from tests.apiserver.policy import DEFAULTS, authorizer_with

from .conftest import NOW_NS, TOKENS, status_of
from .shelf import Shelf

PATH = "/api/v1/namespaces/ns/pods/p"
LINES = ("one", "two")


class Logs:
    """Logs that grow as they are read: each read finds one line more, until all are written."""

    def __init__(self, replies: tuple[LogReply, ...]) -> None:
        self.replies = list(replies)
        self.asked: list[tuple[str, ReadLog]] = []

    async def read(self, node: str, request: ReadLog) -> LogReply:
        self.asked.append((node, request))
        return self.replies.pop(0)

    async def begin(self, node: str, request: Exec | Attach) -> SessionReply:
        raise AssertionError(f"{node} is asked to {request}")

    async def find_port(self, node: str, request: FindPort) -> PortReply:
        raise AssertionError(f"{node} is asked for {request}")

    async def usage(self) -> Usage:
        raise AssertionError("nobody asks")


def log(*lines: str, total: int = 0, ended: bool = False) -> Log:
    return Log(lines=lines, total=total or len(lines), ended=ended)


def pod(*containers: str, node: str = "node-1") -> Pod:
    spec = PodSpec(containers=tuple(Container(name=name) for name in containers), node_name=node)
    return Pod(metadata=ObjectMeta(name="p"), spec=spec)


@asynccontextmanager
async def client(logs: Logs | None, made: Pod) -> AsyncGenerator[httpx2.AsyncClient]:
    async with ActorSystem() as system:
        server = await system.spawn(Shelf, name="apiserver")
        pods = GroupVersionResource("", "v1", "pods")
        await server.ask(Create(resource=pods, namespace="ns", name="p", user=ADMIN, object=made))
        settings = HttpSettings(tokens=(TOKENS,), pods=logs)
        app = ApiApp(server, SCHEME, authorizer=authorizer_with(*DEFAULTS), clock=lambda: NOW_NS, settings=settings)
        transport = httpx2.ASGITransport(app)  # pyright: ignore[reportArgumentType]
        headers = {"authorization": "Bearer admin", "accept": "text/plain"}
        async with httpx2.AsyncClient(transport=transport, base_url="https://server", headers=headers) as found:
            yield found


async def test_a_log_is_text() -> None:
    logs = Logs((log(*LINES),))
    query = "previous=true&timestamps=true&sinceSeconds=9&tailLines=3&limitBytes=99"
    async with client(logs, pod("c")) as it:
        answer = await it.get(f"{PATH}/log?{query}")
    assert (answer.status_code, answer.headers["content-type"], answer.text) == (200, "text/plain", "one\ntwo\n")
    assert logs.asked == [
        (
            "node-1",
            ReadLog(
                namespace="ns",
                pod="p",
                container="c",
                previous=True,
                timestamps=True,
                since_seconds=9,
                tail_lines=3,
                limit_bytes=99,
            ),
        )
    ]


async def test_a_log_since_a_time() -> None:
    logs = Logs((log(),))
    async with client(logs, pod("c")) as it:
        await it.get(f"{PATH}/log?sinceTime=1970-01-01T00:00:07Z")
        assert status_of(await it.get(f"{PATH}/log?sinceTime=yesterday"))[:2] == (400, "BadRequest")
    assert [request.since for _, request in logs.asked] == [7 * 10**9]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("tailLines=-1", "tailLines: Invalid value: -1: must be greater than or equal to 0"),
        ("limitBytes=0", "limitBytes: Invalid value: 0: must be greater than 0"),
        ("sinceSeconds=0", "sinceSeconds: Invalid value: 0: must be greater than 0"),
        (
            "sinceSeconds=5&sinceTime=2001-01-01T00:00:00Z",
            "[]: Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified",
        ),
    ],
)
async def test_conflicting_log_options_are_rejected(query: str, message: str) -> None:
    async with client(Logs(()), pod("c")) as it:
        assert status_of(await it.get(f"{PATH}/log?{query}")) == (
            422,
            "Invalid",
            f'PodLogOptions "p" is invalid: {message}',
        )


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("", "a container name must be specified for pod p, choose one of: [a b]"),
        ("?container=nosuch", "container nosuch is not valid for pod p"),
    ],
)
async def test_a_container_must_be_named_if_there_are_several(query: str, message: str) -> None:
    async with client(Logs(()), pod("a", "b")) as it:
        assert status_of(await it.get(f"{PATH}/log{query}")) == (400, "BadRequest", message)


async def test_a_pod_that_is_not_bound_has_no_log() -> None:
    async with client(Logs(()), pod("c", node="")) as it:
        answer = await it.get(f"{PATH}/log")
        assert (answer.status_code, answer.content) == (204, b"")
        refused = await it.post(f"{PATH}/exec?command=ls")
        assert status_of(refused) == (400, "BadRequest", "pod p does not have a host assigned")


async def test_an_error_of_the_kubelet_is_passed_on() -> None:
    refused: Status = BadRequest.saying("container is waiting to start").status
    async with client(Logs((refused,)), pod("c")) as it:
        assert status_of(await it.get(f"{PATH}/log")) == (400, "BadRequest", "container is waiting to start")


async def test_what_the_runtime_does_not_support_is_rejected() -> None:
    async with client(None, pod("c")) as it:
        for subresource in ("exec", "attach", "portforward"):
            code, reason, _ = status_of(await it.post(f"{PATH}/{subresource}?command=ls"))
            assert (code, reason) == (405, "MethodNotAllowed")


WANTED = ReadLog(namespace="ns", pod="p", container="c", tail_lines=1)


async def test_a_log_is_followed_until_the_container_ends() -> None:
    logs = Logs((log("two", total=2), log(total=2), log("three", total=3, ended=True)))
    pieces: list[bytes] = []

    async def write(piece: bytes) -> None:
        pieces.append(piece)

    await LogStream(logs, "n", WANTED, log("one")).run(write)
    assert pieces == [b"one\n", b"two\n", b"three\n"]
    assert [(request.skip_lines, request.tail_lines) for _, request in logs.asked] == [(1, None), (2, None), (2, None)]


async def test_a_followed_log_ends_at_its_byte_limit_or_when_closed() -> None:
    pieces: list[bytes] = []

    async def write(piece: bytes) -> None:
        pieces.append(piece)

    bounded = ReadLog(namespace="ns", pod="p", container="c", limit_bytes=4)
    with anyio.fail_after(5):
        await LogStream(Logs((log(),)), "n", bounded, log("one")).run(write)
        closed = LogStream(Logs((log(),)), "n", WANTED, log("one"))
        closed.close()
        await closed.run(write)
    assert pieces == [b"one\n", b"one\n"]
