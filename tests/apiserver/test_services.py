"""Addresses and ports of services."""

from functools import partial
from random import Random
from typing import cast

import pytest
from msgspec.structs import replace

from kubeactors.actor import AskTimedOut
from kubeactors.actor.cell import Cell
from kubeactors.api import SCHEME
from kubeactors.api.apps.v1 import Deployment
from kubeactors.api.autoscaling.v1 import Scale, ScaleSpec
from kubeactors.api.core.v1 import Endpoints, Event, Service, ServicePort, ServiceSpec
from kubeactors.api.discovery.v1 import EndpointSlice
from kubeactors.api.networking.v1.ipaddress import IPAddress, IPAddressSpec, ParentReference
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.apimachinery.requests import ADMIN, Create
from kubeactors.apiserver import ApiServer, ApiServerConfig
from kubeactors.apiserver.registry.allocators import AddressAllocator, PortAllocator
from kubeactors.apiserver.registry.repair import LEAK_ROUNDS, Repair
from kubeactors.sim.network import Network
from tests.apiserver.plane import DRY_RUN, Plane, gvr_of, refusal
from tests.apiserver.test_writing import deployment


@pytest.fixture
def plane() -> Plane:
    return Plane()


def service(name: str, *ports: ServicePort, **spec: object) -> Service:
    made = ServiceSpec(ports=ports or (ServicePort(port=80),), selector={"a": "b"})
    return Service(metadata=ObjectMeta(name=name), spec=replace(made, **spec))


def node_ports(value: Service) -> list[int]:
    return [one.node_port for one in value.spec.ports]


def test_a_service_gets_a_cluster_ip(plane: Plane) -> None:
    spec = plane.create(service("a")).spec
    assert spec.cluster_ip.startswith("10.")
    assert spec.cluster_ips == (spec.cluster_ip,)
    assert (spec.ip_families, spec.ip_family_policy) == (("IPv4",), "SingleStack")


def test_an_address_belongs_to_one_service(plane: Plane) -> None:
    plane.create(service("a", cluster_ip="10.96.7.7"))
    message = (
        'Service "b" is invalid: spec.clusterIPs: Invalid value: ["10.96.7.7"]: '
        "failed to allocate IP 10.96.7.7: provided IP is already allocated"
    )
    assert refusal(plane.try_create(service("b", cluster_ip="10.96.7.7"))) == (422, "Invalid", message)
    plane.delete(Service, "a")
    assert plane.create(service("b", cluster_ip="10.96.7.7")).spec.cluster_ip == "10.96.7.7"


def test_an_address_outside_of_the_range_is_rejected(plane: Plane) -> None:
    _, _, message = refusal(plane.try_create(service("a", cluster_ip="192.0.2.1")))
    assert message.endswith("failed to allocate IP 192.0.2.1: the provided network does not match the current range")


def test_a_range_can_be_full() -> None:
    plane = Plane(ApiServerConfig(service_cidr="10.0.0.0/30"))
    plane.create(service("a"))
    code, reason, message = refusal(plane.try_create(service("b")))
    assert (code, reason, message) == (
        500,
        "InternalError",
        "Internal error occurred: failed to allocate a serviceIP: range is full",
    )
    plane.delete(Service, "a")
    plane.create(service("b"))


def test_a_rejected_service_releases_its_allocations(plane: Plane) -> None:
    plane.try_create(service("a", cluster_ip="10.96.7.7", type="Magic"))
    plane.create(service("b", cluster_ip="10.96.7.7"), DRY_RUN)
    plane.create(service("c", cluster_ip="10.96.7.7"))
    plane.try_create(service("c", cluster_ip="10.96.7.8"))
    plane.create(service("d", cluster_ip="10.96.7.8"))


