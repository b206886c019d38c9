"""Allocation of addresses from a range.

Source: the host-local plugin of containernetworking/plugins: it continues after the last allocated address, so that a
released one is not reused at once.
"""

from ipaddress import IPv4Address, IPv4Network


class IPAllocator:
    """Allocates the addresses of an IPv4 range, each to one owner at a time.

    The first address (of the network), the second (of the gateway) and the last (for broadcasts) are never allocated.

    >>> allocator = IPAllocator("10.244.1.0/24")
    >>> allocator.allocate("a"), allocator.allocate("b")
    ('10.244.1.2', '10.244.1.3')
    """

    __slots__ = ("_first", "_last", "_next", "_owners")

    def __init__(self, cidr: str) -> None:
        network = IPv4Network(cidr)
        self._first = int(network.network_address) + 2
        self._last = int(network.broadcast_address) - 1
        self._next = self._first
        self._owners: dict[int, str] = {}

    def __len__(self) -> int:
        """How many addresses are allocated."""
        return len(self._owners)

    def allocate(self, owner: str) -> str | None:
        """Allocate a free address; None if there is none."""
        if len(self._owners) > self._last - self._first:
            return None
        while self._next in self._owners:
            self._advance()
        address = self._next
        self._owners[address] = owner
        self._advance()
        return f"{address >> 24}.{address >> 16 & 255}.{address >> 8 & 255}.{address & 255}"

    def take(self, address: str, owner: str) -> None:
        """Record an address that its owner has already; ignored if it is outside the range."""
        number = int(IPv4Address(address))
        if self._first <= number <= self._last:
            self._owners[number] = owner

    def release(self, address: str, owner: str) -> None:
        """Release an address, if it is that owner's."""
        number = int(IPv4Address(address))
        if self._owners.get(number) == owner:
            del self._owners[number]

    def _advance(self) -> None:
        self._next = self._first if self._next == self._last else self._next + 1
