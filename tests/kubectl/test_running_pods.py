"""kubectl exec, attach, logs and port-forward, by WebSocket and by SPDY."""

import http.client
import re
import socket
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from itertools import dropwhile, islice

import pytest

from .conftest import Kubectl

pytestmark = pytest.mark.kubectl

WEB = """
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  terminationGracePeriodSeconds: 1
  containers:
  - name: web
    image: python://tests.kubectl.programs:web
    ports: [{name: http, containerPort: 8080}]
    readinessProbe: {httpGet: {port: http}, periodSeconds: 1}
"""
BY = {
    "websocket": {"KUBECTL_REMOTE_COMMAND_WEBSOCKETS": "true", "KUBECTL_PORT_FORWARD_WEBSOCKETS": "true"},
    "spdy": {"KUBECTL_REMOTE_COMMAND_WEBSOCKETS": "false", "KUBECTL_PORT_FORWARD_WEBSOCKETS": "false"},
}


@pytest.fixture(params=tuple(BY))
def by(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, kubectl: Kubectl) -> Kubectl:
    """kubectl that speaks one of the two protocols."""
    for name, value in BY[request.param].items():
        monkeypatch.setitem(kubectl._environment, name, value)
    return kubectl


@pytest.fixture
def simulated(by: Kubectl, namespace: str) -> list[str]:
    by("create", "configmap", "shop", "--from-literal=colour=blue", "-n", namespace)
    pod = """
    apiVersion: v1
    kind: Pod
    metadata: {name: sim}
    spec:
      volumes: [{name: v, configMap: {name: shop}}]
      containers:
      - {name: c, image: example/x, env: [{name: A, value: b}], volumeMounts: [{name: v, mountPath: /etc/shop}]}
    """
    by("apply", "-n", namespace, "-f", "-", text=pod)
    by("wait", "-n", namespace, "--for=condition=Ready", "pod/sim", "--timeout=30s")
    return ["-n", namespace, "sim", "--"]


@pytest.fixture
def web(by: Kubectl, namespace: str) -> list[str]:
    by("apply", "-n", namespace, "-f", "-", text=WEB)
    by("wait", "-n", namespace, "--for=condition=Ready", "pod/web", "--timeout=30s")
    return ["-n", namespace, "web"]


def test_commands_run_in_simulated_containers(by: Kubectl, simulated: list[str]) -> None:
    assert by("exec", *simulated, "echo", "hello") == "hello\n"
    assert by("exec", *simulated, "cat", "/etc/shop/colour") == "blue"
    assert by("exec", *simulated, "printenv", "A", "HOSTNAME") == "b\nsim\n"
    assert by("exec", "-i", *simulated, "cat", text="typed\n") == "typed\n"
    assert by("exec", "-i", *simulated, "sh", text="echo $A\nhostname\n") == "b\nsim\n"


def test_the_exit_code_of_a_command_is_that_of_kubectl(by: Kubectl, simulated: list[str]) -> None:
    done = by.run("exec", *simulated, "sh", "-c", "exit 42")
    assert (done.returncode, done.stderr) == (42, "command terminated with exit code 42\n")
    done = by.run("exec", *simulated, "no-such-thing")
    assert done.returncode == 1
    assert 'exec: "no-such-thing": executable file not found in $PATH' in done.stderr


def test_there_is_no_command_in_a_container_that_does_not_run(by: Kubectl, namespace: str) -> None:
    by("run", "done", "-n", namespace, "--image=x", "--restart=Never", "--command", "--", "sh", "-c", "exit 0")
    by("wait", "-n", namespace, "--for=jsonpath={.status.phase}=Succeeded", "pod/done", "--timeout=30s")
    done = by.run("exec", "-n", namespace, "done", "--", "true")
    assert done.returncode == 1
    assert "cannot exec into a container in a completed pod; current phase is Succeeded" in done.stderr
    assert by.run("exec", "-n", namespace, "nobody", "--", "true").stderr == (
        'Error from server (NotFound): pods "nobody" not found\n'
    )


