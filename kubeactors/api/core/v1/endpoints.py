"""Endpoints: the addresses behind a service, in one object. EndpointSlices carry the same in pieces.

Source: api/core/v1/types.go, pkg/apis/core/v1/defaults.go, pkg/apis/core/validation/validation.go (v1.36).
"""

from kubeactors.api.core.v1.references import ObjectReference
from kubeactors.apimachinery.meta import Object, TypedObject, always


class EndpointAddress(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One address, and the pod and node that it belongs to."""

    ip: str = always("")
    hostname: str = ""
    node_name: str | None = None
    target_ref: ObjectReference | None = None


class EndpointPort(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A port that each address of a subset serves."""

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
    """The addresses behind the service of the same name."""

    api_version: str = "v1"
    kind: str = "Endpoints"
    subsets: tuple[EndpointSubset, ...] = ()
