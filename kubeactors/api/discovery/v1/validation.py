"""Defaults and validation of EndpointSlices.

Source: pkg/apis/discovery/v1/defaults.go, pkg/apis/discovery/validation/validation.go (v1.36).
"""

from collections.abc import Callable, Iterator
from ipaddress import IPv4Address, IPv6Address

from msgspec.structs import replace

from kubeactors.api.discovery.v1.endpointslice import Endpoint, EndpointHints, EndpointPort, EndpointSlice
from kubeactors.api.validation import PROTOCOLS, validate_endpoint_ip, validate_known_ip, validate_one_of, validate_text
from kubeactors.apimachinery import names
from kubeactors.apimachinery.field import FieldError, duplicate, invalid, required, too_many
from kubeactors.apimachinery.ip import parse_ip
from kubeactors.apimachinery.labels import validate_labels
from kubeactors.apimachinery.objectmeta import validate_immutable

ADDRESS_TYPES = ("FQDN", "IPv4", "IPv6")

MAX_PORTS, MAX_ENDPOINTS, MAX_ADDRESSES, MAX_TOPOLOGY_LABELS, MAX_HINTS = 20000, 1000, 100, 16, 8


def default_endpoint_slice(slice_: EndpointSlice) -> EndpointSlice:
    """The default port name is empty, and the default protocol TCP.

    Empty lists become null: the original's storage cannot tell them apart.

    >>> defaulted = default_endpoint_slice(EndpointSlice(ports=(EndpointPort(port=80),), endpoints=()))
    >>> defaulted.ports, defaulted.endpoints
    ((EndpointPort(name='', protocol='TCP', port=80, app_protocol=None),), None)
    """
    if slice_.ports == () or slice_.endpoints == ():
        slice_ = replace(slice_, ports=slice_.ports or None, endpoints=slice_.endpoints or None)
    ports = slice_.ports or ()
    if all(port.name is not None and port.protocol is not None for port in ports):
        return slice_
    return replace(slice_, ports=tuple(map(_default_port, ports)))


def validate_endpoint_slice(slice_: EndpointSlice) -> Iterator[FieldError]:
    """Addresses are valid endpoints of the slice's type, and port names are unique."""
    return _validate(slice_, frozenset())


def validate_endpoint_slice_update(new: EndpointSlice, old: EndpointSlice) -> Iterator[FieldError]:
    """The address type is immutable; existing addresses are not validated again."""
    yield from _validate(new, frozenset(one for end in old.endpoints or () for one in end.addresses or ()))
    yield from validate_immutable(new.address_type, old.address_type, "addressType")


def _default_port(port: EndpointPort) -> EndpointPort:
    return replace(port, name=port.name or "", protocol="TCP" if port.protocol is None else port.protocol)


def _validate(slice_: EndpointSlice, old: frozenset[str]) -> Iterator[FieldError]:
    yield from validate_one_of(slice_.address_type, "addressType", ADDRESS_TYPES)
    yield from _validate_ports(slice_.ports or ())
    endpoints = slice_.endpoints or ()
    if len(endpoints) > MAX_ENDPOINTS:
        yield too_many("endpoints", len(endpoints), MAX_ENDPOINTS)
        return
    for i, endpoint in enumerate(endpoints):
        yield from _validate_endpoint(endpoint, f"endpoints[{i}]", slice_.address_type, old)


def _validate_ports(ports: tuple[EndpointPort, ...]) -> Iterator[FieldError]:
    if len(ports) > MAX_PORTS:
        yield too_many("ports", len(ports), MAX_PORTS)
        return
    seen: dict[str | None, None] = {}
    for i, port in enumerate(ports):
        yield from _validate_port(port, f"ports[{i}]", seen)


