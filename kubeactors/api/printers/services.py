"""The table printers of services, endpoints and endpoint slices.

Source: pkg/printers/internalversion/printers.go (v1.36).
"""

from collections.abc import Iterator

from kubeactors.api.core.v1.endpoints import Endpoints, EndpointSubset
from kubeactors.api.core.v1.service import CLUSTER_IP, EXTERNAL_NAME, LOAD_BALANCER, NODE_PORT, Service, ServicePort
from kubeactors.api.discovery.v1.endpointslice import EndpointPort, EndpointSlice
from kubeactors.api.printers.table import AGE, NAME, NONE, SELECTOR, UNKNOWN, Cells, Column, Printer, age, at_most_three
from kubeactors.apimachinery.labels import format_labels

UNSET = "<unset>"


def service_cells(service: Service, now_ns: int) -> Cells:
    """All cells of a service's row."""
    spec = service.spec
    return (
        service.metadata.name,
        spec.type,
        spec.cluster_ip or NONE,
        _external_ip(service),
        ",".join(map(_port, spec.ports)) or NONE,
        age(service.metadata, now_ns),
        format_labels(spec.selector),
    )


def endpoints_cells(endpoints: Endpoints, now_ns: int) -> Cells:
    """All cells of an Endpoints' row."""
    addresses = [one for subset in endpoints.subsets for one in _subset(subset)]
    shown = at_most_three(addresses, "") if endpoints.subsets else NONE
    return endpoints.metadata.name, shown, age(endpoints.metadata, now_ns)


def endpoint_slice_cells(slice_: EndpointSlice, now_ns: int) -> Cells:
    """All cells of an EndpointSlice's row."""
    addresses = (address for endpoint in slice_.endpoints or () for address in endpoint.addresses or ())
    return (
        slice_.metadata.name,
        slice_.address_type,
        at_most_three(map(_slice_port, slice_.ports or ()), UNSET),
        at_most_three(addresses, UNSET),
        age(slice_.metadata, now_ns),
    )


SERVICE = Printer(
    columns=(
        NAME,
        Column(name="Type", description="How the service is exposed."),
        Column(name="Cluster-IP", description="The service's address inside the cluster."),
        Column(name="External-IP", description="The addresses and names outside the cluster."),
        Column(name="Port(s)", description="The service's ports with their node ports."),
        AGE,
        SELECTOR,
    ),
    cells=service_cells,
)
ENDPOINTS = Printer(
    columns=(NAME, Column(name="Endpoints", description="The addresses and ports of the endpoints."), AGE),
    cells=endpoints_cells,
)
ENDPOINT_SLICE = Printer(
    columns=(
        NAME,
        Column(name="AddressType", description="The type of all addresses in the slice."),
        Column(name="Ports", description="The ports that each endpoint serves."),
        Column(name="Endpoints", description="The addresses of the endpoints."),
        AGE,
    ),
    cells=endpoint_slice_cells,
)


def _external_ip(service: Service) -> str:
    spec = service.spec
    if spec.type == EXTERNAL_NAME:
        return spec.external_name
    if spec.type in (CLUSTER_IP, NODE_PORT):
        return ",".join(spec.external_ips) or NONE
    if spec.type == LOAD_BALANCER:
        return ",".join((*_balancer_addresses(service), *spec.external_ips)) or "<pending>"
    return UNKNOWN


def _balancer_addresses(service: Service) -> list[str]:
    addresses = (one.ip or one.hostname for one in service.status.load_balancer.ingress)
    return sorted(dict.fromkeys(one for one in addresses if one))


def _port(port: ServicePort) -> str:
    node_port = f":{port.node_port}" if port.node_port > 0 else ""
    return f"{port.port}{node_port}/{port.protocol}"


def _subset(subset: EndpointSubset) -> Iterator[str]:
    """Each address with each port; a headless service may have no port."""
    if not subset.ports:
        yield from (address.ip for address in subset.addresses)
    for port in subset.ports:
        yield from (f"[{one.ip}]:{port.port}" if ":" in one.ip else f"{one.ip}:{port.port}" for one in subset.addresses)


def _slice_port(port: EndpointPort) -> str:
    if port.port is not None:
        return str(port.port)
    return "*" if port.name is None else port.name
