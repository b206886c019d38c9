"""Scheduler extenders over HTTP."""

import base64
import json
import ssl
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import cast

import anyio
import pytest
from anyio.from_thread import BlockingPortal

from kubeactors.api.core.v1 import Node, Pod
from kubeactors.apimachinery.requests import WatchEvent
from kubeactors.cluster import Cluster, ClusterSpec, NodePool
from kubeactors.cluster.pki import ensure_pki

Body = dict[str, object]
Answers = Mapping[str, Callable[[Body], object]]

GPU = "example.com/gpu"


class Program(ThreadingHTTPServer):
    """Listens at a free port, responds to each verb by a function, and records the requests."""

    daemon_threads = True

    def __init__(self, answers: Answers, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.answers = answers
        self.asked: list[tuple[str, Body]] = []
        self.port: int = self.server_address[1]


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        program = cast("Program", self.server)
        verb = self.path.rpartition("/")[2]
        body = cast("Body", json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        program.asked.append((verb, body))
        answer = program.answers[verb](body)
        if answer is None:
            self.rfile.read()  # blocks until the client gives up
            self.close_connection = True
            return
        if isinstance(answer, int):
            self.send_error(answer)
            return
        text = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- as the base class calls it
        """Discard the log."""


@asynccontextmanager
async def serving(answers: Answers, port: int = 0, tls: ssl.SSLContext | None = None) -> AsyncGenerator[Program]:
    with Program(answers, port) as program:
        if tls is not None:
            program.socket = tls.wrap_socket(program.socket, server_side=True)
        async with anyio.create_task_group() as group:
            group.start_soon(anyio.to_thread.run_sync, program.serve_forever, 0.01)
            yield program
            await anyio.to_thread.run_sync(program.shutdown)


@asynccontextmanager
async def a_cluster(*extenders: Body, nodes: int = 3) -> AsyncGenerator[Cluster]:
    """Yields as soon as every node is schedulable."""
    head = {"apiVersion": "kubescheduler.config.k8s.io/v1", "kind": "KubeSchedulerConfiguration"}
    pool = NodePool(count=nodes, cpu="4", start_latency_seconds=0.0)
    async with Cluster(spec=ClusterSpec(nodes=pool, scheduler={**head, "extenders": list(extenders)})) as cluster:
        for name in pool.names():
            async with cluster.watching(Node, "", f"metadata.name={name}") as inbox:
                while not _is_ready(cast("Node", cast("WatchEvent", await inbox.next()).object)):
                    pass
        yield cluster


def _is_ready(node: Node) -> bool:
    return not node.spec.taints and any(one.type == "Ready" and one.status == "True" for one in node.status.conditions)


def at(port: int, scheme: str = "http", **more: object) -> Body:
    return {"urlPrefix": f"{scheme}://127.0.0.1:{port}/scheduler", "nodeCacheCapable": True, **more}


def a_pod(name: str, resources: Mapping[str, str] | None = None, **spec: object) -> Body:
    amounts = dict(resources or {})
    container = {"name": "c", "image": "x", "resources": {"requests": amounts, "limits": amounts}}
    pod = {"containers": [container], "terminationGracePeriodSeconds": 0, **spec}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": pod}


async def until(cluster: Cluster, name: str, rule: Callable[[Pod], bool]) -> Pod:
    """The pod as soon as the rule holds for it."""
    async with cluster.watching(Pod, "default", f"metadata.name={name}") as inbox:
        while True:
            event = await inbox.next()
            assert event is not None
            pod = cast("Pod", event.object)
            if rule(pod):
                return pod


def is_placed(pod: Pod) -> bool:
    return bool(pod.spec.node_name)


def refusal(pod: Pod) -> str:
    return next((one.message for one in pod.status.conditions if one.type == "PodScheduled"), "")


def is_refused(pod: Pod) -> bool:
    return bool(refusal(pod))


def names_of(body: Body) -> list[str]:
    return cast("list[str]", body["NodeNames"])


async def test_an_extender_filters_scores_and_binds() -> None:
    async with BlockingPortal() as portal:

        def bind(body: Body) -> object:
            """Ask the API server before responding, as extenders do."""
            portal.call(bound, str(body["PodName"]), str(body["Node"]))
            return {}

        async def bound(name: str, node: str) -> None:
            await cluster.client.bind(await cluster.client.get(Pod, name, "default"), node)

        answers: Answers = {
            "filter": lambda body: {
                "NodeNames": [one for one in names_of(body) if one != "node-3"],
                "FailedNodes": {"node-3": "is mine"},
            },
            "prioritize": lambda body: [{"Host": one, "Score": 10 * (one == "node-2")} for one in names_of(body)],
            "bind": bind,
        }
        async with (
            serving(answers) as program,
            a_cluster(
                at(program.port, filterVerb="filter", prioritizeVerb="prioritize", weight=5, bindVerb="bind")
            ) as cluster,
        ):
            await cluster.apply(a_pod("p"))
            assert (await until(cluster, "p", is_placed)).spec.node_name == "node-2"
            assert [verb for verb, _ in program.asked] == ["filter", "prioritize", "bind"]
            assert names_of(program.asked[1][1]) == ["node-1", "node-2"]


async def test_the_scheduler_binds_if_an_ignorable_binder_fails() -> None:
    async with (
        serving({"bind": lambda _: {"Error": "not today"}}) as program,
        a_cluster(at(program.port, bindVerb="bind", ignorable=True)) as cluster,
    ):
        await cluster.apply(a_pod("p"))
        await until(cluster, "p", is_placed)
    assert [verb for verb, _ in program.asked] == ["bind"]


async def test_pods_wait_for_an_extender_that_is_down_unless_it_is_ignorable() -> None:
    async with serving({}) as program:
        down = program.port
    async with a_cluster(
        at(down, filterVerb="filter", ignorable=True), at(down, filterVerb="again", prioritizeVerb="again", weight=1)
    ) as cluster:
        await cluster.apply(a_pod("p"))
        said = refusal(await until(cluster, "p", is_refused))
        url = f"http://127.0.0.1:{down}/scheduler/again"
        assert said == f'Post "{url}": dial tcp 127.0.0.1:{down}: connect: connection refused'
        async with serving(
            {"filter": lambda _: 500, "again": lambda body: {"NodeNames": names_of(body)}}, down
        ) as program:
            await until(cluster, "p", is_placed)
    assert "again" in [verb for verb, _ in program.asked]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda: 500, "failed filter with extender at URL {url}, code 500"),
        (lambda: {"Error": "I am not well"}, "I am not well"),
        (
            lambda: {"NodeNames": ["node-9"]},
            'extender "{prefix}" claims a filtered node "node-9" which is not found in the input node list',
        ),
    ],
)
async def test_errors_of_an_extender_are_reported(answer: Callable[[], object], said: str) -> None:
    async with (
        serving({"filter": lambda _: answer()}) as program,
        a_cluster(at(program.port, filterVerb="filter"), nodes=1) as cluster,
    ):
        await cluster.apply(a_pod("p"))
        found = refusal(await until(cluster, "p", is_refused))
    prefix = f"http://127.0.0.1:{program.port}/scheduler"
    assert found == said.format(url=f"{prefix}/filter", prefix=prefix)


