"""The server over real sockets with TLS. uvicorn runs on asyncio only."""

import contextlib
import ssl
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import anyio
import httpx2
import msgspec
import pytest

from kubeactors.actor import Actor, ActorSystem, handle
from kubeactors.apimachinery.requests import Create, StopWatch
from kubeactors.apimachinery.status import Status
from kubeactors.apiserver.http import AddressInUse, ApiApp, Listening, Tls, serve
from kubeactors.cluster.pki import Pki, ensure_pki, issue_client
from tests.apiserver.policy import DEFAULTS, authorizer_with

from .conftest import NOW_NS, status_of
from .shelf import SCHEME, Asked, Shelf

NOW = datetime.now(UTC)  # noqa: TID251 -- TLS checks validity in real time
PATH = "/api/v1/namespaces/ns/configmaps"
A = {"metadata": {"name": "a"}}


@pytest.fixture(params=["asyncio", "asyncio+uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, bool]]:
    """With and without uvloop."""
    return "asyncio", {"use_uvloop": request.param.endswith("uvloop")}


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return ensure_pki(tmp_path_factory.mktemp("pki"), [], NOW)


class Site:
    """A served application, and the requests that the server behind it has received."""

    def __init__(self, pki: Pki, at: Listening, app: ApiApp, asked: list[Asked | StopWatch]) -> None:
        self.pki = pki
        self.at = at
        self.app = app
        self.asked = asked

    def context(self, certificate: Path | None = None, key: Path | None = None) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self.pki.ca_certificate))
        if certificate is not None:
            context.load_cert_chain(certificate, key)
        return context

    def admin(self) -> httpx2.AsyncClient:
        """A client with the administrator's certificate."""
        context = self.context(self.pki.admin_certificate, self.pki.admin_key)
        return httpx2.AsyncClient(base_url=self.at.url, verify=context)

    def nobody(self) -> httpx2.AsyncClient:
        """A client without a certificate."""
        return httpx2.AsyncClient(base_url=self.at.url, verify=self.context())


def tls(pki: Pki) -> Tls:
    return Tls(certificate=pki.server_certificate, key=pki.server_key, client_authority=pki.ca_certificate)


@asynccontextmanager
async def site(pki: Pki) -> AsyncGenerator[Site]:
    asked: list[Asked | StopWatch] = []
    async with ActorSystem() as system:
        server = await system.spawn(lambda: Shelf(asked.append), name="apiserver")
        app = ApiApp(server, SCHEME, authorizer=authorizer_with(*DEFAULTS), clock=lambda: NOW_NS)
        async with serve(app, host="127.0.0.1", port=0, tls=tls(pki)) as at:
            yield Site(pki, at, app, asked)


async def test_a_client_certificate_authenticates(pki: Pki, tmp_path: Path) -> None:
    certificate, key = issue_client(pki.ca_certificate.parent, "jane", ["system:masters", "b"], NOW)
    (tmp_path / "crt").write_bytes(certificate)
    (tmp_path / "key").write_bytes(key)
    async with site(pki) as it:
        context = it.context(tmp_path / "crt", tmp_path / "key")
        async with httpx2.AsyncClient(base_url=it.at.url, verify=context) as client:
            assert (await client.post(PATH, json=A)).status_code == 201
        [asked] = it.asked
        assert isinstance(asked, Create)
        assert (asked.user.name, asked.user.groups) == ("jane", ("system:masters", "b", "system:authenticated"))


async def test_a_client_without_a_certificate_is_anonymous(pki: Pki) -> None:
    async with site(pki) as it, it.nobody() as client:
        assert (await client.get("/healthz")).text == "ok"
        code, reason, _ = status_of(await client.get(PATH))
        assert (code, reason) == (403, "Forbidden")


