"""Leases: which keys go when which lease ends. Time is not known here; the store's timers decide when."""

from collections.abc import Iterator

import msgspec


class Lease(msgspec.Struct, frozen=True):
    """A promise that somebody renews within so many seconds."""

    id: int
    ttl_seconds: int


class Leases:
    """The leases there are, and the keys attached to each. An id is never used twice."""

    __slots__ = ("_keys", "_leases", "last")

    def __init__(self) -> None:
        self.last: int = 0
        """The newest id ever given."""
        self._leases: dict[int, Lease] = {}
        self._keys: dict[int, dict[str, None]] = {}

    def copy(self) -> "Leases":
        """The same leases, that change on their own."""
        copied = Leases()
        copied.last = self.last
        copied._leases = self._leases.copy()
        copied._keys = {lease: keys.copy() for lease, keys in self._keys.items()}
        return copied

    def __contains__(self, lease: int) -> bool:
        return lease in self._leases

    def __iter__(self) -> Iterator[Lease]:
        return iter(self._leases.values())

    def get(self, lease: int) -> Lease | None:
        """The lease of this id, if it has not ended."""
        return self._leases.get(lease)

    def grant(self, ttl_seconds: int) -> Lease:
        """Make a lease."""
        lease = Lease(self.last + 1, ttl_seconds)
        self.restore(lease)
        return lease

    def restore(self, lease: Lease) -> None:
        """Know a lease that was granted before."""
        self.last = max(self.last, lease.id)
        self._leases[lease.id] = lease
        self._keys[lease.id] = {}

    def attach(self, lease: int, key: str) -> None:
        """Let a key go with the lease, if that has not ended."""
        if lease in self._keys:
            self._keys[lease][key] = None

    def detach(self, lease: int, key: str) -> None:
        """The key no longer goes with the lease."""
        if lease in self._keys:
            self._keys[lease].pop(key, None)

    def end(self, lease: int) -> list[str]:
        """End a lease that there is. Returns its keys in order."""
        del self._leases[lease]
        return sorted(self._keys.pop(lease))
