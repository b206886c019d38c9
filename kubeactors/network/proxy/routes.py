"""The fronts and backends of Services: the addresses at which they are served, and where connections go.

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
"""The address of node ports: it stands for all nodes, with a load balancer in front of them."""

PROTOCOLS = ("TCP", "UDP")


class Front(msgspec.Struct, frozen=True, gc=False):
    """An address and port at which one port of a Service is served."""

    service: str
    """The key of the Service."""
    port: int
    """The port of the Service."""
    name: str
    """The name of that port."""
    address: str
    listen_port: int
    external: bool = False
    """Whether it is a node port, or a load balancer's port."""
    protocol: str = "TCP"


class Place(msgspec.Struct, frozen=True, gc=False):
    """The node of a client, and the node's zone; empty for a client outside of the cluster."""

    node: str = ""
    zone: str = ""


NOWHERE = Place()


class Backend(msgspec.Struct, frozen=True, gc=False):
    """Where a connection can be forwarded to."""

    address: str
    port: int
    node: str = ""


def alias(cluster_ip: str) -> str:
    """The loopback address that stands for a cluster IP, as pods that are coroutines have one.

    >>> alias("10.96.0.7")
    '127.96.0.7'
    """
    return f"127.{cluster_ip.partition('.')[2]}"


def fronts(service: Service) -> Iterator[Front]:
    """The fronts of a Service's TCP and UDP ports; SCTP is not supported.

    They are at the alias of its cluster IP, at node ports, and at the addresses of its load balancer if these are of the
    loopback network: others belong to somebody else.
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
    """The port of a Service with this number, if there is one."""
    return next((one for one in service.spec.ports if one.port == number and one.protocol == protocol), None)


def backends(
    service: Service, port: ServicePort, slices: Iterable[EndpointSlice], place: Place = NOWHERE
) -> tuple[Backend, ...]:
    """The backends that get connections: ready endpoints, or, if there are none, terminating ones that still serve.

    Args:
        service: a Service with a cluster IP.
        port: one of its ports.
        slices: all EndpointSlices of the Service.
        place: the client's. With the internal traffic policy Local only backends on its node are used; otherwise the
            endpoints' hints apply. A client outside of the cluster uses all.
    """
    found = tuple(_endpoints(port, slices))
    local = bool(place.node) and service.spec.internal_traffic_policy == LOCAL
    if local:
        found = tuple(one for one in found if one[1].node == place.node)
    ready = tuple(one for one in found if _is_ready(one[0]))
    if not ready:
        return tuple(dict.fromkeys(backend for endpoint, backend in found if _serves_while_terminating(endpoint)))
    hinted = ready if local else tuple(_hinted_for(ready, place))
    return tuple(dict.fromkeys(backend for _, backend in hinted))


_Found: TypeAlias = tuple[Endpoint, Backend]


def _hinted_for(ready: tuple[_Found, ...], place: Place) -> Iterable[_Found]:
    """The endpoints with hints for the client's node, else for its zone, if all have such hints; else all."""
    for hints, name in ((_node_hints, place.node), (_zone_hints, place.zone)):
        if all(hints(endpoint) for endpoint, _ in ready):
            hinted = [one for one in ready if name in hints(one[0])]
            if hinted:
                return hinted
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


def _serves_while_terminating(endpoint: Endpoint) -> bool:
    conditions = endpoint.conditions
    return conditions.serving is not False and conditions.terminating is True