async def test_a_certificate_of_another_authority_is_rejected(pki: Pki, tmp_path: Path) -> None:
    stranger = ensure_pki(tmp_path, [], NOW)
    async with site(pki) as it:
        context = it.context(stranger.admin_certificate, stranger.admin_key)
        async with httpx2.AsyncClient(base_url=it.at.url, verify=context) as client:
            with pytest.raises(httpx2.TransportError):
                await client.get(PATH)


async def test_connections_are_kept_and_many_requests_go_over_one(pki: Pki) -> None:
    async with site(pki) as it, it.admin() as client:
        codes = [(await client.get(f"{PATH}/nosuch")).status_code for _ in range(20)]
        assert codes == [404] * 20


async def said(it: Site, *requests: str) -> bytes:
    """The response bytes to these requests, sent at once, until the server closes the connection."""
    answer = b""
    async with await anyio.connect_tcp(
        it.at.host, it.at.port, ssl_context=it.context(), tls_standard_compatible=False
    ) as stream:
        await stream.send("".join(f"{one}\r\nHost: k\r\n\r\n" for one in requests).encode())
        with contextlib.suppress(anyio.EndOfStream):
            while True:
                answer += await stream.receive()
    return answer


async def test_pipelined_requests_are_answered_in_order(pki: Pki) -> None:
    async with site(pki) as it:
        paths = ("/healthz", "/nosuch%2Fpath", "/livez", "/healthz")
        requests = [f"GET {path} HTTP/1.1" for path in paths]
        answer = await said(it, *requests[:-1], f"{requests[-1]}\r\nConnection: close")
        heads = [one for one in answer.split(b"\r\n") if b"HTTP/1.1 " in one]
        assert [head[head.index(b"HTTP/1.1 ") :] for head in heads] == [
            b"HTTP/1.1 200 OK",
            b"HTTP/1.1 403 Forbidden",
            b"HTTP/1.1 200 OK",
            b"HTTP/1.1 200 OK",
        ]
        assert answer.count(b"connection: close") == 1
        assert b'\\"/nosuch/path\\"' in answer


async def test_a_connection_of_http_1_0_is_closed_after_the_response(pki: Pki) -> None:
    async with site(pki) as it:
        head, _, body = (await said(it, "GET /healthz HTTP/1.0")).partition(b"\r\n\r\n")
        assert (b"content-length: 2" in head, b"connection: close" in head, body) == (True, True, b"ok")


async def test_the_response_to_head_has_no_body(pki: Pki) -> None:
    async with site(pki) as it:
        answer = await said(it, "HEAD /healthz HTTP/1.1\r\nConnection: close")
        assert answer.startswith(b"HTTP/1.1 ")
        assert answer.endswith(b"\r\n\r\n")


async def test_a_long_list_is_complete_in_every_encoding(pki: Pki) -> None:
    async with site(pki) as it, it.admin() as client:
        for number in range(40):
            await client.post(PATH, json={"metadata": {"name": f"a{number}"}, "data": {"x": f"{number}" * 20_000}})
        accepts = {"plain": {"accept-encoding": "identity"}, "gzip": {"accept-encoding": "gzip"}}
        answers = {form: await client.get(PATH, headers=headers) for form, headers in accepts.items()}
        answers["pretty"] = await client.get(f"{PATH}?pretty=1", headers=accepts["plain"])
        plain = answers["plain"]
        assert int(plain.headers["content-length"]) == len(plain.content) > 1_000_000
        assert plain.content.endswith(b"]}\n")
        lists = [answer.json() for answer in answers.values()]
        assert [one["data"]["x"] for one in lists[0]["items"]] == [f"{number}" * 20_000 for number in range(40)]
        assert lists[1:] == lists[:1] * 2
        assert (await client.get(f"{PATH}/nosuch")).status_code == 404  # the connection stays open


async def test_a_body_of_more_than_three_mebibytes_is_rejected(pki: Pki) -> None:
    body = b'{"metadata":{"name":"a"},"data":{"x":"' + b"y" * (3 * 1024 * 1024) + b'"}}'
    async with site(pki) as it, it.admin() as client:
        answer = await client.post(PATH, content=body, headers={"content-type": "application/json"})
        assert status_of(answer) == (
            413,
            "RequestEntityTooLarge",
            "Request entity too large: limit is 3145728",
        )
        assert (await client.get(f"{PATH}/a")).status_code == 404
        assert len(it.asked) == 1