def test_node_ports_are_allocated_and_kept(plane: Plane) -> None:
    made = plane.create(service("a", type="NodePort"))
    (port,) = node_ports(made)
    assert 30000 <= port <= 32767
    sent = service("a", ServicePort(port=80, target_port=8080), type="NodePort")
    assert node_ports(plane.update(sent)) == [port]
    assert plane.get(Service, "a").spec.cluster_ip == made.spec.cluster_ip
    plane.update(service("a"))
    assert node_ports(plane.get(Service, "a")) == [0]
    plane.create(service("b", ServicePort(port=80, node_port=port), type="NodePort"))


def test_a_node_port_belongs_to_one_service(plane: Plane) -> None:
    plane.create(service("a", ServicePort(port=80, node_port=32001), type="NodePort"))
    reply = plane.try_create(service("b", ServicePort(port=80, node_port=32001), type="NodePort"))
    message = 'Service "b" is invalid: spec.ports[0].nodePort: Invalid value: 32001: provided port is already allocated'
    assert refusal(reply) == (422, "Invalid", message)
    low = plane.try_create(service("b", ServicePort(port=80, node_port=80), type="NodePort"))
    assert refusal(low)[2].endswith("provided port is not in the valid range. The range of valid ports is 30000-32767")


def test_random_values_come_from_the_upper_band_until_it_is_full() -> None:
    addresses, ports = AddressAllocator("10.96.0.0/27", Random(1)), PortAllocator(30000, 30031, Random(1))
    given = [int(addresses.allocate_next().rpartition(".")[2]) for _ in range(30)]
    assert (sorted(given[:14]), sorted(given[14:])) == ([*range(17, 31)], [*range(1, 17)])
    numbers = [ports.allocate_next() for _ in range(32)]
    assert (sorted(numbers[:16]), sorted(numbers[16:])) == ([*range(30016, 30032)], [*range(30000, 30016)])


def test_a_small_range_has_no_static_band() -> None:
    addresses, ports = AddressAllocator("10.96.0.0/28", Random(1)), PortAllocator(30000, 30015, Random(1))
    assert len({addresses.allocate_next() for _ in range(14)}) == 14
    assert min(PortAllocator(30000, 30015, Random(seed)).allocate_next() for seed in range(40)) == 30000
    assert sorted(ports.allocate_next() for _ in range(16)) == [*range(30000, 30016)]


def test_two_protocols_of_one_port_share_a_node_port(plane: Plane) -> None:
    ports = (ServicePort(name="x", port=53), ServicePort(name="y", port=53, protocol="UDP"))
    first, second = node_ports(plane.create(service("a", *ports, type="NodePort")))
    assert first == second


def test_a_service_that_becomes_an_external_name_releases_its_address(plane: Plane) -> None:
    made = plane.create(service("a"))
    external = plane.update(service("a", type="ExternalName", external_name="x.example.com"))
    assert (external.spec.cluster_ip, external.spec.cluster_ips, external.spec.ip_families) == ("", (), ())
    assert external.spec.internal_traffic_policy is None
    plane.create(service("b", cluster_ip=made.spec.cluster_ip))
    again = plane.update(service("a"))
    assert again.spec.cluster_ip not in ("", made.spec.cluster_ip)


def test_a_load_balancer_for_local_traffic_has_a_health_port(plane: Plane) -> None:
    made = plane.create(service("a", type="LoadBalancer", external_traffic_policy="Local"))
    assert 30000 <= made.spec.health_check_node_port <= 32767
    kept = plane.update(service("a", type="LoadBalancer", external_traffic_policy="Local"))
    assert kept.spec.health_check_node_port == made.spec.health_check_node_port
    assert plane.update(service("a", type="LoadBalancer")).spec.health_check_node_port == 0


def test_a_headless_service_has_no_address(plane: Plane) -> None:
    made = plane.create(service("a", cluster_ip="None"))
    assert (made.spec.cluster_ip, made.spec.cluster_ips) == ("None", ("None",))


def test_allocations_survive_a_restart(plane: Plane) -> None:
    plane.create(service("a", ServicePort(port=80, node_port=32001), type="NodePort", cluster_ip="10.96.7.7"))
    again = Plane(backend=plane.backend)
    assert refusal(again.try_create(service("b", cluster_ip="10.96.7.7")))[0] == 422
    taken = service("b", ServicePort(port=80, node_port=32001), type="NodePort")
    assert refusal(again.try_create(taken))[0] == 422


