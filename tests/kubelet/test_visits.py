"""Commands that send HTTP requests: to servers of the cluster, of their own pod, and outside."""

import pytest
from msgspec.structs import replace

from kubeactors.actor import Actor, handle
from kubeactors.actor.cell import Cell
from kubeactors.actor.envelope import Envelope
from kubeactors.api.core.v1 import ConfigMap, Container, Endpoints, EndpointSubset, ObjectReference, Pod, Service
from kubeactors.api.core.v1.container import VolumeMount
from kubeactors.api.core.v1.endpoints import EndpointAddress, EndpointPort
from kubeactors.api.core.v1.service import ServicePort, ServiceSpec
from kubeactors.api.core.v1.volume import ConfigMapVolumeSource, EmptyDirVolumeSource, Volume
from kubeactors.api.networking.v1.networkpolicy import (
    INGRESS,
    NetworkPolicy,
    NetworkPolicyIngressRule,
    NetworkPolicyPeer,
    NetworkPolicySpec,
)
from kubeactors.apimachinery.meta import LabelSelector, ObjectMeta
from kubeactors.kubelet import CallApiServer, Log, ReadLog
from kubeactors.kubelet.runtimes import FindName, Visit, Visited, WebRequest
from tests.kubelet.plane import Plane, a_pod


def has_ended(pod: Pod) -> bool:
    return any(one.state.terminated is not None for one in pod.status.container_statuses)


def lines(plane: Plane, pod: str) -> tuple[str, ...]:
    """Return what the container `c` has written once a container of the pod has ended."""
    plane.run_until_pod(pod, has_ended)
    log = plane.sim.ask(plane.kubelets["node-0"], ReadLog(namespace="default", pod=pod, container="c"))
    assert isinstance(log, Log)
    return log.lines


def a_plane(server: Container, cluster_ip: str = "10.96.0.9") -> Plane:
    """Return a control plane with a service `web` and its only endpoint, `web-0`."""
    plane = Plane(nodes=1)
    plane.create(a_pod("web-0", server, node_name="node-0"))
    pod = plane.run_until_pod("web-0", lambda one: one.status.phase == "Running")
    metadata = ObjectMeta(name="web", namespace="default")
    spec = ServiceSpec(cluster_ip=cluster_ip, ports=(ServicePort(port=80, name="http"),))
    plane.create(Service(metadata=metadata, spec=spec))
    reference = ObjectReference(kind="Pod", namespace="default", name="web-0")
    address = EndpointAddress(ip=pod.status.pod_ip, target_ref=reference, hostname="web-0")
    subset = EndpointSubset(addresses=(address,), ports=(EndpointPort(port=8080, name="http"),))
    plane.create(Endpoints(metadata=metadata, subsets=(subset,)))
    return plane


def said(plane: Plane, script: str, *beside: Container) -> tuple[str, ...]:
    container = Container(name="c", image="busybox", command=("sh", "-c", script))
    plane.create(a_pod("asks", container, *beside, node_name="node-0", restart_policy="Never"))
    return lines(plane, "asks")


SERVER = Container(name="s", image="example/web:1")
ANSWER = "container s of pod web-0 runs image example/web:1"


@pytest.mark.parametrize(
    "script",
    ["wget -q -O- http://web", "wget -qO - web.default", "curl -s http://web.default.svc:80/a", "curl -sS web"],
)
def test_a_server_is_reached_through_its_service(script: str) -> None:
    assert said(a_plane(SERVER), script) == (ANSWER,)


def test_a_server_is_reached_at_its_pod_ip_and_its_cluster_ip() -> None:
    plane = a_plane(SERVER)
    address = plane.pod("web-0").status.pod_ip
    assert said(plane, f"wget -qO- {address}:8080; wget -qO- 10.96.0.9") == (ANSWER, ANSWER)


def test_a_pod_of_a_headless_service_is_reached_by_its_hostname() -> None:
    assert said(a_plane(SERVER, "None"), "curl -s web-0.web:8080; curl -s web-1.web; echo $?") == (ANSWER, "6")


def test_a_fetched_document_can_be_saved_to_a_file() -> None:
    lines = said(a_plane(SERVER), "mkdir /work; wget -O /work/x web; cat /work/x; wget web; cat index.html")
    assert lines == (
        "Connecting to web (10.96.0.9:80)",
        "'/work/x' saved",
        ANSWER,
        "Connecting to web (10.96.0.9:80)",
        "'index.html' saved",
        ANSWER,
    )


