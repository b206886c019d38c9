"""Leases, and the keys that are deleted when they end. Time is the store's: it sets the timers."""

from collections.abc import Iterator

import msgspec


class Lease(msgspec.Struct, frozen=True):
    """A lease: it expires if it is not renewed within its time to live."""

    id: int
    ttl_seconds: int


class Leases:
    """The present leases, and the keys attached to each. Ids are never reused."""

    __slots__ = ("_keys", "_leases", "last")

    def __init__(self) -> None:
        self.last: int = 0
        """The last id that was given out."""
        self._leases: dict[int, Lease] = {}
        self._keys: dict[int, dict[str, None]] = {}

    def copy(self) -> "Leases":
        """An independent copy."""
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
        """The lease with this id, if it has not ended."""
        return self._leases.get(lease)

    def grant(self, ttl_seconds: int) -> Lease:
        """Grant a lease."""
        lease = Lease(self.last + 1, ttl_seconds)
        self.restore(lease)
        return lease

    def restore(self, lease: Lease) -> None:
        """Add a lease that was granted before."""
        self.last = max(self.last, lease.id)
        self._leases[lease.id] = lease
        self._keys[lease.id] = {}

    def attach(self, lease: int, key: str) -> None:
        """Attach a key to the lease, if that has not ended."""
        if lease in self._keys:
            self._keys[lease][key] = None

    def detach(self, lease: int, key: str) -> None:
        """Detach a key from the lease."""
        if lease in self._keys:
            self._keys[lease].pop(key, None)

    def end(self, lease: int) -> list[str]:
        """Remove a present lease. Returns its keys, in order."""
        del self._leases[lease]
        return sorted(self._keys.pop(lease))
