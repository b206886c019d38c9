"""Topology hints: which zones and nodes should use which endpoints. Pure.

With the annotation `service.kubernetes.io/topology-mode: Auto` endpoints are allocated to zones in proportion to the
CPUs of their nodes; `trafficDistribution` keeps traffic in the zone, or on the node, of each endpoint. Kubernetes does
not update the hints of a slice that it need not write for another reason; here hints depend on the present endpoints
alone, in their order.

Source: staging/src/k8s.io/endpointslice/{topologycache/*.go,trafficdist/trafficdist.go} (v1.36).
"""

import math
from collections.abc import Iterable, Mapping

import msgspec
from msgspec.structs import replace

from kubeactors.api.core.v1 import Node, Service
from kubeactors.api.discovery.v1 import Endpoint, EndpointHints
from kubeactors.api.discovery.v1.endpointslice import ForNode, ForZone
from kubeactors.apimachinery.quantity import milli_value
from kubeactors.controllers.backends import ZONE_LABEL

MODE, OLD_MODE = "service.kubernetes.io/topology-mode", "service.kubernetes.io/topology-aware-hints"
"""Annotations of Services; the older one takes precedence."""
SAME_NODE = "PreferSameNode"
CLOSE = ("PreferClose", "PreferSameZone", SAME_NODE)
"""Values of `trafficDistribution`."""
OVERLOAD = 0.2
"""How far an endpoint may be overloaded, as a fraction of its share."""
EXCLUDED = ("node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master")
"""Labels of nodes that are excluded."""

NO_NODES = "Insufficient Node information: allocatable CPU or zone not specified on one or more nodes"
TOO_FEW = "Insufficient number of endpoints"
OVERLOADED = "Unable to allocate minimum required endpoints to each zone without exceeding overload threshold"
NO_ZONE = "One or more endpoints do not have a zone specified"


class Share(msgspec.Struct, frozen=True):
    """The minimum and the exact share of endpoints of a zone."""

    minimum: int
    desired: float


class NoHints(Exception):
    """Endpoints cannot be allocated to zones; the message says why."""


class Zones:
    """The CPUs of the ready nodes of each zone."""

    def __init__(self) -> None:
        self._cpus: dict[str, tuple[str, int]] = {}
        """Zone and CPUs (in thousandths), by node."""
        self._totals: dict[str, int] = {}
        self._unknown: dict[str, None] = {}
        """Nodes without zone or CPUs."""

    def put(self, name: str, node: Node | None) -> bool:
        """Apply a change of a node, or its deletion. Returns whether the ratios may change."""
        new = _capacity(node) if node is not None else None
        if new == self._cpus.get(name):
            return False
        self._forget(name)
        if new is not None:
            self._cpus[name] = new
            zone, cpus = new
            if zone and cpus:
                self._totals[zone] = self._totals.get(zone, 0) + cpus
            else:
                self._unknown[name] = None
        return True

    def ratios(self) -> Mapping[str, float]:
        """The share of each zone in all CPUs; empty if it is unknown or there is only one zone."""
        if self._unknown or len(self._totals) < 2:
            return {}
        total = sum(self._totals.values())
        return {zone: self._totals[zone] / total for zone in sorted(self._totals)}

    def _forget(self, name: str) -> None:
        self._unknown.pop(name, None)
        zone, cpus = self._cpus.pop(name, ("", 0))
        if zone and cpus:
            self._totals[zone] -= cpus
            if not self._totals[zone]:
                del self._totals[zone]


def is_topology_aware(service: Service) -> bool:
    """Whether the Service asks for topology-aware routing.

    >>> is_topology_aware(Service())
    False
    """
    annotations = service.metadata.annotations
    return annotations.get(OLD_MODE, annotations.get(MODE)) in {"Auto", "auto"}