def test_connections_to_unknown_service_ports_are_refused() -> None:
    assert said(a_plane(SERVER), "wget -q web:81; echo $?; curl -sf web:81; echo $?; wget -q nobody; echo $?") == (
        "wget: can't connect to remote host (10.96.0.9): Connection refused",
        "1",
        "7",
        "wget: bad address 'nobody'",
        "1",
    )


def test_a_container_that_runs_a_shell_command_does_not_listen() -> None:
    sleeps = Container(name="s", image="busybox", command=("sleep", "1000"))
    assert said(a_plane(sleeps), "curl -s web; echo $?") == ("7",)


def test_a_server_in_the_same_pod_is_reached_at_localhost() -> None:
    script = (
        "curl -s localhost:8080; curl -s -o /dev/null -w '%{http_code}\\n' localhost; wget --spider -q localhost:81"
    )
    server = Container(name="s", image="x", command=("/app/server",))
    assert said(Plane(nodes=1), script, server) == ("container s of pod asks runs image x", "200")


@pytest.mark.parametrize(
    ("volume", "page"),
    [
        (Volume(name="pages", empty_dir=EmptyDirVolumeSource()), "written"),
        (Volume(name="pages", config_map=ConfigMapVolumeSource(name="pages")), "configured"),
    ],
)
@pytest.mark.parametrize("image", ["nginx", "registry.k8s.io/nginx-slim:0.21"])
def test_a_web_server_serves_the_index_page_in_its_volume(volume: Volume, page: str, image: str) -> None:
    plane = Plane(nodes=1)
    plane.create(ConfigMap(metadata=ObjectMeta(name="pages", namespace="default"), data={"index.html": "configured\n"}))
    script = "echo written > /pages/index.html; curl -s localhost"
    mounts = [(VolumeMount(name="pages", mount_path=path),) for path in ("/pages", "/usr/share/nginx/html")]
    writer = Container(name="c", image="busybox", command=("sh", "-c", script), volume_mounts=mounts[0])
    server = Container(name="s", image=image, volume_mounts=mounts[1])
    pod = a_pod("both", writer, server, node_name="node-0", restart_policy="Never")
    plane.create(replace(pod, spec=replace(pod.spec, volumes=(volume,))))
    assert lines(plane, "both")[-1] == page


def test_servers_outside_of_the_cluster_answer_with_a_description() -> None:
    plane = Plane(nodes=1)
    assert said(plane, "wget -qO- http://info.cern.ch; git clone -q https://example.com/a/b.git && ls -d b") == (
        "info.cern.ch is outside of the cluster",
        "Cloning into 'b'...",
        "b",
    )


def test_responses_of_a_server_can_be_declared() -> None:
    plane = Plane(nodes=1)
    pod = a_pod("web-0", SERVER, node_name="node-0")
    metadata = replace(pod.metadata, annotations={"simulated.kubeactors.io/answer": "hello"})
    plane.create(replace(pod, metadata=metadata))
    address = plane.run_until_pod("web-0", lambda one: one.status.phase == "Running").status.pod_ip
    assert said(plane, f"wget -qO- {address}") == ("hello",)


def test_a_load_generator_gets_a_response_to_each_request() -> None:
    lines = said(a_plane(SERVER), "for i in $(seq 50); do wget -q -O- http://web; done | sort | uniq -c")
    assert [one.split()[0] for one in lines] == ["50"]


def test_network_policies_apply_to_requests_of_commands() -> None:
    plane = a_plane(SERVER)
    selector = LabelSelector(match_labels={"app": "web-0"})
    friends = NetworkPolicyPeer(pod_selector=LabelSelector(match_labels={"app": "friend"}))
    plane.create(
        NetworkPolicy(
            metadata=ObjectMeta(name="only-friends", namespace="default"),
            spec=NetworkPolicySpec(
                pod_selector=selector, ingress=(NetworkPolicyIngressRule(from_=(friends,)),), policy_types=(INGRESS,)
            ),
        )
    )
    lines = said(plane, "wget -q --spider --timeout=1 web; echo $?; curl -sS -m 2 web; echo $?")
    assert lines == (
        "wget: download timed out",
        "1",
        "curl: (28) Connection timed out after 2000 milliseconds",
        "28",
    )


