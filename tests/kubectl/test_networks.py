"""Services, names, policies and webhooks with real sockets: containers that are coroutines, against `kubeactors up`."""

import base64
import http.client
import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path

import dns.message
import dns.query
import dns.rcode
import pytest

from kubeactors.cluster.pki import ensure_pki
from tests.kubectl.conftest import Kubectl, find_kubectl, ready, stop, up

pytestmark = pytest.mark.kubectl

WEB = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - name: web
        image: python://tests.kubectl.programs:greet
        ports: [{name: http, containerPort: 17311}]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: LoadBalancer, selector: {app: web}, ports: [{name: http, port: 8099, targetPort: http}]}
---
apiVersion: v1
kind: Service
metadata: {name: each}
spec: {clusterIP: None, selector: {app: web}, ports: [{name: http, port: 17311}]}
---
apiVersion: v1
kind: Pod
metadata: {name: friend, labels: {app: friend}}
spec: {containers: [{name: c, image: "python://tests.kubectl.programs:client"}]}
---
apiVersion: v1
kind: Pod
metadata: {name: stranger, labels: {app: stranger}}
spec: {containers: [{name: c, image: "python://tests.kubectl.programs:client"}]}
"""

POLICY = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web}
spec:
  podSelector: {matchLabels: {app: web}}
  ingress: [{from: [{podSelector: {matchLabels: {app: friend}}}], ports: [{port: http}]}]
"""

JUDGE = """
apiVersion: v1
kind: Pod
metadata: {name: judge, labels: {app: judge}}
spec:
  volumes: [{name: certs, secret: {secretName: judge}}]
  containers:
  - name: judge
    image: python://tests.kubectl.programs:judge
    readinessProbe: {tcpSocket: {port: 17443}, periodSeconds: 1}
    volumeMounts: [{name: certs, mountPath: /certs}]
---
apiVersion: v1
kind: Service
metadata: {name: judge}
spec: {selector: {app: judge}, ports: [{port: 443, targetPort: 17443}]}
"""


POOL = ("--load-balancers", "127.64.78.0/24")


PAGE = """
apiVersion: v1
kind: Pod
metadata: {name: page, labels: {app: page}}
spec:
  containers: [{name: c, image: "python://tests.kubectl.programs:page", ports: [{containerPort: 17312}]}]
---
apiVersion: v1
kind: Service
metadata: {name: page}
spec: {selector: {app: page}, ports: [{name: http, port: 80, targetPort: 17312}]}
---
apiVersion: v1
kind: Pod
metadata: {name: simulated}
spec: {containers: [{name: c, image: nginx}]}
"""


class Net:
    """A cluster with sockets, and where its names are told."""

    def __init__(self, kubectl: Kubectl, names: str) -> None:
        self.kubectl = kubectl
        self._host, _, port = names.partition(":")
        self._port = int(port)

    def get(self, what: str, path: str) -> str:
        return self.kubectl("get", *what.split(), "-o", f"jsonpath={path}")

    def resolve(self, name: str, kind: str = "A") -> list[str]:
        reply = dns.query.udp(dns.message.make_query(name, kind), self._host, timeout=10, port=self._port)
        told = [line.split(f" {kind} ")[1] for rrset in reply.answer for line in rrset.to_text().split("\n")]
        return sorted(told) or [dns.rcode.to_text(reply.rcode())]


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Net]:
    program, kubeconfig = find_kubectl(), tmp_path_factory.mktemp("net") / "kubeconfig"
    process = up("--in-memory", "--kubeconfig", str(kubeconfig), "--services", "--dns-port", "0", *POOL)
    try:
        names = ready(process)["dns"]
        kubectl = Kubectl(program, kubeconfig)
        kubectl("apply", "-f", "-", text=WEB)
        kubectl("rollout", "status", "deployment/web", "--timeout=30s")
        kubectl("wait", "pod/friend", "pod/stranger", "--for=condition=Ready", "--timeout=30s")
        kubectl("wait", "service/web", "--for=jsonpath={.status.loadBalancer.ingress[0].ip}", "--timeout=30s")
        yield Net(kubectl, names)
    finally:
        assert stop(process) == 0


