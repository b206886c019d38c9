"""Compares what is allocated to services, addresses and node ports, with what they have.

A value that a service has is allocated if it is not; one that several services have is reported, as its owner cannot be
known; one that no service has in several consecutive rounds has leaked, and is released: its service was never created,
or its deletion was missed.

Source: pkg/registry/core/service/ipallocator/controller/repairip.go, pkg/registry/core/service/portallocator/controller/
repair.go (v1.36).
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Generic, NamedTuple, Protocol, TypeVar

import msgspec

from kubeactors.api.core.v1.service import Service
from kubeactors.apiserver.registry.allocators import AddressAllocator, PortAllocator
from kubeactors.apiserver.registry.services import addresses_of, ports_of

V = TypeVar("V", int, str)

LEAK_ROUNDS = 3
"""The number of rounds after which an unused value has leaked: a service with it may be about to be created."""

NOT_ALLOCATED = "NotAllocated"


class Allocator(Protocol[V]):
    """An allocator of values."""

    def __iter__(self) -> Iterator[V]: ...

    def contains(self, value: V, /) -> bool:
        """Whether a value is in the range."""
        ...

    def has(self, value: V, /) -> bool:
        """Whether a value is allocated."""
        ...

    def allocate(self, value: V, /) -> None:
        """Allocate this value."""
        ...

    def release(self, value: V, /) -> None:
        """Release a value."""
        ...


class Words(NamedTuple):
    """The texts about one kind of value. `{}` stands for the value."""

    component: str
    prefix: str
    """The prefix of reasons."""
    action: str
    not_allocated: str
    already_allocated: str
    out_of_range: str


ADDRESS = Words(
    component="ipallocator-repair-controller",
    prefix="ClusterIP",
    action="ClusterIPAllocation",
    not_allocated="Cluster IP [IPv4]: {} is not allocated; repairing",
    already_allocated="Cluster IP [IPv4]:{} was assigned to multiple services; please recreate service",
    out_of_range="Cluster IP [IPv4]: {} is not within any configured Service CIDR; please recreate service",
)
PORT = Words(
    component="portallocator-repair-controller",
    prefix="Port",
    action="",
    not_allocated="Port {} is not allocated; repairing",
    already_allocated="Port {} was assigned to multiple services; please recreate service",
    out_of_range="Port {} is not within the port range {}; please recreate service",
)


class Finding(msgspec.Struct, frozen=True):
    """An inconsistency of a service, to be recorded as a warning event.

    `allocate` allocates a value that is not allocated; call it once it is certain that the service still exists.
    """

    service: Service
    words: Words
    reason: str
    message: str
    allocate: Callable[[], None] | None = None


class Repair:
    """Compares all services with both allocators, round after round; `ports` is that of node ports."""

    def __init__(self, addresses: AddressAllocator, ports: PortAllocator) -> None:
        self._addresses = _Check[str](addresses, ADDRESS)
        self._ports = _Check[int](ports, PORT, ports.range)

    def run_once(self, services: Iterable[Service], made: Collection[str] = ()) -> Iterator[Finding]:
        """Run one round: report inconsistencies, release leaks. Addresses with an IPAddress (`made`) are allocated."""
        known = tuple(services)
        yield from self._addresses.run_once(((one, value) for one in known for value in addresses_of(one.spec)), made)
        yield from self._ports.run_once((one, value) for one in known for value in ports_of(one.spec))

    def missing(self, services: Iterable[Service], made: Collection[str]) -> Iterator[tuple[str, Finding]]:
        """The addresses of services without an IPAddress; `made` are those that have one."""
        for service in services:
            for address in addresses_of(service.spec):
                if address not in made and self._addresses.allocator.contains(address):
                    yield address, self._addresses.not_allocated(service, address)


class _Check(Generic[V]):
    def __init__(self, allocator: Allocator[V], words: Words, *more: str) -> None:
        self.allocator: Allocator[V] = allocator
        self._words = words
        self._more = more
        self._leaks: dict[V, int] = {}
        """Unused values, and for how many consecutive rounds."""

    def run_once(self, had: Iterable[tuple[Service, V]], made: Collection[V] = ()) -> Iterator[Finding]:
        allocator, words = self.allocator, self._words
        seen: dict[V, None] = {}
        for service, value in had:
            if not allocator.contains(value):
                yield self._found(service, "OutOfRange", words.out_of_range, value)
            elif value in seen:
                yield self._found(service, "AlreadyAllocated", words.already_allocated, value)
            else:
                seen[value] = None
                if value in made and not allocator.has(value):
                    allocator.allocate(value)  # another server allocated it
                elif not allocator.has(value):
                    yield self.not_allocated(service, value)
        self._leaks = {one: self._leaks.get(one, 0) + 1 for one in allocator if one not in seen and one not in made}
        for leaked in [one for one, rounds in self._leaks.items() if rounds >= LEAK_ROUNDS]:
            del self._leaks[leaked]
            allocator.release(leaked)

    def not_allocated(self, service: Service, value: V) -> Finding:
        return self._found(service, NOT_ALLOCATED, self._words.not_allocated, value)

    def _found(self, service: Service, reason: str, message: str, value: V) -> Finding:
        def allocate() -> None:
            if not self.allocator.has(value):
                self.allocator.allocate(value)

        return Finding(
            service,
            self._words,
            self._words.prefix + reason,
            message.format(value, *self._more),
            allocate if reason == NOT_ALLOCATED else None,
        )