async def test_a_watch_streams_lines_and_ends_when_the_server_stops(pki: Pki) -> None:
    lines: list[bytes] = []
    async with contextlib.AsyncExitStack() as clients:
        async with site(pki) as it:
            client = await clients.enter_async_context(it.admin())
            answer = await clients.enter_async_context(client.stream("GET", f"{PATH}?watch=1"))
            assert answer.headers["transfer-encoding"] == "chunked"
            stream = answer.aiter_lines()
            await client.post(PATH, json=A)
            lines.append((await anext(stream)).encode())
        assert [line async for line in stream] == []
    event = msgspec.json.decode(lines[0], type=dict[str, object])
    assert event["type"] == "ADDED"


async def test_a_watch_ends_when_its_client_disconnects(pki: Pki) -> None:
    async with site(pki) as it:
        context = it.context(pki.admin_certificate, pki.admin_key)
        stream = await anyio.connect_tcp(
            "127.0.0.1", it.at.port, tls=True, ssl_context=context, tls_standard_compatible=False
        )
        await stream.send(f"GET {PATH}?watch=1 HTTP/1.1\r\nhost: x\r\n\r\n".encode())
        assert (await stream.receive()).startswith(b"HTTP/1.1 200")
        await anyio.aclose_forcefully(stream)
        with anyio.fail_after(5):
            while not isinstance(it.asked[-1], StopWatch):
                await anyio.lowlevel.checkpoint()


class Dawdler(Actor[Create | StopWatch]):
    """Answers no request as long as its caller waits."""

    def __init__(self, given_up: Callable[[], object]) -> None:
        self.given_up = given_up

    @handle
    async def create(self, message: Create) -> Status:
        caller = self.ctx.caller
        while caller.is_waiting:
            await self.ctx.sleep(0.001)
        self.given_up()
        return Status()

    @handle
    def stop_watch(self, message: StopWatch) -> None: ...


async def test_a_request_is_cancelled_when_its_client_disconnects(pki: Pki) -> None:
    given_up = anyio.Event()
    async with ActorSystem() as system:
        server = await system.spawn(lambda: Dawdler(given_up.set), name="apiserver")
        app = ApiApp(server, SCHEME, authorizer=authorizer_with(*DEFAULTS), clock=lambda: NOW_NS)
        async with serve(app, host="127.0.0.1", port=0, tls=tls(pki)) as at:
            async with Site(pki, at, app, []).admin() as client:
                with pytest.raises(httpx2.TimeoutException):
                    await client.post(PATH, json=A, timeout=0.1)
            with anyio.fail_after(5):
                await given_up.wait()


async def test_a_port_in_use_raises_an_error(pki: Pki) -> None:
    async with site(pki) as it:
        with pytest.raises(AddressInUse, match=f"127.0.0.1:{it.at.port}: the address is in use"):
            async with serve(it.app, host="127.0.0.1", port=it.at.port, tls=tls(pki)):
                pass


async def test_the_server_stops_despite_an_open_connection(pki: Pki) -> None:
    async with contextlib.AsyncExitStack() as clients:
        async with site(pki) as it:
            client = await clients.enter_async_context(it.admin())
            await client.get(f"{PATH}/a")
        with pytest.raises(httpx2.TransportError):
            await client.get(f"{PATH}/a")


async def test_a_cancelled_server_stops_cleanly(pki: Pki) -> None:
    port = 0
    with anyio.CancelScope() as scope:
        async with site(pki) as it:
            port = it.at.port
            scope.cancel()
            await anyio.sleep_forever()
    with pytest.raises(OSError, match="All connection attempts failed"):
        await anyio.connect_tcp("127.0.0.1", port)
