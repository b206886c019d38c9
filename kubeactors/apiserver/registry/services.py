"""Services: addresses and ports are allocated to them, and stay allocated.

Source: pkg/registry/core/service/strategy.go, pkg/registry/core/service/storage/alloc.go, storage.go (v1.36).
"""

from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from typing import TypeVar

from msgspec.structs import replace

from kubeactors.api.core.v1.service import (
    EXTERNAL_NAME,
    HEADLESS,
    LOAD_BALANCER,
    LOCAL,
    NODE_PORT,
    Service,
    ServicePort,
    ServiceSpec,
)
from kubeactors.api.core.v1.validation.service_addresses import validate_cluster_ips
from kubeactors.apimachinery.field import FieldError, invalid
from kubeactors.apimachinery.scheme import Kind
from kubeactors.apimachinery.status import InternalError, StatusError
from kubeactors.apimachinery.status import invalid as invalid_object
from kubeactors.apiserver.registry.addresses import address_creation, address_deletion
from kubeactors.apiserver.registry.allocators import AddressAllocator, AllocationError, PortAllocator
from kubeactors.apiserver.registry.metadata import Environment
from kubeactors.apiserver.registry.reservations import Reservation
from kubeactors.apiserver.registry.storage import Beside
from kubeactors.apiserver.registry.strategy import WithStatus

IPV4, IPV6 = "IPv4", "IPv6"
V = TypeVar("V")

SINGLE_STACK, REQUIRE_DUAL_STACK = "SingleStack", "RequireDualStack"


def needs_cluster_ip(spec: ServiceSpec) -> bool:
    """Whether a service of this type has a cluster IP, which may be "None"."""
    return spec.type != EXTERNAL_NAME


def needs_node_ports(spec: ServiceSpec) -> bool:
    """Whether node ports are allocated: a load balancer may disable that."""
    return spec.type == NODE_PORT or (
        spec.type == LOAD_BALANCER and spec.allocate_load_balancer_node_ports is not False
    )


def may_have_node_ports(spec: ServiceSpec) -> bool:
    """Whether a service of this type may have node ports."""
    return spec.type in (NODE_PORT, LOAD_BALANCER)


def needs_health_port(spec: ServiceSpec) -> bool:
    """Whether it is a load balancer with a health check node port."""
    return spec.type == LOAD_BALANCER and spec.external_traffic_policy == LOCAL


