"""Which zones and nodes should use which endpoints. Pure.

A service with the annotation `service.kubernetes.io/topology-mode: Auto` has its endpoints dealt out to zones by the CPUs
of their nodes; `trafficDistribution` keeps traffic in the zone, or on the node, of each endpoint. Kubernetes leaves hints
of slices alone that it need not write for other reasons; here hints follow from what there is, in the order of the
endpoints.

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
"""Annotations of services; the older one counts first."""
SAME_NODE = "PreferSameNode"
CLOSE = ("PreferClose", "PreferSameZone", SAME_NODE)
"""Values of `trafficDistribution`."""
OVERLOAD = 0.2
"""An endpoint may get so much more than its share."""
EXCLUDED = ("node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master")
"""Labels of nodes that do not count."""

NO_NODES = "Insufficient Node information: allocatable CPU or zone not specified on one or more nodes"
TOO_FEW = "Insufficient number of endpoints"
OVERLOADED = "Unable to allocate minimum required endpoints to each zone without exceeding overload threshold"
NO_ZONE = "One or more endpoints do not have a zone specified"


class Share(msgspec.Struct, frozen=True):
    """How many endpoints a zone should have."""

    minimum: int
    desired: float


class NoHints(Exception):
    """Endpoints cannot be dealt out to zones; the message says why."""


class Zones:
    """The CPUs of the nodes of each zone, of those that are ready."""

    def __init__(self) -> None:
        self._cpus: dict[str, tuple[str, int]] = {}
        """Zone and thousandths of CPUs, by node."""
        self._totals: dict[str, int] = {}
        self._unknown: dict[str, None] = {}
        """Nodes that do not say their zone or CPUs."""

    def put(self, name: str, node: Node | None) -> bool:
        """A node is as it is now, or gone; whether that changes anything."""
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
        """The share of each zone in all CPUs, by name of the zone; none if that is not known, or there is only one."""
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


def is_dealt_out(service: Service) -> bool:
    """Whether the service's endpoints are dealt out to zones.

    >>> is_dealt_out(Service())
    False
    """
    annotations = service.metadata.annotations
    return annotations.get(OLD_MODE, annotations.get(MODE)) in {"Auto", "auto"}


def dealt_out(endpoints: Iterable[Endpoint], ratios: Mapping[str, float]) -> list[EndpointHints | None]:
    """The hint of each endpoint: all zones have about their share of those that are ready; most stay in their zone.

    Raises:
        NoHints: it cannot be done.
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
    """How many of so many endpoints each zone should have.

    Raises:
        NoHints: too little is known, or there are too few.
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
    """For each zone that has more than its share: the zones that get some of that, one entry for each endpoint.

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
    """The hint of an endpoint by the service's `trafficDistribution`."""
    if service.spec.traffic_distribution not in CLOSE or endpoint.conditions.ready is not True:
        return None
    nodes = (ForNode(name=endpoint.node_name),) if endpoint.node_name else ()
    hints = EndpointHints(
        for_zones=(ForZone(name=endpoint.zone),) if endpoint.zone else (),
        for_nodes=nodes if service.spec.traffic_distribution == SAME_NODE else (),
    )
    return hints if hints.for_zones or hints.for_nodes else None


def with_hints(endpoint: Endpoint, hints: EndpointHints | None) -> Endpoint:
    """The endpoint with this hint; the same object if it has none and shall have none."""
    return endpoint if endpoint.hints == hints else replace(endpoint, hints=hints)


def _next(moves: Mapping[str, list[str]], zone: str) -> str:
    takers = moves.get(zone)
    return takers.pop(0) if takers else zone


def _for_zone(zone: str) -> EndpointHints:
    return EndpointHints(for_zones=(ForZone(name=zone),))


def _capacity(node: Node) -> tuple[str, int] | None:
    """Zone and thousandths of CPUs; None if it does not count."""
    ready = any(one.type == "Ready" and one.status == "True" for one in node.status.conditions)
    if not ready or any(label in node.metadata.labels for label in EXCLUDED):
        return None
    return node.metadata.labels.get(ZONE_LABEL, ""), milli_value(node.status.allocatable.get("cpu", "0"))
