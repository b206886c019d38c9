"""Commands that resolve DNS names of the cluster."""

import pytest

from kubeactors.api.core.v1 import Container, Endpoints, EndpointSubset, Pod, PodSpec, Service
from kubeactors.api.core.v1.endpoints import EndpointAddress, EndpointPort
from kubeactors.api.core.v1.service import ServicePort, ServiceSpec
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.kubelet import Log, ReadLog
from tests.kubelet.plane import Plane, a_pod


def a_service(name: str, address: str, selector: dict[str, str] | None = None) -> Service:
    return Service(
        metadata=ObjectMeta(name=name, namespace="default"),
        spec=ServiceSpec(cluster_ip=address, ports=(ServicePort(port=80),), selector=selector or {}),
    )


def said(plane: Plane, script: str, name: str = "asks") -> tuple[str, ...]:
    container = Container(name="c", image="busybox", command=("sh", "-c", script))
    plane.create(a_pod(name, container, node_name="node-0", restart_policy="Never"))
    plane.run_until_pod(name, lambda pod: pod.status.phase in {"Succeeded", "Failed"})
    log = plane.sim.ask(plane.kubelets["node-0"], ReadLog(namespace="default", pod=name, container="c"))
    assert isinstance(log, Log)
    return log.lines


@pytest.mark.parametrize("name", ["web", "web.default", "web.default.svc", "web.default.svc.cluster.local."])
def test_the_name_of_a_service_resolves_to_its_cluster_ip(name: str) -> None:
    plane = Plane(nodes=1)
    plane.create(a_service("web", "10.96.0.9"))
    assert said(plane, f"nslookup {name}; echo $?")[3:5] == (
        "Name:\tweb.default.svc.cluster.local",
        "Address: 10.96.0.9",
    )


def test_an_unknown_name_does_not_resolve() -> None:
    plane = Plane(nodes=1)
    lines = said(plane, "nslookup web; echo $?; nslookup example.com; echo $?; nc -z web 80; echo $?")
    assert lines[3:] == (
        "** server can't find web: NXDOMAIN",
        "",
        "1",
        "Server:\t\t10.96.0.10",
        "Address:\t10.96.0.10:53",
        "",
        "** server can't find example.com: NXDOMAIN",
        "",
        "1",
        "nc: bad address 'web'",
        "1",
    )


def test_a_headless_service_resolves_to_its_pods_and_each_pod_by_its_hostname() -> None:
    plane = Plane(nodes=1)
    plane.create(a_service("nginx", "None", {"app": "web-0"}))
    spec = PodSpec(hostname="web-0", subdomain="nginx")
    plane.create(a_pod("web-0", node_name="node-0", spec=spec))
    address = plane.run_until_pod("web-0", lambda pod: pod.status.phase == "Running").status.pod_ip
    lines = said(plane, "nslookup nginx | grep Address: | tail -n 1; nslookup web-0.nginx | tail -n 3 | head -n 2")
    assert lines == (f"Address: {address}", "Name:\tweb-0.nginx.default.svc.cluster.local", f"Address: {address}")


def test_a_service_port_is_open_if_it_has_a_ready_endpoint() -> None:
    plane = Plane(nodes=1)
    plane.create(a_service("web", "10.96.0.9"))
    subset = EndpointSubset(addresses=(EndpointAddress(ip="10.0.0.5"),), ports=(EndpointPort(port=80),))
    assert said(plane, "nc -z web 80; echo $?", "before")[-1] == "1"
    plane.create(Endpoints(metadata=ObjectMeta(name="web", namespace="default"), subsets=(subset,)))
    assert said(plane, "nc -z -w 1 web 80; echo $?; nc -z web 81; echo $?", "after") == (
        "0",
        "nc: web (10.96.0.9:81): Connection refused",
        "1",
    )


def test_an_init_container_waits_for_a_service() -> None:
    plane = Plane(nodes=1)
    script = "until nslookup myservice.default.svc.cluster.local; do echo waiting for myservice; sleep 2; done"
    init = Container(name="init", image="busybox", command=("sh", "-c", script))
    plane.create(a_pod("p", node_name="node-0", init=(init,)))
    plane.sim.run(20.0)
    assert plane.pod("p").status.phase == "Pending"
    plane.create(a_service("myservice", "10.96.0.9"))
    pod = plane.run_until_pod("p", is_running, 5.0)
    assert pod.status.init_container_statuses[0].ready


def is_running(pod: Pod) -> bool:
    return pod.status.phase == "Running"
