"""An allocator of CIDR ranges of one size from a larger one. Pure.

Source: pkg/controller/nodeipam/ipam/cidrset/cidr_set.go (v1.36): the search continues after the last allocated range,
so that a released one is not reused at once. Counting holders, so that a range with two is free only after both, is
ours.
"""

from ipaddress import IPv4Network


class CidrSet:
    """Allocates ranges, each to one holder at a time.

    Args:
        cluster_cidr: the range to allocate from.
        mask_size: the prefix length of the allocated ranges.


    >>> ranges = CidrSet("10.0.0.0/22", 24)
    >>> ranges.allocate("a"), ranges.allocate("b"), ranges.allocate("a")
    ('10.0.0.0/24', '10.0.1.0/24', '10.0.0.0/24')
    """

    __slots__ = ("_bits", "_first", "_holders", "_next", "_ranges", "_size")

    def __init__(self, cluster_cidr: str, mask_size: int) -> None:
        network = IPv4Network(cluster_cidr)
        self._bits = 32 - mask_size
        self._first = int(network.network_address)
        self._size = network.num_addresses >> self._bits
        self._next = 0
        self._holders: dict[int, dict[str, None]] = {}
        """By the number of the range. More than one if another allocator has assigned it twice."""
        self._ranges: dict[str, list[int]] = {}
        """The numbers of each holder's ranges."""

    def allocate(self, holder: str) -> str | None:
        """The holder's range, allocated now unless it has one already; None if the ranges are exhausted."""
        held = self._ranges.get(holder)
        if held:
            return self._cidr(held[0])
        for step in range(self._size):
            number = (self._next + step) % self._size
            if number not in self._holders:
                self._next = (number + 1) % self._size
                self._hold(number, holder)
                return self._cidr(number)
        return None

    def occupy(self, cidr: str, holder: str) -> None:
        """Mark a range as held, so that nothing in it is allocated. One outside the cluster's range is ignored.

        Raises:
            ValueError: it is not a CIDR.
        """
        network = IPv4Network(cidr)
        first = (int(network.network_address) - self._first) >> self._bits
        last = (int(network.broadcast_address) - self._first) >> self._bits
        for number in range(max(first, 0), min(last, self._size - 1) + 1):
            self._hold(number, holder)

    def release(self, holder: str) -> bool:
        """Release the holder's ranges. Returns whether any became free."""
        freed = False
        for number in self._ranges.pop(holder, ()):
            holders = self._holders[number]
            del holders[holder]
            if not holders:
                del self._holders[number]
                freed = True
        return freed

    def _hold(self, number: int, holder: str) -> None:
        holders = self._holders.setdefault(number, {})
        if holder not in holders:
            holders[holder] = None
            self._ranges.setdefault(holder, []).append(number)

    def _cidr(self, number: int) -> str:
        return str(IPv4Network((self._first + (number << self._bits), 32 - self._bits)))