def until(happens: Callable[[], bool]) -> None:
    """What one sees of sockets is a moment behind what the API says."""
    for _ in range(200):
        if happens():
            return
        time.sleep(0.05)  # noqa: TID251 -- the cluster is another process
    raise AssertionError("it did not happen within ten seconds")


def heard(host: str, port: int) -> str:
    """What the server there says; nothing if there is none."""
    with suppress(OSError), socket.create_connection((host, port), timeout=5) as connection:
        return connection.recv(100).decode()
    return ""


def addresses(net: Net) -> list[str]:
    return sorted(net.get("pods -l app=web", "{.items[*].status.podIP}").split())


def test_a_load_balancer_its_node_port_and_its_cluster_address_lead_to_the_pods(net: Net) -> None:
    outside = net.get("service web", "{.status.loadBalancer.ingress[0].ip}")
    assert outside.startswith("127.64.78.")
    assert outside in net.kubectl("get", "service", "web").split()
    node_port = int(net.get("service web", "{.spec.ports[0].nodePort}"))
    inside = "127." + net.get("service web", "{.spec.clusterIP}").partition(".")[2]
    for where in ((outside, 8099), ("127.0.0.1", node_port), (inside, 8099)):
        until(lambda where=where: heard(*where).startswith("web-"))  # type: ignore[misc]
    seen: dict[str, None] = {}
    until(lambda: seen.update({heard(outside, 8099).split()[-1]: None}) is None and sorted(seen) == addresses(net))
    told = net.kubectl("describe", "service", "web")
    assert "EnsuredLoadBalancer" in told
    assert f"LoadBalancer Ingress:     {outside}" in told


def test_names_of_services_and_of_the_pods_behind_them_are_told(net: Net) -> None:
    assert net.resolve("web.default.svc.cluster.local") == [net.get("service web", "{.spec.clusterIP}")]
    until(lambda: net.resolve("each.default.svc.cluster.local") == addresses(net))
    assert net.resolve("_http._tcp.web.default.svc.cluster.local", "SRV") == [
        "0 100 8099 web.default.svc.cluster.local."
    ]
    net.kubectl("create", "service", "externalname", "elsewhere", "--external-name=example.com")
    until(lambda: net.resolve("elsewhere.default.svc.cluster.local", "CNAME") == ["example.com."])
    net.kubectl("delete", "service", "elsewhere")
    until(lambda: net.resolve("elsewhere.default.svc.cluster.local") == ["NXDOMAIN"])


def test_a_policy_lets_in_whom_it_names_and_nobody_else(net: Net) -> None:
    address = addresses(net)[0]

    def reaches(who: str) -> bool:
        done = net.kubectl.run("exec", who, "--", "dial", address, "17311")
        assert done.returncode == 0 or "a NetworkPolicy denies connections" in done.stderr, done.stderr
        return done.returncode == 0

    assert (reaches("friend"), reaches("stranger")) == (True, True)
    net.kubectl("apply", "-f", "-", text=POLICY)
    until(lambda: not reaches("stranger"))
    assert reaches("friend")
    assert "PodSelector: app=friend" in net.kubectl("describe", "networkpolicy", "web")
    net.kubectl("delete", "networkpolicy", "web")
    until(lambda: reaches("stranger"))


def hooks(kind: str, path: str, authority: str) -> dict[str, object]:
    hook = {
        "name": f"{path.strip('/')}.example.com",
        "clientConfig": {"service": {"name": "judge", "namespace": "default", "path": path}, "caBundle": authority},
        "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["configmaps"]}],
        "objectSelector": {"matchLabels": {"ask": "yes"}},
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
    }
    group = "admissionregistration.k8s.io/v1"
    return {"apiVersion": group, "kind": kind, "metadata": {"name": path.strip("/")}, "webhooks": [hook]}