@pytest.mark.parametrize(("script", "question"), [("nc -z web 80; echo $?", FindName), ("curl -s web", Visit)])
def test_a_command_that_awaits_a_response_survives_a_failure_of_its_kubelet(script: str, question: type) -> None:
    plane = a_plane(SERVER)
    asked: list[Envelope] = []

    def lose_the_first(_: Cell, envelope: Envelope) -> "Envelope | None":
        if asked or not isinstance(envelope[0], question):
            return envelope
        asked.append(envelope)
        return None

    plane.sim.kernel.interceptor = lose_the_first
    container = Container(name="c", image="busybox", command=("sh", "-c", script))
    plane.create(a_pod("asks", container, node_name="node-0", restart_policy="Never"))
    assert plane.sim.run_until(lambda: bool(asked))
    _ = plane.sim.stop(plane.kubelets["node-0"])
    plane.start_kubelet("node-0")

    plane.run_until_pod("asks", has_ended)
    log = plane.sim.ask(plane.kubelets["node-0"], ReadLog(namespace="default", pod="asks", container="c"))
    assert isinstance(log, Log)
    assert log.lines == (("0",) if question is FindName else (ANSWER,))


AUTHORITY = "-----BEGIN CERTIFICATE-----"


class Edge(Actor[CallApiServer]):
    """Answers as the API server's edge, and keeps the requests."""

    def __init__(self, requests: list[WebRequest]) -> None:
        self.requests = requests

    @handle
    def call(self, message: CallApiServer) -> Visited:
        self.requests.append(message.request)
        trusted = message.request.trusted
        return Visited(untrusted=trusted is not None and AUTHORITY not in trusted, status=201, body="{}\n")


def asked(script: str) -> tuple[tuple[str, ...], list[WebRequest]]:
    """What a script prints in a cluster whose API server has an edge, and the requests that reach it."""
    requests: list[WebRequest] = []
    plane = Plane(nodes=1, edge=lambda: Edge(requests))
    return said(plane, f"echo '{AUTHORITY}' > ca; {script}"), requests


def a_request(path: str, method: str = "GET", body: bytes = b"", /, **headers: str) -> WebRequest:
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return WebRequest(path=path, method=method, headers=named, body=body, tls=True)


CURL = {"user_agent": "curl/8.11.1", "accept": "*/*"}
FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("command", "request_"),
    [
        ("curl -k https://kubernetes/api?pretty=1", a_request("/api?pretty=1", **CURL)),
        ("curl -sk -H 'Accept: text/plain' https://kubernetes", a_request("/", **CURL | {"accept": "text/plain"})),
        ("curl -k -I https://kubernetes", a_request("/", "HEAD", **CURL)),
        ("curl -k -X DELETE https://kubernetes/x", a_request("/x", "DELETE", **CURL)),
        ("curl -k -d a=1 -d b=2 https://kubernetes", a_request("/", "POST", b"a=1&b=2", **CURL, content_type=FORM)),
        (
            "printf 'a\nb' > f; curl -k -X PUT -d @f --header 'Content-Type: text/plain' https://kubernetes",
            a_request("/", "PUT", b"ab", **CURL, content_type="text/plain"),
        ),
        (
            "echo '{}' | curl -k --json @- https://kubernetes",
            a_request("/", "POST", b"{}\n", **CURL, content_type="application/json"),
        ),
        (
            "wget -qO- --header='Authorization: Bearer x' https://10.96.0.1/api",
            a_request("/api", user_agent="Wget", authorization="Bearer x"),
        ),
        (
            "wget -qO- --post-data x https://kubernetes.default.svc",
            a_request("/", "POST", b"x", user_agent="Wget", content_type=FORM),
        ),
    ],
)
def test_a_request_to_the_api_server_arrives_as_the_command_says(command: str, request_: WebRequest) -> None:
    _, requests = asked(command)
    assert requests == [request_]


def test_curl_verifies_the_certificate_of_the_api_server() -> None:
    lines, requests = asked(
        "curl -sS https://kubernetes; echo $?; curl -sS --cacert ca https://kubernetes; "
        "export CURL_CA_BUNDLE=ca; curl https://kubernetes; curl -sS --cacert none https://kubernetes; echo $?"
    )
    assert lines == (
        "curl: (60) SSL certificate problem: unable to get local issuer certificate",
        "60",
        "{}",
        "{}",
        "curl: (77) error setting certificate file: none",
        "77",
    )
    assert [one.trusted for one in requests] == ["", f"{AUTHORITY}\n", f"{AUTHORITY}\n"]


def test_the_api_server_listens_at_its_port_and_over_tls_only() -> None:
    lines, requests = asked("curl http://kubernetes:443; curl -k https://kubernetes:444; echo $?")
    text = "curl: (7) Failed to connect to kubernetes port 444 after 0 ms: Could not connect to server"
    assert lines == ("Client sent an HTTP request to an HTTPS server.", text, "7")
    assert requests == []