def test_pods_find_the_server_by_a_service() -> None:
    plane = Plane(ApiServerConfig(advertise_address="192.0.2.5", advertise_port=7443))
    found = plane.get(Service, "kubernetes")
    assert (found.spec.cluster_ip, found.spec.ports[0].target_port) == ("10.96.0.1", 7443)
    (subset,) = plane.get(Endpoints, "kubernetes").subsets
    assert (subset.addresses[0].ip, subset.ports[0].port) == ("192.0.2.5", 7443)
    endpoints = plane.get(EndpointSlice, "kubernetes").endpoints or ()
    assert [one.addresses for one in endpoints] == [("192.0.2.5",)]


def test_the_scale_of_a_workload_is_read_and_written(plane: Plane) -> None:
    made = plane.create(deployment("a"))
    reply = plane.try_get(Deployment, "a", part="scale")
    scale = plane.object(reply, Scale)
    assert (scale.metadata.uid, scale.spec.replicas, scale.status.selector) == (made.metadata.uid, 0, "a=b")
    reply = plane.try_patch(Deployment, "a", {"spec": {"replicas": 3}}, "scale")
    assert plane.object(reply, Scale).spec == ScaleSpec(replicas=3)
    changed = plane.get(Deployment, "a")
    assert (changed.spec.replicas, changed.metadata.generation) == (3, 2)
    message = 'Scale.autoscaling "a" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0'
    assert refusal(plane.try_patch(Deployment, "a", {"spec": {"replicas": -1}}, "scale")) == (422, "Invalid", message)
    stale = {"metadata": {"resourceVersion": "1"}, "spec": {"replicas": 4}}
    assert refusal(plane.try_patch(Deployment, "a", stale, "scale"))[:2] == (409, "Conflict")
    missing = 'deployments.apps "nosuch" not found'
    assert refusal(plane.try_patch(Deployment, "nosuch", {}, "scale")) == (404, "NotFound", missing)


# Repair of allocations.


def look(plane: Plane, seconds: float = 0.2) -> list[tuple[str, str, str]]:
    """Events about services, after a repair has run."""
    plane.sim.run(seconds)
    found = [one for one in plane.listed(Event).items if isinstance(one, Event)]
    return sorted((one.involved_object.name, one.reason, one.message) for one in found)


EAGER = ApiServerConfig(repair_seconds=0.1)


def another_server(plane: Plane) -> Plane:
    """A second server over the same store, with allocators of its own."""
    plane.sim.run(0.05)
    other = Plane.__new__(Plane)
    other.sim, other.scheme, other.store = plane.sim, SCHEME.copy(), plane.store
    other.server = plane.sim.spawn(partial(ApiServer, other.scheme, plane.store), name="another")
    other.sim.run(0.05)
    return other


def test_a_duplicate_allocation_is_reported_for_all_services_but_the_first() -> None:
    plane = Plane(EAGER)
    other = another_server(plane)
    twice = {"type": "NodePort", "cluster_ip": "10.96.7.7"}
    plane.create(service("a", ServicePort(port=80, node_port=30007), **twice))
    other.delete(IPAddress, "10.96.7.7")  # otherwise the other server would see that it is allocated
    other.create(service("b", ServicePort(port=80, node_port=30007), **twice))
    assert set(look(plane)) == {
        (
            "b",
            "ClusterIPAlreadyAllocated",
            "Cluster IP [IPv4]:10.96.7.7 was assigned to multiple services; please recreate service",
        ),
        ("b", "PortAlreadyAllocated", "Port 30007 was assigned to multiple services; please recreate service"),
    }