def test_a_program_has_commands_of_its_own(by: Kubectl, web: list[str]) -> None:
    done = by.run("exec", "-i", *web, "--", "shout", "greetings", text="abc")
    assert (done.returncode, done.stdout) == (7, "greetings from web\nABC")
    assert done.stderr == "that was all\ncommand terminated with exit code 7\n"


def test_a_log_is_followed_and_a_container_is_attached_to(by: Kubectl, web: list[str]) -> None:
    for arguments in (["logs", "-f", *web, "--tail=1"], ["attach", *web]):
        process = subprocess.Popen(
            [by.program, *arguments], env=by._environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert process.stdout is not None
        ticks = list(islice(dropwhile(lambda line: line == "listening\n", process.stdout), 3))
        process.kill()
        process.communicate()
        numbers = [int(line.removeprefix("tick ")) for line in ticks]
        assert numbers == list(range(numbers[0], numbers[0] + 3))


@contextmanager
def forwarded(by: Kubectl, *arguments: str) -> Generator[tuple[int, "subprocess.Popen[str]"]]:
    command = [by.program, "port-forward", *arguments, ":8080"]
    process = subprocess.Popen(command, env=by._environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        found = re.search(r"127\.0\.0\.1:(\d+) -> 8080", process.stdout.readline())
        assert found is not None
        yield int(found[1]), process
    finally:
        process.kill()
        process.communicate()


def test_a_port_of_a_pod_is_reached_again_and_again(by: Kubectl, web: list[str]) -> None:
    with forwarded(by, *web) as (port, _):
        for _ in range(3):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
            connection.request("GET", "/")
            assert len(connection.getresponse().read()) == 300_000
            connection.close()


def test_a_simulated_server_answers_through_a_forwarded_port_and_through_the_proxy(
    by: Kubectl, simulated: list[str]
) -> None:
    said = "container c of pod sim runs image example/x\n"
    with forwarded(by, *simulated[:3]) as (port, _):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        for path in ("/", "/any?page=1"):  # the second one on the same connection
            connection.request("GET", path)
            assert connection.getresponse().read().decode() == said
        connection.request("HEAD", "/")
        head = connection.getresponse()
        assert (head.status, head.headers["content-length"], head.read()) == (200, str(len(said)), b"")
        connection.close()
        with socket.create_connection(("127.0.0.1", port), timeout=20) as other:
            other.sendall(b"PING\r\n")
            assert other.makefile("rb").read().startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert by("get", "--raw", f"/api/v1/namespaces/{simulated[1]}/pods/sim:8080/proxy/") == said


def test_a_port_of_a_simulated_pod_that_runs_a_command_refuses_connections(by: Kubectl, namespace: str) -> None:
    by("run", "busy", "-n", namespace, "--image=busybox", "--", "sleep", "600")
    by("wait", "-n", namespace, "--for=condition=Ready", "pod/busy", "--timeout=30s")
    with forwarded(by, "-n", namespace, "busy") as (port, process):
        with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
            assert connection.recv(1) == b""
        assert process.stderr is not None
        assert "connect: connection refused" in process.stderr.readline()
    asked = by.run("get", "--raw", f"/api/v1/namespaces/{namespace}/pods/busy:8080/proxy/")
    assert "connect: connection refused" in asked.stderr


def test_who_may_not_exec_is_refused(by: Kubectl, simulated: list[str]) -> None:
    done = by.run("exec", "--as=jane", *simulated, "true")
    assert done.returncode == 1
    assert 'User "jane" cannot' in done.stderr
    assert 'resource "pods' in done.stderr


def test_a_running_pod_is_debugged_from_a_container_of_its_own(by: Kubectl, simulated: list[str]) -> None:
    namespace = simulated[1]
    by("debug", "-n", namespace, "sim", "-c", "look", "--image=busybox", "--profile=general")
    running = "--for=jsonpath={.status.ephemeralContainerStatuses[0].state.running}"
    by("wait", "-n", namespace, running, "pod/sim", "--timeout=30s")

    assert by("exec", "-n", namespace, "sim", "-c", "look", "--", "echo", "here") == "here\n"
    assert "container look of pod" in by("logs", "-n", namespace, "sim", "-c", "look")
    described = by("describe", "pod", "sim", "-n", namespace)
    assert "Ephemeral Containers:\n  look:" in described
