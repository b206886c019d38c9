"""Leases of the store for objects that expire: events.

Source: apiserver/pkg/storage/etcd3/lease_manager.go (v1.36).
"""

from kubeactors.apiserver.registry.metadata import Environment
from kubeactors.apiserver.registry.storage import Stored

SECOND = 1_000_000_000
SHARED_SECONDS = 60
"""Objects written within this time share a lease, and may live this much longer."""


class Leases:
    """A shared lease per time to live, replaced every minute."""

    def __init__(self, stored: Stored, environment: Environment) -> None:
        self._stored = stored
        self._environment = environment
        self._current: dict[int, tuple[int, int]] = {}

    async def lease(self, seconds: int) -> int:
        """A lease that expires after `seconds`, or up to a minute later."""
        lease, until = self._current.get(seconds, (0, 0))
        if self._environment.wall >= until:
            lease = await self._stored.lease(seconds + SHARED_SECONDS)
            self._current[seconds] = (lease, self._environment.wall + SHARED_SECONDS * SECOND)
        return lease
