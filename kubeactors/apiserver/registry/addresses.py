"""IPAddress objects: one for each cluster IP of a service, written and deleted along with the service.

Kubernetes creates the IPAddress first and the service second, so a crash can leave one of them alone. Here both are
written in one transaction, which also prevents two servers from allocating an address twice.

Source: pkg/registry/core/service/ipallocator/ipallocator.go, controller/repairip.go, pkg/registry/networking/ipaddress/
strategy.go (v1.36).
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from ipaddress import IPv4Address

import msgspec

from kubeactors.api.core.v1.service import Service
from kubeactors.api.networking.v1.ipaddress import IPAddress, IPAddressSpec, ParentReference
from kubeactors.apimachinery.ip import parse_ip
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.apimachinery.requests import GroupVersionResource
from kubeactors.apimachinery.scheme import Kind
from kubeactors.apiserver.keys import key_of, prefix_of
from kubeactors.apiserver.registry.allocators import AddressAllocator, AllocationError
from kubeactors.apiserver.registry.metadata import Environment, born
from kubeactors.apiserver.registry.reservations import Reservation
from kubeactors.apiserver.registry.strategy import Strategy
from kubeactors.storage.messages import DeleteOp, PutOp

IP_ADDRESSES = GroupVersionResource("networking.k8s.io", "v1", "ipaddresses")

FAMILY, MANAGED_BY = "ipaddress.kubernetes.io/ip-family", "ipaddress.kubernetes.io/managed-by"
MANAGER = "ipallocator.k8s.io"
_SERVICES = "services"


def key_of_address(address: str) -> str:
    """The key of an IPAddress in the store.

    >>> key_of_address("10.96.0.1")
    '/registry/ipaddresses/10.96.0.1'
    """
    return key_of(prefix_of(IP_ADDRESSES), "", address)


def address_creation(address: str, service: Service, environment: Environment) -> PutOp:
    """The write that creates the IPAddress of an address allocated to a service."""
    labels = {FAMILY: "IPv4", MANAGED_BY: MANAGER}
    owner = service.metadata
    parent = ParentReference(resource=_SERVICES, namespace=owner.namespace, name=owner.name)
    value = IPAddress(
        metadata=born(ObjectMeta(name=address, labels=labels), environment), spec=IPAddressSpec(parent_ref=parent)
    )
    return PutOp(key=key_of_address(address), value=value)


def address_deletion(address: str) -> DeleteOp:
    """The write that deletes an IPAddress, whoever created it."""
    return DeleteOp(key=key_of_address(address))


class IPAddressStrategy(Strategy[IPAddress]):
    """IPAddresses. An address whose object a user creates is allocated to no service."""

    def __init__(self, kind: Kind[IPAddress], environment: Environment, addresses: AddressAllocator) -> None:
        super().__init__(kind, environment)
        self._addresses = addresses

    def restore(self, stored: Iterable[IPAddress]) -> None:
        """Allocate the addresses of stored objects."""
        for one in stored:
            with suppress(AllocationError):  # already allocated to its service
                if self._can_be_given(one):
                    self._addresses.allocate(one.metadata.name)

    def reserve(self, new: IPAddress, old: IPAddress | None) -> Reservation | None:
        """Allocate the address, so that no service gets it. The store rejects a second object of an address."""
        name = new.metadata.name
        if old is not None or not self._can_be_given(new) or self._addresses.has(name):
            return None
        self._addresses.allocate(name)
        reservation = Reservation(new)
        reservation.taken(partial(self._addresses.release, name))
        return reservation

    def deleted(self, old: IPAddress) -> None:
        """Release the address; if a service has it, the next repair allocates it again."""
        if self._can_be_given(old):
            self._addresses.release(old.metadata.name)

    def _can_be_given(self, one: IPAddress) -> bool:
        address = parse_ip(one.metadata.name)
        return isinstance(address, IPv4Address) and self._addresses.contains(str(address))


class Leak(msgspec.Struct, frozen=True):
    """An IPAddress of the server that belongs to no service: to be deleted, with an event."""

    address: IPAddress
    reason: str
    message: str


def leaks(addresses: Iterable[IPAddress], had: Mapping[tuple[str, str], tuple[str, ...]]) -> Iterator[Leak]:
    """The IPAddresses to delete. `had` is the addresses of each service by namespace and name.

    Kubernetes waits a minute, as the service may be about to be created; here both are created in one transaction.
    """
    for one in addresses:
        parent, name = one.spec.parent_ref or ParentReference(), one.metadata.name
        if one.metadata.labels.get(MANAGED_BY) != MANAGER:
            continue
        of = f"IPAddress: {name} for Service {parent.namespace}/{parent.name}"
        if parent.group or parent.resource != _SERVICES:
            message = f"IPAddress {name} appears to have been modified, not referencing a Service: cleaning up"
            yield Leak(one, "IPAddressNotAllocated", message)
        elif (parent.namespace, parent.name) not in had:
            yield Leak(one, "IPAddressNotAllocated", f"{of} appears to have leaked: cleaning up")
        elif name not in had[parent.namespace, parent.name]:
            yield Leak(one, "IPAddressWrongReference", f"{of} has a wrong reference; cleaning up")