async def test_a_slow_extender_times_out() -> None:
    async with (
        serving({"filter": lambda _: None}) as program,
        a_cluster(at(program.port, filterVerb="filter", httpTimeout="50ms"), nodes=1) as cluster,
    ):
        await cluster.apply(a_pod("p"))
        found = refusal(await until(cluster, "p", is_refused))
    assert found == (
        f'Post "http://127.0.0.1:{program.port}/scheduler/filter":'
        " context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
    )


async def test_an_extender_is_called_only_for_pods_with_its_managed_resources() -> None:
    async with serving({"filter": lambda body: {"NodeNames": names_of(body)[-1:]}}) as program:
        managed = [{"name": GPU, "ignoredByScheduler": True}]
        async with a_cluster(at(program.port, filterVerb="filter", managedResources=managed)) as cluster:
            await cluster.apply(a_pod("plain"))
            await until(cluster, "plain", is_placed)
            assert program.asked == []
            await cluster.apply(a_pod("p", {GPU: "1"}))
            assert (await until(cluster, "p", is_placed)).spec.node_name == "node-3"
    assert len(program.asked) == 1


@pytest.mark.parametrize("knows_nodes", [True, False])
async def test_an_extender_takes_part_in_preemption(knows_nodes: bool) -> None:  # noqa: FBT001
    def preempt(body: Body) -> object:
        key = "NodeNameToMetaVictims" if knows_nodes else "NodeNameToVictims"
        victims = cast("dict[str, dict[str, list[Body]]]", body[key])
        pods = victims["node-2"]["Pods"]
        uids = [one["UID"] if knows_nodes else cast("Body", one["metadata"])["uid"] for one in pods]
        return {"NodeNameToMetaVictims": {"node-2": {"Pods": [{"UID": one} for one in uids]}}}

    async with serving({"preempt": preempt}) as program:
        extender = at(program.port, preemptVerb="preempt") | {"nodeCacheCapable": knows_nodes}
        async with a_cluster(extender, nodes=2) as cluster:
            for name in ("a", "b"):
                await cluster.apply(a_pod(name, {"cpu": "3"}))
                await until(cluster, name, is_placed)
            await cluster.apply(a_pod("high", {"cpu": "3"}, priorityClassName="system-node-critical"))
            assert (await until(cluster, "high", is_placed)).spec.node_name == "node-2"


async def test_a_node_without_victims_cannot_be_chosen() -> None:
    async with (
        serving({"preempt": lambda _: {"NodeNameToMetaVictims": {"node-1": {"Pods": []}}}}) as program,
        a_cluster(at(program.port, preemptVerb="preempt"), nodes=1) as cluster,
    ):
        await cluster.apply(a_pod("low", {"cpu": "3"}))
        await until(cluster, "low", is_placed)
        await cluster.apply(a_pod("high", {"cpu": "3"}, priorityClassName="system-node-critical"))
        pod = await until(cluster, "high", is_refused)
        assert not pod.spec.node_name
        assert (await cluster.client.get(Pod, "low", "default")).metadata.deletion_timestamp is None


async def test_an_extender_is_verified_over_https_by_its_authority_and_name(tmp_path: Path) -> None:
    pki = ensure_pki(tmp_path, ["extender.example"], datetime.now(UTC))  # noqa: TID251 -- TLS checks validity in real time
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(pki.server_certificate, pki.server_key)
    authority = base64.b64encode(pki.ca_certificate.read_bytes()).decode()
    async with serving({"filter": lambda body: {"NodeNames": names_of(body)}}, tls=tls) as program:
        for name, said in (("extender.example", ""), ("somebody.else", "certificate verify failed: Hostname mismatch")):
            config = {"serverName": name, "caData": authority}
            extender = at(program.port, "https", filterVerb="filter", enableHTTPS=True, tlsConfig=config)
            async with a_cluster(extender, nodes=1) as cluster:
                await cluster.apply(a_pod("p"))
                pod = await until(cluster, "p", lambda pod: is_placed(pod) or is_refused(pod))
                assert is_placed(pod) is (not said)
                assert said in refusal(pod)