def test_a_webhook_behind_a_service_changes_and_refuses(net: Net, tmp_path: Path) -> None:
    kubectl = net.kubectl
    pki = ensure_pki(tmp_path, ("judge.default.svc",), datetime.now(UTC))  # noqa: TID251 -- TLS compares with the real time
    kubectl("create", "secret", "tls", "judge", f"--cert={pki.server_certificate}", f"--key={pki.server_key}")
    kubectl("apply", "-f", "-", text=JUDGE)
    kubectl("wait", "pod/judge", "--for=condition=Ready", "--timeout=30s")
    kubectl("wait", "endpoints/judge", "--for=jsonpath={.subsets[0].addresses[0].ip}", "--timeout=20s")
    authority = base64.b64encode(pki.ca_certificate.read_bytes()).decode()
    for kind, path in (("MutatingWebhookConfiguration", "/mutate"), ("ValidatingWebhookConfiguration", "/validate")):
        kubectl("apply", "-f", "-", text=json.dumps(hooks(kind, path, authority)))

    def make(name: str, *arguments: str) -> tuple[str, str]:
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "labels": {"ask": "yes"}}}
        done = kubectl.run("create", "-f", "-", *arguments, text=json.dumps(body))
        return done.stdout, done.stderr

    assert make("even") == ("configmap/even created\n", "Warning: judged\n")
    assert net.get("configmap even", "{.metadata.labels.seen}") == "yes"
    assert make("odd")[1].splitlines()[-1] == (
        'Error from server: error when creating "STDIN": admission webhook "validate.example.com" denied the request:'
        " odd is odd"
    )
    assert "odd is odd" in make("odd", "--dry-run=server")[1]
    kubectl("delete", "pod", "judge", "--timeout=30s")
    until(lambda: 'no endpoints available for service "judge"' in make("late")[1])
    kubectl("delete", "mutatingwebhookconfiguration/mutate", "validatingwebhookconfiguration/validate")
    assert make("late") == ("configmap/late created\n", "")


def test_pages_of_pods_and_services_are_read_through_the_api_server(net: Net) -> None:
    net.kubectl("apply", "-f", "-", text=PAGE)
    net.kubectl("wait", "pod/page", "pod/simulated", "--for=condition=Ready", "--timeout=30s")

    def read(what: str) -> str:
        done = net.kubectl.run("get", "--raw", f"/api/v1/namespaces/default/{what}")
        return done.stdout or done.stderr

    assert json.loads(read("pods/page/proxy/a%20b/?c=d"))["asked"] == "get /a%20b/?c=d http/1.1"
    for service in ("page:http", "page:80", "http:page:80"):
        until(lambda one=service: "get / http/1.1" in read(f"services/{one}/proxy/"))  # type: ignore[misc]
    assert read("pods/page/proxy/missing").startswith("Error from server (NotFound): ")
    unreachable = "Error from server (ServiceUnavailable): error trying to reach service: dial tcp "
    assert read("pods/page:81/proxy/").startswith(unreachable)
    assert read("pods/simulated:80/proxy/") == "container c of pod simulated runs image nginx\n"
    assert read("pods/nobody/proxy/") == 'Error from server (NotFound): pods "nobody" not found\n'
    assert read("services/page:81/proxy/").endswith('no service port 81 found for service "page"\n')
    assert read("services/page/proxy/").endswith('no endpoints available for service "page"\n')
    assert read("pods/ftp:page:80/proxy/") == 'Error from server (BadRequest): invalid pod request "ftp:page:80"\n'


def test_kubectl_proxy_passes_on_what_is_sent_and_what_comes_back(net: Net) -> None:
    net.kubectl("apply", "-f", "-", text=PAGE)
    net.kubectl("wait", "pod/page", "--for=condition=Ready", "--timeout=30s")
    with ExitStack() as stack:
        process = stack.enter_context(net.kubectl.start("proxy", "--port=0"))
        stack.callback(process.terminate)
        assert process.stdout is not None
        host, _, port = process.stdout.readline().split()[-1].partition(":")
        connection = http.client.HTTPConnection(host, int(port), timeout=30)
        stack.callback(connection.close)
        at = "/api/v1/namespaces/default/pods/page:17312/proxy"
        connection.request("POST", f"{at}/form", body="hello", headers={"X-Mine": "yes", "Authorization": "Bearer t"})
        reply = connection.getresponse()
        assert (reply.status, reply.getheader("x-pod")) == (200, "page")
        assert json.loads(reply.read()) == {"asked": "post /form http/1.1", "headers": ["x-mine: yes"], "body": "hello"}
        connection.request("GET", f"{at}/missing")
        reply = connection.getresponse()
        assert (reply.status, json.loads(reply.read())["asked"]) == (404, "get /missing http/1.1")
        connection.request("GET", f"{at}?a=b")
        reply = connection.getresponse()
        assert (reply.status, reply.getheader("location")) == (301, f"{at}/?a=b")
