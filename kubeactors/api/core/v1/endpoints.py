"""Endpoints: the addresses behind a service, in one object. EndpointSlices carry the same in pieces.

Source: api/core/v1/types.go, pkg/apis/core/v1/defaults.go, pkg/apis/core/validation/validation.go (v1.36).
"""

from collections.abc import Iterator
from typing import ClassVar

from msgspec.structs import replace

from kubeactors.api.core.v1.references import ObjectReference
from kubeactors.api.ip_advice import warn_of_ip
from kubeactors.api.validation import (
    PROTOCOLS,
    validate_endpoint_ip,
    validate_known_ip,
    validate_one_of,
    validate_port,
    validate_text,
)
from kubeactors.apimachinery import names
from kubeactors.apimachinery.field import FieldError, required
from kubeactors.apimachinery.meta import Object, TypedObject, always

DEPRECATION = "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"


class EndpointAddress(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One address, and the pod and node that it belongs to."""

    atomic: ClassVar[bool] = True
    ip: str = always("")
    hostname: str = ""
    node_name: str | None = None
    target_ref: ObjectReference | None = None


class EndpointPort(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A port that each address of a subset serves."""

    atomic: ClassVar[bool] = True
    name: str = ""
    port: int = always(0)
    protocol: str = ""
    app_protocol: str | None = None


class EndpointSubset(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Addresses with a common set of ports."""

    addresses: tuple[EndpointAddress, ...] = ()
    not_ready_addresses: tuple[EndpointAddress, ...] = ()
    ports: tuple[EndpointPort, ...] = ()


class Endpoints(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The endpoints of the service of the same name."""

    api_version: str = "v1"
    kind: str = "Endpoints"
    subsets: tuple[EndpointSubset, ...] = ()


def default_endpoints(endpoints: Endpoints) -> Endpoints:
    """The default protocol is TCP.

    >>> default_endpoints(Endpoints(subsets=(EndpointSubset(ports=(EndpointPort(port=80),)),))).subsets[0].ports
    (EndpointPort(name='', port=80, protocol='TCP', app_protocol=None),)
    """
    if all(port.protocol for subset in endpoints.subsets for port in subset.ports):
        return endpoints
    return replace(endpoints, subsets=tuple(map(_default_subset, endpoints.subsets)))


def validate_endpoints(endpoints: Endpoints) -> Iterator[FieldError]:
    """Addresses are valid endpoints, and port names are unique."""
    return _validate_subsets(endpoints, frozenset())


def validate_endpoints_update(new: Endpoints, old: Endpoints) -> Iterator[FieldError]:
    """The same, except for existing addresses."""
    return _validate_subsets(new, frozenset(_addresses(old)))


def _default_subset(subset: EndpointSubset) -> EndpointSubset:
    return replace(subset, ports=tuple(replace(one, protocol=one.protocol or "TCP") for one in subset.ports))


def _addresses(endpoints: Endpoints) -> Iterator[str]:
    for subset in endpoints.subsets:
        yield from (one.ip for one in subset.addresses)
        yield from (one.ip for one in subset.not_ready_addresses)


def _validate_subsets(endpoints: Endpoints, old: frozenset[str]) -> Iterator[FieldError]:
    for i, subset in enumerate(endpoints.subsets):
        path = f"subsets[{i}]"
        if not subset.addresses and not subset.not_ready_addresses:
            yield required(path, "must specify `addresses` or `notReadyAddresses`")
        for j, address in enumerate(subset.addresses):
            yield from _validate_address(address, f"{path}.addresses[{j}]", old)
        for j, address in enumerate(subset.not_ready_addresses):
            yield from _validate_address(address, f"{path}.notReadyAddresses[{j}]", old)
        for j, port in enumerate(subset.ports):
            yield from _validate_port(port, f"{path}.ports[{j}]", name_required=len(subset.ports) > 1)


def _validate_address(address: EndpointAddress, path: str, old: frozenset[str]) -> Iterator[FieldError]:
    yield from validate_known_ip(address.ip, f"{path}.ip", old)
    if address.hostname:
        yield from validate_text(address.hostname, f"{path}.hostname", names.dns1123_label)
    if address.node_name is not None:
        yield from validate_text(address.node_name, f"{path}.nodeName", names.dns1123_subdomain)
    yield from validate_endpoint_ip(address.ip, f"{path}.ip")


def _validate_port(port: EndpointPort, path: str, *, name_required: bool) -> Iterator[FieldError]:
    if port.name:
        yield from validate_text(port.name, f"{path}.name", names.dns1123_label)
    elif name_required:
        yield required(f"{path}.name")
    yield from validate_port(port.port, f"{path}.port")
    yield from validate_one_of(port.protocol, f"{path}.protocol", PROTOCOLS)
    if port.app_protocol is not None:
        yield from validate_text(port.app_protocol, f"{path}.appProtocol", names.qualified_name)


def warn_of_endpoints(new: Endpoints, _old: Endpoints | None) -> Iterator[str]:
    """Addresses that are not in canonical form."""
    for i, subset in enumerate(new.subsets):
        for name, addresses in (("addresses", subset.addresses), ("notReadyAddresses", subset.not_ready_addresses)):
            for j, address in enumerate(addresses):
                yield from warn_of_ip(address.ip, f"subsets[{i}].{name}[{j}].ip")
