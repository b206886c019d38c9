"""EndpointSlice: some of the addresses behind a service. A service has as many slices as it needs.

Source: api/discovery/v1/types.go (v1.36).
"""

from collections.abc import Iterator
from typing import Annotated, ClassVar

from kubeactors.api.core.v1.references import ObjectReference
from kubeactors.api.ip_advice import warn_of_ip
from kubeactors.apimachinery.meta import LIST_SET, Object, TypedObject, always

SERVICE_NAME_LABEL = "kubernetes.io/service-name"
"""The label with the service of a slice."""

MANAGED_BY_LABEL = "endpointslice.kubernetes.io/managed-by"
"""The label with the controller that manages a slice; others leave it alone."""


class EndpointConditions(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Whether to send traffic; an absent `ready` or `serving` counts as true, an absent `terminating` as false."""

    ready: bool | None = None
    serving: bool | None = None
    terminating: bool | None = None


class ForZone(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A zone that should use an endpoint."""

    name: str = always("")


class ForNode(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A node that should use an endpoint."""

    name: str = always("")


class EndpointHints(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The zones and nodes that should use an endpoint."""

    for_zones: tuple[ForZone, ...] = ()
    for_nodes: tuple[ForNode, ...] = ()


class Endpoint(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A backend. Only the first of its addresses is used."""

    addresses: Annotated[tuple[str, ...], LIST_SET] | None = always(None)
    conditions: EndpointConditions = always(EndpointConditions())
    hostname: str | None = None
    target_ref: ObjectReference | None = None
    deprecated_topology: dict[str, str] = {}
    node_name: str | None = None
    zone: str | None = None
    hints: EndpointHints | None = None


class EndpointPort(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A port that each endpoint of the slice serves; without `port` all ports."""

    atomic: ClassVar[bool] = True
    name: str | None = None
    protocol: str | None = None
    port: int | None = None
    app_protocol: str | None = None


class EndpointSlice(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Endpoints of one address type (IPv4, IPv6, FQDN) with common ports."""

    api_version: str = "discovery.k8s.io/v1"
    kind: str = "EndpointSlice"
    address_type: str = always("")
    endpoints: tuple[Endpoint, ...] | None = always(None)
    ports: tuple[EndpointPort, ...] | None = always(None)


def slices_by_service(found: EndpointSlice) -> tuple[str, ...]:
    """The key of the slice's service, whichever controller manages it; for an index."""
    name = found.metadata.labels.get(SERVICE_NAME_LABEL)
    return (f"{found.metadata.namespace}/{name}",) if name else ()


_CAREFUL = ("endpointslice-controller.k8s.io", "endpointslicemirroring-controller.k8s.io")
"""Controllers that write canonical addresses."""


def warn_of_endpoint_slice(new: EndpointSlice, _old: EndpointSlice | None) -> Iterator[str]:
    """FQDN addresses, and addresses that are not in canonical form."""
    if new.address_type == "FQDN":
        yield "spec.addressType: FQDN endpoints are deprecated"
        return
    if new.metadata.labels.get(MANAGED_BY_LABEL) in _CAREFUL:
        return
    for i, endpoint in enumerate(new.endpoints or ()):
        for j, address in enumerate(endpoint.addresses or ()):
            yield from warn_of_ip(address, f"endpoints[{i}].addresses[{j}]")