def test_an_unallocated_address_of_a_service_is_allocated_and_reported() -> None:
    plane = Plane(EAGER)
    another_server(plane).create(service("b", ServicePort(port=80, node_port=30007), type="NodePort"))
    told = {(reason, message) for _, reason, message in look(plane)}
    assert ("PortNotAllocated", "Port 30007 is not allocated; repairing") in told
    said = refusal(plane.try_create(service("a", ServicePort(port=80, node_port=30007), type="NodePort")))[2]
    assert said.endswith("provided port is already allocated")


def test_a_value_outside_of_the_range_is_reported() -> None:
    narrow = Plane(replace(EAGER, service_cidr="10.96.0.0/24", node_port_last=30010))
    another_server(narrow).create(
        service("a", ServicePort(port=80, node_port=30011), type="NodePort", cluster_ip="10.96.7.7")
    )
    assert set(look(narrow)) == {
        (
            "a",
            "ClusterIPOutOfRange",
            "Cluster IP [IPv4]: 10.96.7.7 is not within any configured Service CIDR; please recreate service",
        ),
        (
            "a",
            "PortOutOfRange",
            "Port 30011 is not within the port range 30000-30010; please recreate service",
        ),
    }


def test_an_allocation_that_no_service_has_is_released_after_some_rounds() -> None:
    addresses = AddressAllocator("10.96.0.0/24", Random(1))
    ports = PortAllocator(30000, 30010, Random(1))
    repair = Repair(addresses, ports)
    kept = service("a", ServicePort(port=80, node_port=30001), cluster_ip="10.96.0.5", cluster_ips=("10.96.0.5",))
    for address, port in (("10.96.0.5", 30001), ("10.96.0.6", 30002)):
        addresses.allocate(address)
        ports.allocate(port)
    for _ in range(LEAK_ROUNDS - 1):
        assert list(repair.run_once([kept])) == []
    assert sorted(addresses) == ["10.96.0.5", "10.96.0.6"]
    assert list(repair.run_once([kept])) == []
    assert (list(addresses), list(ports)) == (["10.96.0.5"], [30001])


def test_an_allocation_that_was_unused_only_briefly_is_kept() -> None:
    ports = PortAllocator(30000, 30010, Random(1))
    repair = Repair(AddressAllocator("10.96.0.0/24", Random(1)), ports)
    ports.allocate(30001)
    late = service("a", ServicePort(port=80, node_port=30001), cluster_ip="None")
    for services in ([], [], [late], [], []):
        assert list(repair.run_once(services)) == []
    assert list(ports) == [30001]


def test_an_address_of_a_write_in_doubt_is_not_allocated_again() -> None:
    plane = Plane()
    plane.sim.run(0.05)
    network, store = Network(plane.sim.kernel), cast("Cell", plane.store)
    network.stall(store)
    kept = ServicePort(port=80, node_port=30007)
    services = gvr_of(Service)
    wanted = Create(resource=services, namespace="default", object=service("a", kept, type="NodePort"), user=ADMIN)
    with pytest.raises(AskTimedOut):
        plane.sim.ask(plane.server, wanted)
    plane.sim.run(1.0)
    network.unstall(store)
    plane.sim.run(1.0)
    assert plane.get(Service, "a").spec.ports[0].node_port == 30007
    said = refusal(plane.try_create(service("b", kept, type="NodePort")))[2]
    assert said.endswith("provided port is already allocated")


# IPAddresses.


def owner(address: IPAddress) -> ParentReference:
    assert address.spec.parent_ref is not None
    return address.spec.parent_ref


def by_hand(address: str, service_name: str, **labels: str) -> IPAddress:
    parent = ParentReference(resource="services", namespace="default", name=service_name)
    return IPAddress(metadata=ObjectMeta(name=address, labels=labels), spec=IPAddressSpec(parent_ref=parent))


def test_an_ip_address_is_created_and_deleted_with_its_service(plane: Plane) -> None:
    made = plane.create(service("a"))
    found = plane.get(IPAddress, made.spec.cluster_ip)
    assert owner(found) == ParentReference(resource="services", namespace="default", name="a")
    assert found.metadata.labels == {
        "ipaddress.kubernetes.io/ip-family": "IPv4",
        "ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io",
    }
    assert found.metadata.resource_version == made.metadata.resource_version
    plane.delete(Service, "a")
    assert plane.names(IPAddress) == ["10.96.0.1"]
    assert owner(plane.get(IPAddress, "10.96.0.1")).name == "kubernetes"


