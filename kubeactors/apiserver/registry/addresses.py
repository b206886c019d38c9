"""IPAddress objects: each cluster IP that a service has is one, written and deleted along with the service.

The original makes the object first and the service then, so that one of them can be left over when it crashes; here both
are of one revision of the store, which also sees to it that two servers never give out one address twice.

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
    """Where the object of an address is stored.

    >>> key_of_address("10.96.0.1")
    '/registry/ipaddresses/10.96.0.1'
    """
    return key_of(prefix_of(IP_ADDRESSES), "", address)


def given(address: str, service: Service, environment: Environment) -> PutOp:
    """The write that makes the object of an IPv4 address that a service is given."""
    labels = {FAMILY: "IPv4", MANAGED_BY: MANAGER}
    owner = service.metadata
    parent = ParentReference(resource=_SERVICES, namespace=owner.namespace, name=owner.name)
    value = IPAddress(
        metadata=born(ObjectMeta(name=address, labels=labels), environment), spec=IPAddressSpec(parent_ref=parent)
    )
    return PutOp(key=key_of_address(address), value=value)


def given_back(address: str) -> DeleteOp:
    """The write that deletes the object of an address, whoever has made it."""
    return DeleteOp(key=key_of_address(address))


class IPAddressStrategy(Strategy[IPAddress]):
    """IPAddresses: one that somebody makes by hand is given to no service."""

    def __init__(self, kind: Kind[IPAddress], environment: Environment, addresses: AddressAllocator) -> None:
        super().__init__(kind, environment)
        self._addresses = addresses

    def restore(self, stored: Iterable[IPAddress]) -> None:
        """Take what is stored."""
        for one in stored:
            with suppress(AllocationError):  # its service has taken it already
                if self._can_be_given(one):
                    self._addresses.allocate(one.metadata.name)

    def reserve(self, new: IPAddress, old: IPAddress | None) -> Reservation | None:
        """Take the address, so that no service is given it. One that is taken is refused by the store."""
        name = new.metadata.name
        if old is not None or not self._can_be_given(new) or self._addresses.has(name):
            return None
        self._addresses.allocate(name)
        reservation = Reservation(new)
        reservation.taken(partial(self._addresses.release, name))
        return reservation

    def deleted(self, old: IPAddress) -> None:
        """Give back the address; if a service has it, the next look takes it again."""
        if self._can_be_given(old):
            self._addresses.release(old.metadata.name)

    def _can_be_given(self, one: IPAddress) -> bool:
        address = parse_ip(one.metadata.name)
        return isinstance(address, IPv4Address) and self._addresses.contains(str(address))


class Leak(msgspec.Struct, frozen=True):
    """An object that the server has made and that is no service's address: to be deleted, and that told."""

    address: IPAddress
    reason: str
    message: str


def leaks(addresses: Iterable[IPAddress], had: Mapping[tuple[str, str], tuple[str, ...]]) -> Iterator[Leak]:
    """What is to be deleted of the objects; `had` tells the addresses of each service by its namespace and name.

    The original waits a minute for a service that may be about to be created; here there is none without its address.
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