class ServiceStrategy(WithStatus[Service]):
    """The strategy of services."""

    creates_on_update = True
    returns_deleted = True
    repeats_metadata = True
    counts_generations = False

    def __init__(
        self, kind: Kind[Service], environment: Environment, addresses: AddressAllocator, ports: PortAllocator
    ) -> None:
        super().__init__(kind, environment)
        self._addresses = addresses
        self._ports = ports

    def prepare_for_create(self, new: Service) -> Service:
        """No status; `clusterIP` and `clusterIPs` agree."""
        return _with_both_forms(super().prepare_for_create(new))

    def prepare_for_update(self, new: Service, old: Service) -> Service:
        """Keep allocations; drop those that the new type does not use, unless the client changed them."""
        new = super().prepare_for_update(new, old)
        if new.spec == old.spec:
            return new
        return _with_both_forms(replace(new, spec=_without_useless(_with_given(new.spec, old.spec), old.spec)), old)

    def restore(self, stored: Iterable[Service]) -> None:
        """Allocate what stored services have."""
        for service in stored:
            for address in addresses_of(service.spec):
                with suppress(AllocationError):  # allocated already, or out of range: no other service can get it
                    self._addresses.allocate(address)
            for port in ports_of(service.spec):
                with suppress(AllocationError):
                    self._ports.allocate(port)

    def reserve(self, new: Service, old: Service | None) -> Reservation | None:
        """Allocate the addresses and ports that a service needs.

        Raises:
            Invalid: a requested one is not available.
        """
        if old is not None and new.spec == old.spec:
            return None
        if errors := tuple(validate_cluster_ips(new, old)):
            raise invalid_object("Service", "", new.metadata.name, errors)
        reservation = Reservation(new)
        try:
            spec = _with_families(new)
            spec = self._with_address(new, spec, None if old is None else old.spec, reservation)
            spec = self._with_node_ports(new, spec, () if old is None else ports_of(old.spec), reservation)
            spec = self._with_health_port(spec, None if old is None else old.spec, reservation)
        except StatusError:
            reservation.drop()
            raise
        if old is not None:
            self._release_unused(spec, old.spec, reservation)
        reservation.value = replace(new, spec=spec)
        return reservation

    def beside(self, new: Service | None, old: Service | None) -> Beside:
        """The IPAddresses to create or delete with the service."""
        has = () if new is None else addresses_of(new.spec)
        had = () if old is None else addresses_of(old.spec)
        made = (
            () if new is None else tuple(address_creation(one, new, self.environment) for one in has if one not in had)
        )
        return (*made, *(address_deletion(one) for one in had if one not in has))

    def deleted(self, old: Service) -> None:
        """Release what the service had."""
        for address in addresses_of(old.spec):
            self._addresses.release(address)
        for port in ports_of(old.spec):
            self._ports.release(port)

    def _with_address(
        self, service: Service, spec: ServiceSpec, old: ServiceSpec | None, reservation: Reservation
    ) -> ServiceSpec:
        if not needs_cluster_ip(spec) or spec.cluster_ip == HEADLESS:
            return spec
        if old is not None and needs_cluster_ip(old):
            return spec
        if spec.cluster_ip:
            self._take_address(service, spec.cluster_ip)
            address = spec.cluster_ip
        else:
            address = self._any_address()
        reservation.taken(partial(self._addresses.release, address))
        return replace(spec, cluster_ip=address, cluster_ips=(address,))

    def _take_address(self, service: Service, address: str) -> None:
        try:
            self._addresses.allocate(address)
        except AllocationError as error:
            why = f"failed to allocate IP {address}: {error}"
            raise _refused(service, invalid("spec.clusterIPs", [address], why)) from error

    def _any_address(self) -> str:
        try:
            return self._addresses.allocate_next()
        except AllocationError as error:
            raise InternalError.saying(f"Internal error occurred: failed to allocate a serviceIP: {error}") from error

    def _with_node_ports(
        self, service: Service, spec: ServiceSpec, had: tuple[int, ...], reservation: Reservation
    ) -> ServiceSpec:
        """Allocate a node port to each port; ports with the same number (TCP and UDP) share one."""
        if not may_have_node_ports(spec):
            return spec
        given: dict[int, int] = {}
        wanted = {one.port: one.node_port for one in reversed(spec.ports) if one.node_port}
        done: list[ServicePort] = []
        for index, one in enumerate(spec.ports):
            number = one.node_port or given.get(one.port) or wanted.get(one.port, 0)
            if not number and not needs_node_ports(spec):
                done.append(one)
                continue
            if not number or (number not in had and given.get(one.port) != number):
                number = self._take_port(service, number, f"spec.ports[{index}].nodePort")
                reservation.taken(partial(self._ports.release, number))
            given.setdefault(one.port, number)
            done.append(one if one.node_port == number else replace(one, node_port=number))
        return replace(spec, ports=tuple(done))

    def _take_port(self, service: Service, number: int, path: str) -> int:
        try:
            if not number:
                return self._ports.allocate_next()
            self._ports.allocate(number)
        except AllocationError as error:
            if not number:
                raise InternalError.saying(
                    f"Internal error occurred: failed to allocate a nodePort: {error}"
                ) from error
            raise _refused(service, invalid(path, number, str(error))) from error
        return number

    def _with_health_port(self, spec: ServiceSpec, old: ServiceSpec | None, reservation: Reservation) -> ServiceSpec:
        if not needs_health_port(spec) or (
            old is not None and old.health_check_node_port == spec.health_check_node_port != 0
        ):
            return spec
        wanted = spec.health_check_node_port
        try:
            if wanted:
                self._ports.allocate(wanted)
            else:
                wanted = self._ports.allocate_next()
        except AllocationError as error:
            why = f"failed to allocate requested HealthCheck NodePort {wanted}: {error}"
            raise InternalError.saying(f"Internal error occurred: {why}") from error
        reservation.taken(partial(self._ports.release, wanted))
        return replace(spec, health_check_node_port=wanted)

    def _release_unused(self, spec: ServiceSpec, old: ServiceSpec, reservation: Reservation) -> None:
        for address in addresses_of(old):
            if address not in addresses_of(spec):
                reservation.released(partial(self._addresses.release, address))
        for port in ports_of(old):
            if port not in ports_of(spec):
                reservation.released(partial(self._ports.release, port))


def addresses_of(spec: ServiceSpec) -> tuple[str, ...]:
    """The cluster IPs of a service."""
    return tuple(one for one in spec.cluster_ips if one and one != HEADLESS) if needs_cluster_ip(spec) else ()


def ports_of(spec: ServiceSpec) -> tuple[int, ...]:
    """All node ports, each once."""
    ports = [one.node_port for one in spec.ports if one.node_port]
    if spec.health_check_node_port:
        ports.append(spec.health_check_node_port)
    return tuple(dict.fromkeys(ports))


def _refused(service: Service, error: FieldError) -> StatusError:
    return invalid_object("Service", "", service.metadata.name, (error,))