def topology_hints(endpoints: Iterable[Endpoint], ratios: Mapping[str, float]) -> list[EndpointHints | None]:
    """The hint of each endpoint, so that each zone has about its share of the ready ones. Most stay in their zone.

    Raises:
        NoHints: that is impossible.
    """
    known = tuple(endpoints)
    ready = [one.conditions.ready is True for one in known]
    shares = shares_of(sum(ready), ratios)
    if any(is_ready and not one.zone for one, is_ready in zip(known, ready, strict=True)):
        raise NoHints(NO_ZONE)
    having: dict[str, int] = {}
    for one, is_ready in zip(known, ready, strict=True):
        if is_ready and one.zone:
            having[one.zone] = having.get(one.zone, 0) + 1
    moves = moves_of(shares, having)
    return [
        _for_zone(_next(moves, one.zone)) if is_ready and one.zone else None
        for one, is_ready in zip(known, ready, strict=True)
    ]


def shares_of(count: int, ratios: Mapping[str, float]) -> dict[str, Share]:
    """The share of each zone in `count` endpoints.

    Raises:
        NoHints: the ratios are unknown, or there are too few endpoints.
    """
    if not ratios:
        raise NoHints(NO_NODES)
    numbers = f"({count} endpoints, {len(ratios)} zones)"
    if len(ratios) > count:
        raise NoHints(f"{TOO_FEW} {numbers}")
    shares: dict[str, Share] = {}
    for zone, ratio in ratios.items():
        desired = ratio * count
        minimum = math.ceil(desired / (1 + OVERLOAD))
        shares[zone] = Share(minimum, max(desired, float(minimum)))
    if sum(one.minimum for one in shares.values()) > count:
        raise NoHints(f"{OVERLOADED} {numbers}")
    return shares


def moves_of(shares: Mapping[str, Share], having: Mapping[str, int]) -> dict[str, list[str]]:
    """For each zone with a surplus the zones to which it donates endpoints, one entry for each endpoint.

    >>> moves_of({"a": Share(1, 2.0), "b": Share(1, 2.0)}, {"a": 4})
    {'a': ['b', 'b']}
    """
    surplus = {zone: having.get(zone, 0) - share.desired for zone, share in shares.items()}
    moves: dict[str, list[str]] = {}
    while surplus:
        giver, taker = max(surplus, key=lambda zone: surplus[zone]), min(surplus, key=lambda zone: surplus[zone])
        give, take = surplus[giver], -surplus[taker]
        if give < 0.5 or take < 0.5 or (give < 1.0 and take < 1.0):
            break
        moves.setdefault(giver, []).append(taker)
        surplus[giver] -= 1
        surplus[taker] += 1
    return moves


def close(service: Service, endpoint: Endpoint) -> EndpointHints | None:
    """The hint of an endpoint by the Service's `trafficDistribution`."""
    if service.spec.traffic_distribution not in CLOSE or endpoint.conditions.ready is not True:
        return None
    nodes = (ForNode(name=endpoint.node_name),) if endpoint.node_name else ()
    hints = EndpointHints(
        for_zones=(ForZone(name=endpoint.zone),) if endpoint.zone else (),
        for_nodes=nodes if service.spec.traffic_distribution == SAME_NODE else (),
    )
    return hints if hints.for_zones or hints.for_nodes else None


def with_hints(endpoint: Endpoint, hints: EndpointHints | None) -> Endpoint:
    """The endpoint with this hint; the same object if both are None."""
    return endpoint if endpoint.hints == hints else replace(endpoint, hints=hints)


def _next(moves: Mapping[str, list[str]], zone: str) -> str:
    takers = moves.get(zone)
    return takers.pop(0) if takers else zone


def _for_zone(zone: str) -> EndpointHints:
    return EndpointHints(for_zones=(ForZone(name=zone),))


def _capacity(node: Node) -> tuple[str, int] | None:
    """Zone and CPUs (in thousandths); None if they are unknown."""
    ready = any(one.type == "Ready" and one.status == "True" for one in node.status.conditions)
    if not ready or any(label in node.metadata.labels for label in EXCLUDED):
        return None
    return node.metadata.labels.get(ZONE_LABEL, ""), milli_value(node.status.allocatable.get("cpu", "0"))
