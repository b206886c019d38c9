"""Invariants of services' cluster IPs and node ports: they are stable, and the allocators' state matches them.

Source: "Service" in Kubernetes' documentation; patchAllocatedValues in pkg/registry/core/service/storage/alloc.go, and
ValidateServiceUpdate in pkg/apis/core/validation/validation.go (v1.36).
"""

from collections.abc import Iterator
from ipaddress import IPv4Address
from typing import ClassVar, TypeAlias, cast

from kubeactors.api.core.v1 import Service, ServicePort
from kubeactors.api.core.v1.service import EXTERNAL_NAME, HEADLESS, LOAD_BALANCER, NODE_PORT
from kubeactors.api.networking.v1.ipaddress import IPAddress
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import ApiRequest, Create, Result, Update
from kubeactors.apiserver.registry.services import addresses_of, ports_of
from kubeactors.apiserver.server import ApiServer
from kubeactors.sim.invariants.inspection import commit_behind
from kubeactors.sim.invariants.invariant import Invariant, ServerInvariant, title
from kubeactors.sim.network import STORE, Served
from kubeactors.sim.tree import actors_of
from kubeactors.sim.world import Commit

Port: TypeAlias = tuple[str, str, int]

FIRST_ADDRESS, FIRST_PORT = IPv4Address("10.96.1.1"), 30086
"""The first dynamically allocated ones of 10.96.0.0/12, and of 30000 to 32767."""


class ClusterIPsAreStable(Invariant):
    """A service keeps its cluster IP, or stays headless, unless its type becomes or was ExternalName."""

    name: ClassVar[str] = "cluster-ips-are-stable"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Service,)

    def committed(self, commit: Commit) -> Iterator[str]:
        """Compare the cluster IP before and after."""
        old, new = commit.old, commit.new
        if not isinstance(old, Service) or not isinstance(new, Service):
            return
        had, has = old.spec.cluster_ip, new.spec.cluster_ip
        if had != has and EXTERNAL_NAME not in (old.spec.type, new.spec.type):
            yield f"{title(new)}: its cluster IP changed from {had or 'none'} to {has or 'none'}"


class NodePortsAreStable(ServerInvariant):
    """An update that omits the node port of an unchanged port keeps it.

    As long as the type has node ports, and the update does not assign that node port to another port.
    """

    name: ClassVar[str] = "node-ports-are-stable"
    requests: ClassVar[tuple[type[ApiRequest[object]], ...]] = (Update,)
    answers: ClassVar[tuple[type[object], ...]] = (Result,)

    def served(self, served: Served, answer: object) -> Iterator[str]:
        """Compare the node ports before, as requested, and after."""
        request = served.request
        if not isinstance(request, Update) or request.subresource or not isinstance(answer, Result):
            return
        asked, new = request.object, answer.object
        commit = commit_behind(self.world, new) if isinstance(new, Service) else None
        old = commit.old if commit is not None and commit.revision > served.revision else None
        if not isinstance(asked, Service) or not isinstance(new, Service) or not isinstance(old, Service):
            return
        if not {old.spec.type, new.spec.type} <= {NODE_PORT, LOAD_BALANCER}:
            return
        had, named = _node_ports(old), [one.node_port for one in asked.spec.ports]
        has = _node_ports(new)
        for one in asked.spec.ports:
            before = had.get(_port(one), 0)
            if not one.node_port and before and before not in named and has.get(_port(one)) != before:
                yield f"{title(new)}: the node port of port {one.port} changed from {before} to {has.get(_port(one))}"


class StaticRangesAreLeftToUsers(ServerInvariant):
    """A dynamically allocated cluster IP or node port is not from the static band, which is left to explicit requests.

    Source: "Avoiding collisions" of "Service ClusterIP allocation" and of "Service" in Kubernetes' documentation (KEP-3070,
    KEP-3668): the static band is the lower end of each range. It is used when the rest is exhausted, as in no scenario.
    """

    name: ClassVar[str] = "static-ranges-are-left-to-users"
    requests: ClassVar[tuple[type[ApiRequest[object]], ...]] = (Create,)
    answers: ClassVar[tuple[type[object], ...]] = (Result,)

    def served(self, served: Served, answer: object) -> Iterator[str]:
        """Check what each new service was allocated."""
        request, new = served.request, answer.object if isinstance(answer, Result) else None
        asked = request.object if isinstance(request, Create) else None
        if not isinstance(asked, Service) or not isinstance(new, Service):
            return
        address = new.spec.cluster_ip
        if not asked.spec.cluster_ip and address not in ("", HEADLESS) and IPv4Address(address) < FIRST_ADDRESS:
            yield f"{title(new)} was allocated the cluster IP {address} of the static band"
        chosen = [one.node_port for one in asked.spec.ports]
        for one in new.spec.ports:
            if one.node_port not in chosen and one.node_port < FIRST_PORT:
                yield f"{title(new)} was allocated the node port {one.node_port} of the static band"


class IPAddressesMatchServices(Invariant):
    """When all is quiet, each cluster IP has an IPAddress object that refers to its service, and there are no others."""

    name: ClassVar[str] = "ip-addresses-match-services"

    def settled(self) -> Iterator[str]:
        """Compare IPAddress objects with services."""
        recorded = {one.metadata.name: one.spec.parent_ref for one in self.world.of(IPAddress).values()}
        for service in self.world.of(Service).values():
            for address in service.spec.cluster_ips if service.spec.cluster_ip not in ("", HEADLESS) else ():
                parent = recorded.pop(address, None)
                place = (parent.resource, parent.namespace, parent.name) if parent is not None else None
                if place != ("services", service.metadata.namespace, service.metadata.name):
                    yield f"{title(service)} has the cluster IP {address}, but its IPAddress refers to {place}"
        yield from (f"the IPAddress {one} exists, but no service has that cluster IP" for one in recorded)


class AllocatorsMatchServices(Invariant):
    """When all is quiet, exactly the cluster IPs and node ports of existing services are allocated.

    Not judged after a fault of the store: if an answer about a service was lost, only a repair loop, minutes later, fixes
    the allocators.
    """

    name: ClassVar[str] = "allocators-match-services"

    def settled(self) -> Iterator[str]:
        """Compare the server's allocators with the services."""
        if STORE in self.world.faults.affected:
            return
        services = [one.spec for one in self.world.of(Service).values()]
        had = {str(one) for spec in services for one in (*addresses_of(spec), *ports_of(spec))}
        for path, actor in actors_of(self.root, ApiServer):
            repair = cast("ApiServer", actor)._repair._repair  # noqa: SLF001 -- an invariant looks inside
            given = {str(one) for book in (repair._addresses, repair._ports) for one in book.allocator}  # noqa: SLF001 -- as above
            for one in sorted(given - had):
                yield f"{path} has {one} allocated, but no service has it"
            for one in sorted(had - given):
                yield f"{path} has {one} as free, but a service has it"


def _node_ports(service: Service) -> dict[Port, int]:
    return {_port(one): one.node_port for one in service.spec.ports}


def _port(one: ServicePort) -> Port:
    return one.name, one.protocol or "TCP", one.port


INVARIANTS: tuple[type[Invariant], ...] = (
    ClusterIPsAreStable,
    NodePortsAreStable,
    StaticRangesAreLeftToUsers,
    IPAddressesMatchServices,
    AllocatorsMatchServices,
)
