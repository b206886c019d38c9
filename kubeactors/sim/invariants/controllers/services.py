"""Invariant of services: each has the addresses and ports of its type, and nothing else."""

from collections.abc import Iterator
from typing import ClassVar

from kubeactors.api.core.v1 import Service
from kubeactors.api.core.v1.service import EXTERNAL_NAME, LOAD_BALANCER, LOCAL, NODE_PORT
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.sim.invariants.invariant import Invariant, title
from kubeactors.sim.invariants.prompt import PromptInvariant

CLEANUP = "service.kubernetes.io/load-balancer-cleanup"


class ServicesHaveAddressesAndPorts(PromptInvariant):
    """When all is quiet, services have exactly the addresses and ports of their type, and share none.

    A service has the load balancer's finalizer exactly as long as it has a load balancer's address.
    """

    name: ClassVar[str] = "services-have-addresses-and-ports"
    reads: ClassVar[tuple[type[TypedObject], ...]] = (Service,)

    def settled(self) -> Iterator[str]:
        """Check each service."""
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
        yield f"{title(service)} of type {spec.type} has clusterIP {spec.cluster_ip!r} and clusterIPs {spec.cluster_ips}"
    if bool(spec.ip_families) != addressed or bool(spec.ip_family_policy) != addressed:
        yield (
            f"{title(service)} of type {spec.type} has ipFamilies {spec.ip_families} "
            f"and ipFamilyPolicy {spec.ip_family_policy}"
        )
    for port in spec.ports:
        if bool(port.node_port) != (spec.type in (NODE_PORT, LOAD_BALANCER)):
            yield f"{title(service)} of type {spec.type} has node port {port.node_port or 'none'} for port {port.port}"
    if bool(spec.health_check_node_port) != (spec.type == LOAD_BALANCER and spec.external_traffic_policy == LOCAL):
        yield f"{title(service)} of type {spec.type} has healthCheckNodePort {spec.health_check_node_port or 'none'}"
    ingress = service.status.load_balancer.ingress
    balanced = spec.type == LOAD_BALANCER and service.metadata.deletion_timestamp is None
    if len(ingress) != balanced or (CLEANUP in service.metadata.finalizers) != balanced:
        finalizer = "the" if CLEANUP in service.metadata.finalizers else "no"
        addresses = [one.ip for one in ingress]
        yield f"{title(service)} of type {spec.type} has the addresses {addresses} and {finalizer} finalizer {CLEANUP}"


def _things(service: Service) -> Iterator[str]:
    """What must be unique among services."""
    if service.spec.cluster_ip not in {"", "None"}:
        yield f"cluster IP {service.spec.cluster_ip}"
    for port in service.spec.ports:
        if port.node_port:
            yield f"node port {port.node_port}"
    for one in service.status.load_balancer.ingress:
        yield f"address {one.ip}"


INVARIANTS: tuple[type[Invariant], ...] = (ServicesHaveAddressesAndPorts,)