def _validate_port(port: EndpointPort, path: str, seen: dict[str | None, None]) -> Iterator[FieldError]:
    if port.name:
        yield from validate_text(port.name, f"{path}.name", names.dns1123_label)
    if port.name in seen:
        yield duplicate(f"{path}.name", port.name)
    seen[port.name] = None
    yield from validate_one_of(port.protocol or "", f"{path}.protocol", PROTOCOLS)
    if port.app_protocol is not None:
        yield from validate_text(port.app_protocol, f"{path}.appProtocol", names.qualified_name)


def _validate_endpoint(endpoint: Endpoint, path: str, address_type: str, old: frozenset[str]) -> Iterator[FieldError]:
    addresses = endpoint.addresses or ()
    if not addresses:
        yield required(f"{path}.addresses", "must contain at least 1 address")
    elif len(addresses) > MAX_ADDRESSES:
        yield too_many(f"{path}.addresses", len(addresses), MAX_ADDRESSES)
    for i, address in enumerate(addresses):
        yield from _validate_address(address, f"{path}.addresses", i, address_type, old)
    if endpoint.node_name is not None:
        yield from validate_text(endpoint.node_name, f"{path}.nodeName", names.dns1123_subdomain)
    yield from _validate_topology(endpoint.deprecated_topology, f"{path}.deprecatedTopology")
    if endpoint.hostname is not None:
        yield from validate_text(endpoint.hostname, f"{path}.hostname", names.dns1123_label)
    if endpoint.hints is not None:
        yield from _validate_hints(endpoint.hints, f"{path}.hints")


def _validate_address(
    address: str, path: str, index: int, address_type: str, old: frozenset[str]
) -> Iterator[FieldError]:
    at = f"{path}[{index}]"
    match address_type:
        case "IPv4":
            yield from _validate_ip(address, path, at, IPv4Address, old)
        case "IPv6":
            yield from _validate_ip(address, path, at, IPv6Address, old)
        case "FQDN":
            yield from _validate_fqdn(address, at)
        case _:
            pass


def _validate_ip(
    address: str, path: str, at: str, family: type[IPv4Address | IPv6Address], old: frozenset[str]
) -> Iterator[FieldError]:
    wrong = tuple(validate_known_ip(address, at, old))
    yield from wrong
    if wrong:
        return
    if not isinstance(parse_ip(address), family):
        article = "an IPv4" if family is IPv4Address else "an IPv6"
        yield invalid(path, address, f"must be {article} address")
    yield from validate_endpoint_ip(address, at)


def _validate_fqdn(name: str, path: str) -> Iterator[FieldError]:
    """At least two labels; a trailing dot is allowed."""
    if not name:
        yield required(path)
        return
    bare = name.removesuffix(".")
    wrong = names.dns1123_subdomain(bare)
    for message in wrong:
        yield invalid(path, bare, message)
    if not wrong and "." not in bare:
        yield invalid(path, bare, "should be a domain with at least two segments separated by dots")


def _validate_topology(topology: dict[str, str], path: str) -> Iterator[FieldError]:
    if len(topology) > MAX_TOPOLOGY_LABELS:
        yield too_many(path, len(topology), MAX_TOPOLOGY_LABELS)
    yield from validate_labels(topology, path)


def _validate_hints(hints: EndpointHints, path: str) -> Iterator[FieldError]:
    zones = tuple(zone.name for zone in hints.for_zones)
    yield from _validate_hinted(zones, f"{path}.forZones", names.label_value)
    nodes = tuple(node.name for node in hints.for_nodes)
    yield from _validate_hinted(nodes, f"{path}.forNodes", names.dns1123_subdomain)


def _validate_hinted(hinted: tuple[str, ...], path: str, rule: Callable[[str], names.Messages]) -> Iterator[FieldError]:
    if len(hinted) > MAX_HINTS:
        yield too_many(path, len(hinted), MAX_HINTS)
        return
    for i, name in enumerate(hinted):
        if name in hinted[:i]:
            yield duplicate(f"{path}[{i}].name", name)
        yield from validate_text(name, f"{path}[{i}].name", rule)
