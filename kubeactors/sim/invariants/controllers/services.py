"""What holds of services themselves: each has what its type needs, and nothing else."""

from collections.abc import Iterator
from typing import ClassVar

from kubeactors.api.core.v1 import Service
from kubeactors.api.core.v1.service import EXTERNAL_NAME, LOAD_BALANCER, LOCAL, NODE_PORT
from kubeactors.sim.invariants.invariant import Invariant, title
from kubeactors.sim.invariants.prompt import PromptInvariant

CLEANUP = "service.kubernetes.io/load-balancer-cleanup"


class ServicesHaveAddressesAndPorts(PromptInvariant):
    """When all is quiet, services have the addresses and ports of their type, which no other has, and no others.

    A load balancer's is held until it is given back: the service has its finalizer exactly as long as the address.
    """

    name: ClassVar[str] = "services-have-addresses-and-ports"

    def settled(self) -> Iterator[str]:
        """Look at each service."""
        taken: dict[str, Service] = {}
        for service in self.world.of(Service).values():
            yield from _look(service)
            for one in _things(service):
                if one in taken:
                    yield f"{title(service)} and {title(taken[one])} both have {one}"
                taken[one] = service


def _look(service: Service) -> Iterator[str]:
    spec = service.spec
    addressed = bool(spec.cluster_ip) and spec.cluster_ip in spec.cluster_ips
    if addressed != (spec.type != EXTERNAL_NAME):
        yield f"{title(service)} of type {spec.type} has the cluster IP {spec.cluster_ip!r}, of {spec.cluster_ips}"
    if bool(spec.ip_families) != addressed or bool(spec.ip_family_policy) != addressed:
        yield f"{title(service)} of type {spec.type} is of {spec.ip_families}, {spec.ip_family_policy}"
    for port in spec.ports:
        if bool(port.node_port) != (spec.type in (NODE_PORT, LOAD_BALANCER)):
            yield f"{title(service)} of type {spec.type} has at port {port.port} the node port {port.node_port}"
    if bool(spec.health_check_node_port) != (spec.type == LOAD_BALANCER and spec.external_traffic_policy == LOCAL):
        yield f"{title(service)} of type {spec.type} has the port {spec.health_check_node_port} for health checks"
    ingress = service.status.load_balancer.ingress
    balanced = spec.type == LOAD_BALANCER and service.metadata.deletion_timestamp is None
    if len(ingress) != balanced or (CLEANUP in service.metadata.finalizers) != balanced:
        held = "held" if CLEANUP in service.metadata.finalizers else "not held"
        yield f"{title(service)} of type {spec.type} has the addresses {[one.ip for one in ingress]}, and is {held}"


def _things(service: Service) -> Iterator[str]:
    """What only one service may have."""
    if service.spec.cluster_ip not in {"", "None"}:
        yield f"cluster IP {service.spec.cluster_ip}"
    for port in service.spec.ports:
        if port.node_port:
            yield f"node port {port.node_port}"
    for one in service.status.load_balancer.ingress:
        yield f"address {one.ip}"


INVARIANTS: tuple[type[Invariant], ...] = (ServicesHaveAddressesAndPorts,)
