"""Where a service is listened at, and who is behind it.

Source: pkg/proxy/topology.go (CategorizeEndpoints), pkg/proxy/endpointslicecache.go (v1.36).
"""

from collections.abc import Iterable, Iterator
from typing import TypeAlias

import msgspec

from kubeactors.api.core.v1 import Service, ServicePort
from kubeactors.api.core.v1.service import EXTERNAL_NAME, LOCAL, is_headless
from kubeactors.api.discovery.v1 import Endpoint, EndpointSlice
from kubeactors.client import key_of

NODE_ADDRESS = "127.0.0.1"
"""Node ports are listened at here: it stands for all nodes, with a load balancer in front of them."""


PROTOCOLS = ("TCP", "UDP")


class Front(msgspec.Struct, frozen=True, gc=False):
    """A place where connections to one port of a service arrive."""

    service: str
    """The key of the service."""
    port: int
    """The port of the service."""
    name: str
    """The name of that port."""
    address: str
    listen_port: int
    external: bool = False
    """Whether it is a node port, or a load balancer's."""
    protocol: str = "TCP"


class Place(msgspec.Struct, frozen=True, gc=False):
    """Where a client is: its node, and that node's zone; nothing of a client that is on no node."""

    node: str = ""
    zone: str = ""


NOWHERE = Place()


class Backend(msgspec.Struct, frozen=True, gc=False):
    """Where a connection can be passed on to."""

    address: str
    port: int
    node: str = ""


def alias(cluster_ip: str) -> str:
    """The loopback address that stands for a cluster IP, as with pods that are coroutines.

    >>> alias("10.96.0.7")
    '127.96.0.7'
    """
    return f"127.{cluster_ip.partition('.')[2]}"


def fronts(service: Service) -> Iterator[Front]:
    """Where the ports of a service are listened at that speak TCP or UDP: not those of SCTP.

    At the alias of its cluster IP, at node ports, and at the addresses of its load balancer if they are of the loopback
    network: others are somebody else's.
    """
    spec = service.spec
    balanced = [one.ip for one in service.status.load_balancer.ingress if one.ip.startswith("127.")]
    if spec.type == EXTERNAL_NAME or is_headless(service):
        return
    key = key_of(service)
    for one in spec.ports:
        if one.protocol not in PROTOCOLS:
            continue
        for ip in spec.cluster_ips:
            if ":" not in ip:
                yield Front(key, one.port, one.name, alias(ip), one.port, protocol=one.protocol)
        if one.node_port:
            yield Front(key, one.port, one.name, NODE_ADDRESS, one.node_port, external=True, protocol=one.protocol)
        for ip in balanced:
            yield Front(key, one.port, one.name, ip, one.port, external=True, protocol=one.protocol)


def port_of(service: Service, number: int, protocol: str = "TCP") -> ServicePort | None:
    """The port of a service with this number."""
    return next((one for one in service.spec.ports if one.port == number and one.protocol == protocol), None)


def backends(
    service: Service, port: ServicePort, slices: Iterable[EndpointSlice], place: Place = NOWHERE
) -> tuple[Backend, ...]:
    """Who gets connections: those that are ready, or else those that are going but still serve.

    Args:
        service: any with a cluster IP.
        port: one of its ports.
        slices: all that are the service's.
        place: where the client is. With the internal traffic policy Local only backends on its node count; otherwise
            hints of endpoints say which it should use. A client that is on no node reaches all.
    """
    found = tuple(_endpoints(port, slices))
    local = bool(place.node) and service.spec.internal_traffic_policy == LOCAL
    if local:
        found = tuple(one for one in found if one[1].node == place.node)
    ready = tuple(one for one in found if _is_ready(one[0]))
    if not ready:
        return tuple(dict.fromkeys(backend for endpoint, backend in found if _serves_while_it_goes(endpoint)))
    meant = ready if local else tuple(_meant_for(ready, place))
    return tuple(dict.fromkeys(backend for _, backend in meant))


_Found: TypeAlias = tuple[Endpoint, Backend]


def _meant_for(ready: tuple[_Found, ...], place: Place) -> Iterable[_Found]:
    """Those that hints give to the client's node, else to its zone, if hints are complete; else all."""
    for hints, name in ((_node_hints, place.node), (_zone_hints, place.zone)):
        if all(hints(endpoint) for endpoint, _ in ready):
            meant = [one for one in ready if name in hints(one[0])]
            if meant:
                return meant
    return ready


def _node_hints(endpoint: Endpoint) -> list[str]:
    return [one.name for one in endpoint.hints.for_nodes] if endpoint.hints is not None else []


def _zone_hints(endpoint: Endpoint) -> list[str]:
    return [one.name for one in endpoint.hints.for_zones] if endpoint.hints is not None else []


def _endpoints(port: ServicePort, slices: Iterable[EndpointSlice]) -> Iterator[tuple[Endpoint, Backend]]:
    for one in slices:
        if one.address_type == "IPv4":
            for served in one.ports or ():
                if (served.name or "") == port.name and (served.protocol or "TCP") == port.protocol:
                    for endpoint in one.endpoints or ():
                        if endpoint.addresses:
                            number = port.port if served.port is None else served.port
                            yield endpoint, Backend(endpoint.addresses[0], number, endpoint.node_name or "")


def _is_ready(endpoint: Endpoint) -> bool:
    return endpoint.conditions.ready is not False


def _serves_while_it_goes(endpoint: Endpoint) -> bool:
    conditions = endpoint.conditions
    return conditions.serving is not False and conditions.terminating is True
