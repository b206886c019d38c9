"""The kubectl on PATH against the application: discovery, OpenAPI and negotiation as a stock client uses them."""

import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import anyio
import pytest

from kubeactors.actor import ActorSystem
from kubeactors.apiserver.http import ApiApp, Tls, serve
from kubeactors.cluster.kubeconfig import write_kubeconfig
from kubeactors.cluster.pki import ensure_pki
from tests.apiserver.policy import DEFAULTS, authorizer_with

from .conftest import NOW_NS
from .shelf import SCHEME, Shelf

pytestmark = pytest.mark.kubectl

CONFIG_MAP = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"x":"1"}}'


@pytest.fixture
def anyio_backend() -> str:
    """uvicorn runs on asyncio only."""
    return "asyncio"


class Kubectl:
    """Runs kubectl as the administrator of a server."""

    def __init__(self, path: str, kubeconfig: Path) -> None:
        self._path = path
        self._environment = {"KUBECONFIG": str(kubeconfig), "HOME": str(kubeconfig.parent), "PATH": "/usr/bin:/bin"}

    async def __call__(self, *arguments: str, stdin: str = "", check: bool = True) -> str:
        """The output."""
        process = await anyio.run_process(
            [self._path, *arguments], input=stdin.encode(), env=self._environment, check=False
        )
        said = (process.stdout if check else process.stderr).decode()
        assert (process.returncode == 0) is check, process.stderr.decode()
        return said


@asynccontextmanager
async def kubectl(directory: Path) -> AsyncGenerator[Kubectl]:
    path = shutil.which("kubectl")
    assert path, "kubectl is not on PATH; install it (Debian: kubernetes-client)"
    pki = ensure_pki(directory / "pki", [], datetime.now(UTC))  # noqa: TID251 -- TLS checks validity in real time
    tls = Tls(certificate=pki.server_certificate, key=pki.server_key, client_authority=pki.ca_certificate)
    async with ActorSystem() as system:
        server = await system.spawn(Shelf, name="apiserver")
        app = ApiApp(server, SCHEME, authorizer=authorizer_with(*DEFAULTS), clock=lambda: NOW_NS)
        async with serve(app, host="127.0.0.1", port=0, tls=tls) as at:
            write_kubeconfig(directory / "kubeconfig", at.url, pki)
            yield Kubectl(path, directory / "kubeconfig")


async def test_kubectl_creates_reads_and_deletes(tmp_path: Path) -> None:
    async with kubectl(tmp_path) as run:
        assert await run("create", "-f", "-", stdin=CONFIG_MAP) == "configmap/a created\n"
        assert await run("get", "cm", "a", "--no-headers") == "a     1     <unknown>\n"
        assert await run("get", "cm", "a", "-o", "jsonpath={.data.x}") == "1"
        assert "configured" in await run("apply", "-f", "-", stdin=CONFIG_MAP)
        assert (await run("delete", "cm", "a", "--wait=false")).startswith('configmap "a" deleted')


async def test_kubectl_reports_unknown_fields(tmp_path: Path) -> None:
    async with kubectl(tmp_path) as run:
        wrong = CONFIG_MAP.replace('"data"', '"dta"')
        assert 'unknown field "dta"' in await run("create", "-f", "-", stdin=wrong, check=False)


async def test_kubectl_discovers_and_explains(tmp_path: Path) -> None:
    async with kubectl(tmp_path) as run:
        resources = [line.split() for line in (await run("api-resources", "--no-headers")).splitlines()]
        assert resources == [
            ["configmaps", "cm", "v1", "true", "ConfigMap"],
            ["pods", "po", "v1", "true", "Pod"],
        ]
        explained = await run("explain", "pod.spec.containers.ports")
        assert "containerPort\t<integer> -required-" in explained
        assert await run("get", "--raw", "/readyz") == "ok"
