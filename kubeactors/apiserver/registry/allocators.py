"""Allocators of cluster IPs and node ports: each belongs to one service at a time.

Source: pkg/registry/core/service/ipallocator, pkg/registry/core/service/portallocator (v1.36).
"""

from collections.abc import Iterator
from ipaddress import IPv4Network, ip_address
from random import Random


class AllocationError(Exception):
    """The requested value is not available, or none is left; the message is Kubernetes'."""


class AddressAllocator:
    """Allocates cluster IPs. Random ones come from the upper part of the range first."""

    def __init__(self, cidr: str, random: Random) -> None:
        self._network = IPv4Network(cidr)
        self._first = int(self._network.network_address) + 1
        self._size = max(self._network.num_addresses - 2, 0)
        self._random = random
        self._used: dict[int, None] = {}

    @property
    def first(self) -> str:
        """The address of the service `kubernetes`.

        >>> AddressAllocator("10.96.0.0/12", Random(1)).first
        '10.96.0.1'
        """
        return str(self._network[1])

    def __iter__(self) -> Iterator[str]:
        """The allocated addresses."""
        return map(str, map(ip_address, tuple(self._used)))

    def contains(self, address: str) -> bool:
        """Whether an address is in the range."""
        return self._first <= int(ip_address(address)) < self._first + self._size

    def has(self, address: str) -> bool:
        """Whether an address is allocated."""
        return int(ip_address(address)) in self._used

    def allocate(self, address: str) -> None:
        """Allocate this address.

        Raises:
            AllocationError: it is allocated already, or not in the range.
        """
        number = int(ip_address(address))
        if not self.contains(address):
            raise AllocationError("the provided network does not match the current range")
        if number in self._used:
            raise AllocationError("provided IP is already allocated")
        self._used[number] = None

    def allocate_next(self) -> str:
        """Allocate a random address.

        Raises:
            AllocationError: the range is full.
        """
        reserved = _reserved(self._network.num_addresses, 16, 256)  # KEP-3070
        number = _upper_first(self._used, self._random, self._first, self._size, reserved)
        if number is None:
            raise AllocationError("range is full")
        self._used[number] = None
        return str(ip_address(number))

    def release(self, address: str) -> None:
        """Release an address."""
        self._used.pop(int(ip_address(address)), None)


class PortAllocator:
    """Allocates node ports. Random ones come from the upper part of the range first."""

    def __init__(self, first: int, last: int, random: Random) -> None:
        self._first, self._last = first, last
        self._random = random
        self._used: dict[int, None] = {}

    def __iter__(self) -> Iterator[int]:
        """The allocated ports."""
        return iter(tuple(self._used))

    @property
    def range(self) -> str:
        """The range as flags and messages write it.

        >>> PortAllocator(30000, 32767, Random(1)).range
        '30000-32767'
        """
        return f"{self._first}-{self._last}"

    def contains(self, port: int) -> bool:
        """Whether a port is in the range."""
        return self._first <= port <= self._last

    def has(self, port: int) -> bool:
        """Whether a port is allocated."""
        return port in self._used

    def allocate(self, port: int) -> None:
        """Allocate this port.

        Raises:
            AllocationError: it is allocated already, or not in the range.
        """
        if not self.contains(port):
            raise AllocationError(f"provided port is not in the valid range. The range of valid ports is {self.range}")
        if port in self._used:
            raise AllocationError("provided port is already allocated")
        self._used[port] = None

    def allocate_next(self) -> int:
        """Allocate a random port.

        Raises:
            AllocationError: the range is full.
        """
        size = self._last - self._first + 1
        number = _upper_first(self._used, self._random, self._first, size, _reserved(size, 32, 128))  # KEP-3668
        if number is None:
            raise AllocationError("range is full")
        self._used[number] = None
        return number

    def release(self, port: int) -> None:
        """Release a port."""
        self._used.pop(port, None)


LEAST = 16
"""The minimum size of the static band; a smaller range has none."""


def _reserved(size: int, share: int, most: int) -> int:
    """The size of the static band: the lower end of a range, used for random values only when the rest is full.

    >>> _reserved(1 << 20, 16, 256), _reserved(256, 16, 256), _reserved(16, 16, 256), _reserved(2768, 32, 128)
    (256, 16, 0, 86)
    """
    return min(max(LEAST, size // share), most) if size > LEAST else 0


def _upper_first(used: dict[int, None], random: Random, first: int, size: int, reserved: int) -> int | None:
    number = _free(used, random, first + reserved, size - reserved)
    return _free(used, random, first, reserved) if number is None else number


def _free(used: dict[int, None], random: Random, first: int, size: int) -> int | None:
    """A free number: the first one from a random offset on."""
    start = random.randrange(size) if size > 0 else 0
    for step in range(size):
        number = first + (start + step) % size
        if number not in used:
            return number
    return None
