"""Services, and endpoints of those without a selector."""

from kubeactors.api.core.v1 import (
    EndpointAddress,
    EndpointPort,
    Endpoints,
    EndpointSubset,
    Service,
    ServicePort,
    ServiceSpec,
)
from kubeactors.sim.users.manifests.names import labels_of, metadata_of
from kubeactors.sim.workload import SetEndpoints


def service_of(name: str) -> Service:
    """The Service of a workload."""
    spec = ServiceSpec(ports=(ServicePort(port=80),), selector=labels_of(name))
    return Service(metadata=metadata_of(name), spec=spec)


def plain_service(name: str) -> Service:
    """A Service without a selector: its endpoints are set by hand."""
    return Service(metadata=metadata_of(name), spec=ServiceSpec(ports=(ServicePort(name="http", port=80),)))


def addresses_of(action: SetEndpoints) -> Endpoints:
    """The endpoints of such a Service."""
    addresses = tuple(EndpointAddress(ip=f"192.0.2.{number}") for number in range(1, action.count + 1))
    subset = EndpointSubset(addresses=addresses, ports=(EndpointPort(name="http", port=80, protocol="TCP"),))
    return Endpoints(metadata=metadata_of(action.name), subsets=(subset,) if addresses else ())