def _with_both_forms(service: Service, old: Service | None = None) -> Service:
    """Make `clusterIP` and `clusterIPs` agree; the one that the client changed wins."""
    spec = service.spec
    if old is None:
        if spec.cluster_ip and not spec.cluster_ips:
            spec = replace(spec, cluster_ips=(spec.cluster_ip,))
        elif spec.cluster_ips and not spec.cluster_ip:
            spec = replace(spec, cluster_ip=spec.cluster_ips[0])
    elif spec.cluster_ip != old.spec.cluster_ip and spec.cluster_ips == old.spec.cluster_ips:
        spec = replace(spec, cluster_ips=(spec.cluster_ip,) if spec.cluster_ip else ())
    return service if spec is service.spec else replace(service, spec=spec)


def _with_given(new: ServiceSpec, old: ServiceSpec) -> ServiceSpec:
    """Copy allocations of the old spec that the new spec leaves empty."""
    if needs_cluster_ip(new) and needs_cluster_ip(old):
        if not new.cluster_ip:
            new = replace(new, cluster_ip=old.cluster_ip)
        if not new.cluster_ips and new.cluster_ip == old.cluster_ip:
            new = replace(new, cluster_ips=old.cluster_ips)
        new = replace(
            new,
            ip_families=new.ip_families or old.ip_families,
            ip_family_policy=new.ip_family_policy or old.ip_family_policy,
        )
    if may_have_node_ports(new) and may_have_node_ports(old):
        had = {(one.protocol, one.port): one.node_port for one in old.ports}
        new = replace(
            new,
            ports=tuple(
                one if one.node_port else replace(one, node_port=had.get((one.protocol, one.port), 0))
                for one in new.ports
            ),
        )
    if needs_health_port(new) and needs_health_port(old) and not new.health_check_node_port:
        new = replace(new, health_check_node_port=old.health_check_node_port)
    return new


def _without_useless(new: ServiceSpec, old: ServiceSpec) -> ServiceSpec:
    """Drop allocations of the old type that the new type does not use."""
    if needs_cluster_ip(old) and not needs_cluster_ip(new):
        same_address = new.cluster_ip in ("", old.cluster_ip) and new.cluster_ips in ((), old.cluster_ips)
        new = replace(
            new,
            cluster_ip="" if same_address else new.cluster_ip,
            cluster_ips=() if same_address else new.cluster_ips,
            ip_families=() if new.ip_families == old.ip_families else new.ip_families,
            ip_family_policy=None if new.ip_family_policy == old.ip_family_policy else new.ip_family_policy,
            internal_traffic_policy=_unless_same(new.internal_traffic_policy, old.internal_traffic_policy),
        )
    if may_have_node_ports(old) and not may_have_node_ports(new) and ports_of(new) == ports_of(old):
        new = replace(new, ports=tuple(replace(one, node_port=0) for one in new.ports))
    if (
        needs_health_port(old)
        and not needs_health_port(new)
        and new.health_check_node_port == old.health_check_node_port
    ):
        new = replace(new, health_check_node_port=0)
    if old.type == LOAD_BALANCER != new.type:
        new = replace(
            new,
            allocate_load_balancer_node_ports=_unless_same(
                new.allocate_load_balancer_node_ports, old.allocate_load_balancer_node_ports
            ),
            load_balancer_class=_unless_same(new.load_balancer_class, old.load_balancer_class),
        )
    if may_have_node_ports(old) and not may_have_node_ports(new) and not new.external_ips:
        new = replace(
            new,
            external_traffic_policy=_unless_same(new.external_traffic_policy, old.external_traffic_policy) or "",
        )
    return new


def _unless_same(new: V | None, old: V | None) -> V | None:
    return None if new == old else new


def _with_families(service: Service) -> ServiceSpec:
    """Set the address families, in a cluster with IPv4 alone.

    Raises:
        Invalid: the service requests others.
    """
    spec = service.spec
    if not needs_cluster_ip(spec):
        return spec
    if spec.cluster_ip == HEADLESS and not spec.selector:
        # Only its owner knows the families of endpoints without a selector.
        return replace(
            spec,
            ip_families=spec.ip_families or (IPV4, IPV6),
            ip_family_policy=spec.ip_family_policy or REQUIRE_DUAL_STACK,
        )
    if spec.ip_family_policy == REQUIRE_DUAL_STACK:
        why = "this cluster is not configured for dual-stack services"
        raise _refused(service, invalid("spec.ipFamilyPolicy", REQUIRE_DUAL_STACK, why))
    for index, family in enumerate(spec.ip_families):
        if family != IPV4:
            raise _refused(service, invalid(f"spec.ipFamilies[{index}]", family, "not configured on this cluster"))
    return replace(spec, ip_families=(IPV4,), ip_family_policy=spec.ip_family_policy or SINGLE_STACK)
