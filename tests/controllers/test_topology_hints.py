"""Endpoints say which zones and nodes should use them, if their service wants that."""

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from kubeactors.api.core.v1 import Node, NodeCondition, NodeStatus, Pod, Service, ServicePort, ServiceSpec
from kubeactors.api.discovery.v1 import Endpoint, EndpointConditions, EndpointSlice
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.controllers.endpointslice.hints import (
    OVERLOADED,
    NoHints,
    Share,
    Zones,
    moves_of,
    shares_of,
    topology_hints,
)
from tests.controllers.plane import Plane, meta, template

ZONE = "topology.kubernetes.io/zone"
AUTO = {"service.kubernetes.io/topology-mode": "Auto"}


def endpoint(zone: str, *, ready: bool = True) -> Endpoint:
    return Endpoint(addresses=("10.0.0.1",), conditions=EndpointConditions(ready=ready), zone=zone or None)


def zones_of(endpoints: Sequence[Endpoint], ratios: dict[str, float]) -> list[str]:
    return [one.for_zones[0].name if one is not None else "" for one in topology_hints(endpoints, ratios)]


EVEN = {"a": 0.5, "b": 0.5}


@pytest.mark.parametrize(
    ("zones", "ratios", "expected"),
    [
        ("aabb", EVEN, "aabb"),
        ("aaab", EVEN, "baab"),
        ("aaaa", EVEN, "bbaa"),
        ("aabb", {"a": 0.75, "b": 0.25}, "aaab"),
        ("aaabbbccc", {"a": 1 / 3, "b": 1 / 3, "c": 1 / 3}, "aaabbbccc"),
    ],
)
def test_zones_get_about_their_share_and_most_endpoints_stay_in_their_zone(
    zones: str, ratios: dict[str, float], expected: str
) -> None:
    found = zones_of([endpoint(zone) for zone in zones], ratios)
    assert sorted(found) == sorted(expected)
    assert sum(one == other for one, other in zip(zones, found, strict=True)) == sum(
        one == other for one, other in zip(zones, expected, strict=True)
    )


def test_only_ready_endpoints_are_allocated() -> None:
    assert zones_of([endpoint("a"), endpoint("a", ready=False), endpoint("b")], EVEN) == ["a", "", "b"]


@pytest.mark.parametrize(
    ("zones", "ratios", "obstacle"),
    [
        (("a", "b"), {}, "Insufficient Node information: allocatable CPU or zone not specified on one or more nodes"),
        (("a",), EVEN, "Insufficient number of endpoints (1 endpoints, 2 zones)"),
        (
            ("a", "b"),
            {"a": 0.6, "b": 0.4 - 1e-9, "c": 1e-9},
            "Insufficient number of endpoints (2 endpoints, 3 zones)",
        ),
        (
            ("a", "b", "a"),
            EVEN,
            f"{OVERLOADED} (3 endpoints, 2 zones)",
        ),
        (("a", "b", "", "a"), EVEN, "One or more endpoints do not have a zone specified"),
    ],
)
def test_the_reason_for_missing_hints_is_reported(
    zones: tuple[str, ...], ratios: dict[str, float], obstacle: str
) -> None:
    with pytest.raises(NoHints) as raised:
        topology_hints([endpoint(zone) for zone in zones], ratios)
    assert str(raised.value) == obstacle


def test_a_zone_short_of_less_than_half_an_endpoint_gets_none() -> None:
    assert moves_of({"a": Share(2, 2.6), "b": Share(2, 2.4)}, {"a": 3, "b": 2}) == {}
    assert shares_of(5, {"a": 0.52, "b": 0.48}) == {"a": Share(3, 3.0), "b": Share(2, 2.4)}


def node(name: str, zone: str, cpu: str = "4", *, ready: bool = True, role: str = "worker") -> Node:
    condition = NodeCondition(type="Ready", status="True" if ready else "False")
    labels = {f"node-role.kubernetes.io/{role}": ""} | ({ZONE: zone} if zone else {})
    status = NodeStatus(allocatable={"cpu": cpu}, conditions=(condition,))
    return Node(metadata=ObjectMeta(name=name, labels=labels), status=status)


