"""The backends of Services: a table of endpoints."""

import pytest
from msgspec.structs import replace

from kubeactors.api.core.v1 import Service, ServicePort, ServiceSpec
from kubeactors.api.core.v1.service import LoadBalancerIngress, LoadBalancerStatus, ServiceStatus
from kubeactors.api.discovery.v1 import Endpoint, EndpointConditions, EndpointPort, EndpointSlice
from kubeactors.api.discovery.v1.endpointslice import EndpointHints, ForNode, ForZone
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.network.proxy import Backend, Front
from kubeactors.network.proxy.routes import Place, backends, fronts

HTTP = ServicePort(name="http", protocol="TCP", port=80, node_port=30080)
DNS = ServicePort(name="dns", protocol="UDP", port=53)
READY = EndpointConditions(ready=True, serving=True, terminating=False)
GOING = EndpointConditions(ready=False, serving=True, terminating=True)
GONE = EndpointConditions(ready=False, serving=False, terminating=True)
NOT_YET = EndpointConditions(ready=False, serving=False, terminating=False)


def web(**spec: object) -> Service:
    given: dict[str, object] = {
        "type": "NodePort",
        "cluster_ips": ("10.96.0.7", "fd00::7"),
        "ports": (HTTP, DNS),
    } | spec
    return Service(metadata=ObjectMeta(name="web", namespace="shop"), spec=ServiceSpec(**given))  # type: ignore[arg-type]


def slice_of(*conditions: EndpointConditions, port: int | None = 8080, name: str = "http") -> EndpointSlice:
    found = tuple(
        Endpoint(addresses=(f"10.0.0.{number}",), conditions=one, node_name=f"node-{number}")
        for number, one in enumerate(conditions, 1)
    )
    ports = (EndpointPort(name=name, protocol="TCP", port=port), EndpointPort(name="dns", protocol="UDP", port=53))
    return EndpointSlice(address_type="IPv4", endpoints=found, ports=ports)


def chosen(*slices: EndpointSlice, node: str = "", zone: str = "", policy: str = "Cluster") -> list[str]:
    service = web(internal_traffic_policy=policy)
    return [f"{one.address}:{one.port}" for one in backends(service, HTTP, slices, Place(node, zone))]


def hinting(found: EndpointSlice, *hints: tuple[str, str]) -> EndpointSlice:
    """The slice with hints: a zone and a node for each endpoint, empty for none."""
    endpoints = found.endpoints or ()
    given = [
        EndpointHints(for_zones=(ForZone(name=zone),) if zone else (), for_nodes=(ForNode(name=node),) if node else ())
        for zone, node in hints
    ]
    return replace(found, endpoints=tuple(replace(one, hints=hint) for one, hint in zip(endpoints, given, strict=True)))


def test_a_service_is_served_at_its_alias_and_its_node_ports() -> None:
    assert list(fronts(web())) == [
        Front("shop/web", 80, "http", "127.96.0.7", 80),
        Front("shop/web", 80, "http", "127.0.0.1", 30080, external=True),
        Front("shop/web", 53, "dns", "127.96.0.7", 53, protocol="UDP"),
    ]


def test_a_load_balancer_is_served_at_a_loopback_address_only() -> None:
    ingress = (LoadBalancerIngress(ip="127.64.0.2"), LoadBalancerIngress(ip="203.0.113.2"))
    status = ServiceStatus(load_balancer=LoadBalancerStatus(ingress=ingress))
    added = [one for one in fronts(replace(web(), status=status)) if one not in list(fronts(web()))]
    assert added == [
        Front("shop/web", 80, "http", "127.64.0.2", 80, external=True),
        Front("shop/web", 53, "dns", "127.64.0.2", 53, external=True, protocol="UDP"),
    ]


@pytest.mark.parametrize("spec", [{"cluster_ips": ("None",)}, {"type": "ExternalName"}])
def test_a_service_without_a_cluster_ip_is_not_served(spec: dict[str, object]) -> None:
    assert list(fronts(web(**spec))) == []


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ((READY, NOT_YET, GOING), ["10.0.0.1:8080"]),
        ((EndpointConditions(), READY), ["10.0.0.1:8080", "10.0.0.2:8080"]),
        ((GOING, GONE, NOT_YET, GOING), ["10.0.0.1:8080", "10.0.0.4:8080"]),
        ((GONE, NOT_YET), []),
    ],
)
def test_ready_endpoints_are_preferred_to_terminating_ones_that_serve(
    conditions: tuple[EndpointConditions, ...], expected: list[str]
) -> None:
    assert chosen(slice_of(*conditions)) == expected


def test_a_port_maps_to_slice_ports_of_its_name_without_duplicates() -> None:
    assert chosen(slice_of(READY), slice_of(READY), slice_of(READY, name="other")) == ["10.0.0.1:8080"]
    assert chosen(slice_of(READY, port=None)) == ["10.0.0.1:80"]


def test_a_local_policy_keeps_connections_on_the_clients_node() -> None:
    both = slice_of(READY, READY)
    assert chosen(both, node="node-2") == ["10.0.0.1:8080", "10.0.0.2:8080"]
    assert chosen(both, node="node-2", policy="Local") == ["10.0.0.2:8080"]
    assert chosen(both, node="node-3", policy="Local") == []
    assert chosen(both, policy="Local") == ["10.0.0.1:8080", "10.0.0.2:8080"]
    assert chosen(slice_of(READY, GOING), node="node-2", policy="Local") == ["10.0.0.2:8080"]


def test_clients_use_the_endpoints_with_hints_for_their_zone() -> None:
    both = hinting(slice_of(READY, READY), ("a", ""), ("b", ""))
    assert chosen(both, node="node-1", zone="b") == ["10.0.0.2:8080"]
    assert chosen(both, node="node-1", zone="b", policy="Local") == ["10.0.0.1:8080"]
    everyone = ["10.0.0.1:8080", "10.0.0.2:8080"]
    assert chosen(both, node="node-1", zone="c") == everyone
    assert chosen(both) == everyone


def test_incomplete_hints_are_ignored() -> None:
    some = hinting(slice_of(READY, READY), ("a", ""), ("", ""))
    assert chosen(some, node="node-1", zone="a") == ["10.0.0.1:8080", "10.0.0.2:8080"]
    unready = hinting(slice_of(READY, NOT_YET), ("a", ""), ("", ""))
    assert chosen(unready, node="node-1", zone="a") == ["10.0.0.1:8080"]


def test_clients_use_the_endpoints_of_their_node_first_then_those_of_their_zone() -> None:
    three = hinting(slice_of(READY, READY, READY), ("a", "node-1"), ("a", "node-2"), ("b", "node-3"))
    assert chosen(three, node="node-2", zone="a") == ["10.0.0.2:8080"]
    assert chosen(three, node="node-4", zone="a") == ["10.0.0.1:8080", "10.0.0.2:8080"]
    assert len(chosen(three, node="node-5", zone="c")) == 3


def test_terminating_endpoints_are_used_whatever_their_hints() -> None:
    assert chosen(hinting(slice_of(GOING), ("a", "")), node="node-1", zone="b") == ["10.0.0.1:8080"]


def test_a_backend_has_its_node() -> None:
    assert backends(web(), HTTP, [slice_of(READY)]) == (Backend("10.0.0.1", 8080, "node-1"),)
