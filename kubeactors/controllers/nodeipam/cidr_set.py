"""Ranges of one size, cut from a larger one, and who holds them. Pure.

Source: pkg/controller/nodeipam/ipam/cidrset/cidr_set.go (v1.36): the search goes on after the last range given out, so
that one that was released is not used again at once. That one of several holders goes does not free a range is ours.
"""

from ipaddress import IPv4Network


class CidrSet:
    """Gives out the ranges of a cluster's range, each to one holder at a time.

    Args:
        cluster_cidr: the large range.
        mask_size: of the small ones.

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
        """By the number of the range. More than one if somebody else has given it out twice."""
        self._ranges: dict[str, list[int]] = {}
        """The numbers of the ranges that each holds."""

    def allocate(self, holder: str) -> str | None:
        """A range that nobody holds, or the one that the holder has already; None if there is none."""
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
        """Somebody has this range: nothing of it is given out. What is outside the cluster's range is left alone.

        Raises:
            ValueError: that is no range.
        """
        network = IPv4Network(cidr)
        first = (int(network.network_address) - self._first) >> self._bits
        last = (int(network.broadcast_address) - self._first) >> self._bits
        for number in range(max(first, 0), min(last, self._size - 1) + 1):
            self._hold(number, holder)

    def release(self, holder: str) -> bool:
        """The holder is gone; whether a range is free by that."""
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