def test_a_failed_service_leaves_no_ip_address(plane: Plane) -> None:
    plane.create(service("a", cluster_ip="None"))
    plane.try_create(service("a", cluster_ip="10.96.7.7"))
    plane.create(service("b", cluster_ip="10.96.7.8"), DRY_RUN)
    assert plane.names(IPAddress) == ["10.96.0.1"]


def test_the_ip_address_follows_the_type_of_its_service(plane: Plane) -> None:
    made = plane.create(service("a"))
    plane.update(service("a", type="ExternalName", external_name="x.example.com"))
    assert made.spec.cluster_ip not in plane.names(IPAddress)
    again = plane.update(service("a"))
    assert owner(plane.get(IPAddress, again.spec.cluster_ip)).name == "a"


def test_an_address_with_an_object_of_a_user_is_allocated_to_no_service() -> None:
    plane = Plane(ApiServerConfig(service_cidr="10.0.0.0/29"))
    for last in range(2, 6):
        plane.create(by_hand(f"10.0.0.{last}", "elsewhere"))
    said = refusal(plane.try_create(service("a", cluster_ip="10.0.0.5")))[2]
    assert said.endswith("provided IP is already allocated")
    assert plane.create(service("a")).spec.cluster_ip == "10.0.0.6"
    again = Plane(ApiServerConfig(service_cidr="10.0.0.0/29"), plane.backend)
    assert refusal(again.try_create(service("b")))[2].endswith("range is full")
    again.delete(IPAddress, "10.0.0.4")
    assert again.create(service("b")).spec.cluster_ip == "10.0.0.4"


def test_two_servers_never_allocate_an_address_twice(plane: Plane) -> None:
    other = another_server(plane)
    plane.create(service("a", cluster_ip="10.96.7.7"))
    plane.create(service("b", type="ExternalName", external_name="x.example.com"))
    assert refusal(other.try_create(service("c", cluster_ip="10.96.7.7")))[:2] == (409, "Conflict")
    assert refusal(other.try_update(service("b", cluster_ip="10.96.7.7")))[:2] == (409, "Conflict")
    assert owner(plane.get(IPAddress, "10.96.7.7")).name == "a"
    assert "c" not in plane.names(Service)


def test_a_missing_ip_address_is_created_again() -> None:
    plane = Plane(EAGER)
    plane.create(service("a", cluster_ip="10.96.7.7"))
    plane.delete(IPAddress, "10.96.7.7")
    told = ("a", "ClusterIPNotAllocated", "Cluster IP [IPv4]: 10.96.7.7 is not allocated; repairing")
    assert look(plane) == [told]
    assert owner(plane.get(IPAddress, "10.96.7.7")).name == "a"
    assert refusal(plane.try_create(service("b", cluster_ip="10.96.7.7")))[0] == 422


def test_leaked_ip_addresses_of_the_server_are_deleted_and_others_are_not() -> None:
    plane = Plane(EAGER)
    plane.create(service("a", cluster_ip="10.96.7.7"))
    ours = {"ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io"}
    plane.create(by_hand("10.96.7.1", "nosuch", **ours))
    plane.create(by_hand("10.96.7.2", "a", **ours))
    plane.create(by_hand("10.96.7.3", "nosuch"))
    of = "for Service default/"
    assert look(plane) == [
        (
            "10.96.7.1",
            "IPAddressNotAllocated",
            f"IPAddress: 10.96.7.1 {of}nosuch appears to have leaked: cleaning up",
        ),
        ("10.96.7.2", "IPAddressWrongReference", f"IPAddress: 10.96.7.2 {of}a has a wrong reference; cleaning up"),
    ]
    assert plane.names(IPAddress) == ["10.96.0.1", "10.96.7.3", "10.96.7.7"]
