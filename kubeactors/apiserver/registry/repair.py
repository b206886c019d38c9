"""Whether what is given out to services is what they have: addresses and node ports.

What a service has and nobody gave out is taken; what several have is reported, for nobody can say whose it is; what no
service has, look after look, has leaked, and is given back: its service was never created, or its end was not seen.

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

LOOKS = 3
"""In so many looks in a row something must be nobody's: a service may be about to be created with it."""

NOT_ALLOCATED = "NotAllocated"


class Allocator(Protocol[V]):
    """Gives out values."""

    def __iter__(self) -> Iterator[V]: ...

    def contains(self, value: V, /) -> bool:
        """Whether it is in the range."""
        ...

    def has(self, value: V, /) -> bool:
        """Whether somebody has it."""
        ...

    def allocate(self, value: V, /) -> None:
        """Take this one."""
        ...

    def release(self, value: V, /) -> None:
        """Give it back."""
        ...


class Words(NamedTuple):
    """What the findings about one kind of value are called. Each sentence but its value."""

    component: str
    prefix: str
    """What reasons begin with."""
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
    """Something is wrong with a service: a warning to be recorded about it.

    What nobody gave out is to be taken (`take`) once it is certain that the service still exists.
    """

    service: Service
    words: Words
    reason: str
    message: str
    take: Callable[[], None] | None = None


class Repair:
    """Looks at all services again and again. `ports` is the range of node ports as people write it."""

    def __init__(self, addresses: AddressAllocator, ports: PortAllocator) -> None:
        self._addresses = _Check[str](addresses, ADDRESS)
        self._ports = _Check[int](ports, PORT, ports.range)

    def look(self, services: Iterable[Service], made: Collection[str] = ()) -> Iterator[Finding]:
        """What is wrong; what has leaked is given back. Addresses whose objects are `made` were given out."""
        known = tuple(services)
        yield from self._addresses.look(((one, value) for one in known for value in addresses_of(one.spec)), made)
        yield from self._ports.look((one, value) for one in known for value in ports_of(one.spec))

    def missing(self, services: Iterable[Service], made: Collection[str]) -> Iterator[tuple[str, Finding]]:
        """The addresses of services that are none of the objects that are `made`."""
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
        """What was nobody's, and in how many looks in a row."""

    def look(self, had: Iterable[tuple[Service, V]], made: Collection[V] = ()) -> Iterator[Finding]:
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
                    allocator.allocate(value)  # another server has given it out
                elif not allocator.has(value):
                    yield self.not_allocated(service, value)
        self._leaks = {one: self._leaks.get(one, 0) + 1 for one in allocator if one not in seen and one not in made}
        for leaked in [one for one, looks in self._leaks.items() if looks >= LOOKS]:
            del self._leaks[leaked]
            allocator.release(leaked)

    def not_allocated(self, service: Service, value: V) -> Finding:
        return self._found(service, NOT_ALLOCATED, self._words.not_allocated, value)

    def _found(self, service: Service, reason: str, message: str, value: V) -> Finding:
        def take() -> None:
            if not self.allocator.has(value):
                self.allocator.allocate(value)

        return Finding(
            service,
            self._words,
            self._words.prefix + reason,
            message.format(value, *self._more),
            take if reason == NOT_ALLOCATED else None,
        )
