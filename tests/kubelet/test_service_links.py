"""Environment variables by which containers find Services."""

from msgspec.structs import replace

from kubeactors.api.core.v1 import Container, Pod, PodSpec, PodStatus, Service
from kubeactors.api.core.v1.env import EnvVar
from kubeactors.api.core.v1.service import ServicePort, ServiceSpec
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.kubelet import Exec, Log, ReadLog, Session
from kubeactors.kubelet.runtimes.streams import Ended, Output, Stdout
from kubeactors.kubelet.service_links import service_links
from kubeactors.testing.heard import Heard
from tests.kubelet.plane import Plane, a_pod

POD = Pod(metadata=ObjectMeta(name="p", namespace="shop"))
API = {
    "KUBERNETES_SERVICE_HOST": "10.96.0.1",
    "KUBERNETES_SERVICE_PORT": "443",
    "KUBERNETES_SERVICE_PORT_HTTPS": "443",
    "KUBERNETES_PORT": "tcp://10.96.0.1:443",
    "KUBERNETES_PORT_443_TCP": "tcp://10.96.0.1:443",
    "KUBERNETES_PORT_443_TCP_PROTO": "tcp",
    "KUBERNETES_PORT_443_TCP_PORT": "443",
    "KUBERNETES_PORT_443_TCP_ADDR": "10.96.0.1",
}


def a_service(name: str, address: str, *ports: ServicePort, namespace: str = "shop", created: str = "") -> Service:
    return Service(
        metadata=ObjectMeta(name=name, namespace=namespace, creation_timestamp=created or None),
        spec=ServiceSpec(cluster_ip=address, ports=ports),
    )


MASTER = a_service("kubernetes", "10.96.0.1", ServicePort(name="https", port=443, protocol="TCP"), namespace="default")
REDIS = a_service("redis-master", "10.0.0.11", ServicePort(port=6379), ServicePort(name="m-x", port=53, protocol="UDP"))


def test_a_pod_has_variables_of_the_api_server_and_of_services_in_its_namespace() -> None:
    elsewhere = a_service("other", "10.0.0.1", ServicePort(port=1), namespace="elsewhere")
    headless, alone = a_service("headless", "None", ServicePort(port=1)), a_service("alone", "10.0.0.2")
    assert service_links((REDIS, MASTER, elsewhere, headless, alone), POD) == API | {
        "REDIS_MASTER_SERVICE_HOST": "10.0.0.11",
        "REDIS_MASTER_SERVICE_PORT": "6379",
        "REDIS_MASTER_SERVICE_PORT_M_X": "53",
        "REDIS_MASTER_PORT": "tcp://10.0.0.11:6379",
        "REDIS_MASTER_PORT_6379_TCP": "tcp://10.0.0.11:6379",
        "REDIS_MASTER_PORT_6379_TCP_PROTO": "tcp",
        "REDIS_MASTER_PORT_6379_TCP_PORT": "6379",
        "REDIS_MASTER_PORT_6379_TCP_ADDR": "10.0.0.11",
        "REDIS_MASTER_PORT_53_UDP": "udp://10.0.0.11:53",
        "REDIS_MASTER_PORT_53_UDP_PROTO": "udp",
        "REDIS_MASTER_PORT_53_UDP_PORT": "53",
        "REDIS_MASTER_PORT_53_UDP_ADDR": "10.0.0.11",
    }


def test_a_pod_without_service_links_has_variables_of_the_api_server_only() -> None:
    assert service_links((REDIS, MASTER), replace(POD, spec=PodSpec(enable_service_links=False))) == API


def test_services_created_after_the_pod_have_no_variables() -> None:
    begun = replace(POD, status=PodStatus(start_time="2026-01-01T00:00:05Z"))
    before = a_service("before", "10.0.0.1", ServicePort(port=1), created="2026-01-01T00:00:05Z")
    after = a_service("after", "10.0.0.2", ServicePort(port=1), created="2026-01-01T00:00:06Z")
    found = service_links((before, after), begun)
    assert "BEFORE_SERVICE_HOST" in found
    assert "AFTER_SERVICE_HOST" not in found


def test_variables_of_the_pod_take_precedence_and_may_refer_to_services() -> None:
    plane = Plane(nodes=1)
    plane.create(a_service("web", "10.96.0.9", ServicePort(port=80), namespace="default"))
    container = Container(
        name="c",
        image="busybox",
        command=("sh", "-c", "echo $URL $WEB_PORT"),
        env=(EnvVar(name="URL", value="http://$(WEB_SERVICE_HOST)/"), EnvVar(name="WEB_PORT", value="mine")),
    )
    plane.create(a_pod("p", container, node_name="node-0", restart_policy="Never"))
    plane.run_until_pod("p", lambda pod: pod.status.phase == "Succeeded")
    log = plane.sim.ask(plane.kubelets["node-0"], ReadLog(namespace="default", pod="p", container="c"))
    assert isinstance(log, Log)
    assert log.lines == ("http://10.96.0.9/ mine",)


def test_commands_in_all_containers_see_service_variables() -> None:
    plane = Plane(nodes=1)
    plane.create(a_service("web", "10.96.0.9", ServicePort(port=80), namespace="default"))
    plane.create(a_pod("p", node_name="node-0"))
    plane.run_until_pod("p", lambda pod: pod.status.phase == "Running")
    output: Heard[Output] = Heard()
    command = ("printenv", "WEB_PORT_80_TCP")
    wanted = Exec(namespace="default", pod="p", container="c", command=command, tty=False, output=output)
    assert isinstance(plane.sim.ask(plane.kubelets["node-0"], wanted), Session)
    assert output.messages == [Stdout(b"tcp://10.96.0.9:80\n"), Ended(0)]
