"""A cluster in a process of its own, and kubectl against it."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

READY_SECONDS = 30


class Kubectl:
    """Runs kubectl as a person would."""

    def __init__(self, program: str, kubeconfig: Path) -> None:
        self.program = program
        self._kubeconfig = kubeconfig
        self._environment = {**os.environ, "KUBECONFIG": str(kubeconfig), "HOME": str(kubeconfig.parent)}

    def beside(self, program: str) -> "Kubectl":
        """Another program that is run so."""
        return Kubectl(program, self._kubeconfig)

    def run(self, *arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.program, *arguments],
            env=self._environment,
            input=text,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """kubectl that goes on until it is stopped."""
        command = [self.program, *arguments]
        return subprocess.Popen(
            command, env=self._environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def __call__(self, *arguments: str, text: str | None = None) -> str:
        """Standard output; fails with what kubectl says if it fails."""
        done = self.run(*arguments, text=text)
        assert done.returncode == 0, f"{self.program} {' '.join(arguments)}: {done.stderr}"
        return done.stdout

    def json(self, *arguments: str) -> dict[str, object]:
        return json.loads(self(*arguments, "-o", "json"))  # type: ignore[no-any-return]


def up(*arguments: str, port: str = "0") -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "kubeactors", "up", "--port", port, "--output", "json", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ready(process: subprocess.Popen[str]) -> dict[str, str]:
    """What `up` says when it serves."""
    assert process.stdout is not None
    assert process.stderr is not None
    line = process.stdout.readline()
    assert line, process.stderr.read()
    return json.loads(line)  # type: ignore[no-any-return]


def stop(process: subprocess.Popen[str]) -> int:
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    return process.returncode


def find_kubectl() -> str:
    """kubectl, which CI must have; elsewhere tests that need it say that they were left out."""
    program = shutil.which("kubectl")
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("kubectl is not on PATH; CI must install it")
        pytest.skip("kubectl is not on PATH")
    return program


@pytest.fixture(scope="session")
def kubectl(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kubectl]:
    program = find_kubectl()
    kubeconfig = tmp_path_factory.mktemp("cluster") / "kubeconfig"
    process = up("--in-memory", "--nodes", "3", "--kubeconfig", str(kubeconfig))
    try:
        ready(process)
        yield Kubectl(program, kubeconfig)
    finally:
        assert stop(process) == 0


@pytest.fixture
def namespace(kubectl: Kubectl, request: pytest.FixtureRequest) -> Iterator[str]:
    """A fresh namespace."""
    name = re.sub(r"[^a-z0-9]+", "-", request.node.name)[-50:].strip("-")
    kubectl("create", "namespace", name)
    yield name
    kubectl("delete", "namespace", name, "--wait=false")


def manifest(name: str) -> str:
    return str(Path(__file__).parents[1] / "manifests" / f"{name}.yaml")


Rows = Sequence[Sequence[str]]


def rows(table: str) -> list[list[str]]:
    return [line.split() for line in table.splitlines()[1:]]