def test_zones_are_weighted_by_the_cpus_of_their_nodes() -> None:
    zones = Zones()
    assert zones.ratios() == {}
    for one in (node("1", "a", "4"), node("2", "b", "3"), node("3", "b", "1"), node("4", "c", ready=False)):
        zones.put(one.metadata.name, one)
    assert zones.ratios() == {"a": 0.5, "b": 0.5}
    assert zones.put("3", None)
    assert zones.ratios() == {"a": 4 / 7, "b": 3 / 7}
    assert not zones.put("4", node("4", "d", ready=False))


def test_a_node_without_a_zone_disables_hints_unless_it_is_excluded() -> None:
    zones = Zones()
    for one in (node("1", "a"), node("2", "b")):
        zones.put(one.metadata.name, one)
    zones.put("3", node("3", "", role="control-plane"))
    assert zones.ratios() == EVEN
    zones.put("3", node("3", ""))
    assert zones.ratios() == {}
    zones.put("3", None)
    assert zones.ratios() == EVEN


# In a cluster.


@pytest.fixture
def plane() -> Plane:
    """Two zones of one node each, and two pods in each."""
    made = Plane()
    for name, zone in (("node-1", "a"), ("node-2", "b")):
        made.create(node(name, zone))
        for number in (1, 2):
            metadata = replace(meta(f"{name}-{number}"), labels={"app": "web"})
            made.create(Pod(metadata=metadata, spec=replace(template().spec, node_name=name)))
    made.sim.run(1.0)
    made.run_pods()
    return made


def serve(plane: Plane, annotations: dict[str, str] | None = None, distribution: str | None = None) -> Service:
    spec = ServiceSpec(
        selector={"app": "web"}, ports=(ServicePort(port=80, target_port=80),), traffic_distribution=distribution
    )
    service = plane.create(Service(metadata=replace(meta("web"), annotations=annotations or {}), spec=spec))
    plane.sim.run(1.0)
    return service


def hints(plane: Plane) -> dict[str, tuple[str, str]]:
    """The zone and the node in the hint of each endpoint, by pod."""
    found: dict[str, tuple[str, str]] = {}
    for one in plane.list(EndpointSlice, "default"):
        for each in one.endpoints or ():
            if each.target_ref is not None:
                zones = "".join(zone.name for zone in each.hints.for_zones) if each.hints else ""
                nodes = "".join(name.name for name in each.hints.for_nodes) if each.hints else ""
                found[each.target_ref.name] = (zones, nodes)
    return dict(sorted(found.items()))


def same_for_all(zone: str, node: str, other_zone: str, other_node: str) -> dict[str, tuple[str, str]]:
    first, second = (zone, node), (other_zone, other_node)
    return {"node-1-1": first, "node-1-2": first, "node-2-1": second, "node-2-2": second}


@pytest.mark.parametrize(
    ("distribution", "expected"),
    [
        (None, same_for_all("", "", "", "")),
        ("PreferClose", same_for_all("a", "", "b", "")),
        ("PreferSameZone", same_for_all("a", "", "b", "")),
        ("PreferSameNode", same_for_all("a", "node-1", "b", "node-2")),
    ],
)
def test_hints_follow_the_traffic_distribution(
    plane: Plane, distribution: str | None, expected: dict[str, tuple[str, str]]
) -> None:
    service = serve(plane, distribution=distribution)
    assert hints(plane) == expected
    plane.change(service, lambda one: replace(one, spec=replace(one.spec, traffic_distribution=None)))
    plane.sim.run(1.0)
    assert hints(plane) == same_for_all("", "", "", "")


def test_topology_hints_are_set_and_reported(plane: Plane) -> None:
    serve(plane, AUTO)
    assert hints(plane) == same_for_all("a", "", "b", "")
    assert plane.events("web") == [
        ("TopologyAwareHintsEnabled", "Topology Aware Hints has been enabled, addressType: IPv4")
    ]


def test_hints_follow_the_nodes(plane: Plane) -> None:
    serve(plane, AUTO)
    plane.create(node("node-3", "a", "8"))
    plane.sim.run(1.0)
    assert [zone for zone, _ in hints(plane).values()].count("a") == 3
    plane.create(node("node-4", ""))
    plane.sim.run(1.0)
    assert hints(plane) == same_for_all("", "", "", "")
    assert plane.events("web")[-1] == (
        "TopologyAwareHintsDisabled",
        "Insufficient Node information: allocatable CPU or zone not specified on one or more nodes, addressType: IPv4",
    )
