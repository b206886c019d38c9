"""Tracks the devices of each node and their holders, with a log of the nodes that changed."""

from collections.abc import Sequence

import numpy as np

from kubeactors.api.core.v1 import Node
from kubeactors.api.resource.v1 import DeviceClass, ResourceClaim, ResourceSlice
from kubeactors.api.resource.v1.request import DeviceClaim
from kubeactors.api.resource.v1.resourceclaim import AllocationResult
from kubeactors.apimachinery.cel import CelError
from kubeactors.scheduler.cache import Cache
from kubeactors.scheduler.changes import ChangeLog
from kubeactors.scheduler.cluster_event import Subject
from kubeactors.scheduler.device_allocation import Picked, allocate
from kubeactors.scheduler.devices import DeviceId, Offer, held_by, is_available_on, offers
from kubeactors.scheduler.handle import Devices
from kubeactors.scheduler.results import Mask

BY_NODE, BY_POOL, BY_DEVICE = "scheduler-node", "scheduler-pool", "scheduler-device"
"""Indexes: ResourceSlices by their node (empty if they have none) and by their pool; claims by their devices."""


class DeviceBook:
    """Devices by node, and their holders. Allocations in flight count as if they were written."""

    def __init__(self, devices: Devices, cache: Cache) -> None:
        devices.slices.add_indexes(
            {BY_NODE: lambda one: (one.spec.node_name or "",), BY_POOL: lambda one: (_pool(one),)}
        )
        devices.claims.add_indexes({BY_DEVICE: _held})
        self._slices = devices.slices.lister
        self._claims = devices.claims.lister
        self._classes = devices.classes.lister
        self._cache = cache
        self._local: dict[str, tuple[Offer, ...]] = {}
        self._shared: tuple[Offer, ...] | None = None
        self._in_flight: dict[str, AllocationResult] = {}
        """By the UID of the claim."""
        self._taken: dict[DeviceId, None] = {}
        """The devices that these allocations hold."""
        self.changes: ChangeLog = ChangeLog()
        """Rows whose devices, or whose free devices, have changed."""
        self.generation: int = 0
        """Incremented when that may have changed on all rows."""

    def class_of(self, name: str) -> DeviceClass | None:
        """The DeviceClass of this name."""
        return self._classes.get(name)

    def allocate(self, claims: Sequence[DeviceClaim], node: Node) -> tuple[tuple[Picked, ...], ...] | None:
        """The devices that the claims would be allocated on the node; None if they cannot be satisfied.

        Raises:
            CelError: an expression cannot be evaluated.
        """
        return allocate(claims, self._offers(node), self.class_of, self._is_taken)

    def is_in_flight(self, uid: str) -> bool:
        """Whether the claim's allocation is in flight."""
        return uid in self._in_flight

    def keep(self, uid: str, allocation: AllocationResult) -> None:
        """Note an allocation in flight."""
        self._in_flight[uid] = allocation
        for one in held_by(allocation):
            self._taken[one] = None
            self._changed(one)

    def forget(self, uid: str) -> None:
        """Drop an allocation in flight: it failed, or the informer shows it now."""
        for one in held_by(self._in_flight.pop(uid, None)):
            del self._taken[one]
            self._changed(one)

    def object_changed(self, old: Subject, new: Subject) -> None:
        """Apply a change of a slice, claim or class."""
        current = old if new is None else new
        if isinstance(current, ResourceSlice):
            for one in (old, new):
                if isinstance(one, ResourceSlice):
                    self._slice_changed(one)
        elif isinstance(current, DeviceClass):
            self.generation += 1
        elif isinstance(current, ResourceClaim):
            self._claim_changed(old, new, current.metadata.uid)

    def _slice_changed(self, one: ResourceSlice) -> None:
        name = one.spec.node_name
        if not name:
            self._shared = None
            self.generation += 1
            return
        self._local.pop(name, None)
        self._node_changed(name)

    def _claim_changed(self, old: Subject, new: Subject, uid: str) -> None:
        before = held_by(old.status.allocation) if isinstance(old, ResourceClaim) else ()
        after = held_by(new.status.allocation) if isinstance(new, ResourceClaim) else ()
        if before != after:
            for one in (*before, *after):
                self._changed(one)
        if not isinstance(new, ResourceClaim) or new.status.allocation is not None:
            self.forget(uid)

    def _changed(self, one: DeviceId) -> None:
        """The holder of the device has changed."""
        there = next(iter(self._slices.by_index(BY_POOL, f"{one.driver}/{one.pool}").values()), None)
        if there is not None and there.spec.node_name:
            self._node_changed(there.spec.node_name)
        else:
            self.generation += 1

    def _node_changed(self, name: str) -> None:
        info = self._cache.get(name)
        if info is not None:
            self.changes.add(info.row)

    def _offers(self, node: Node) -> tuple[Offer, ...]:
        name = node.metadata.name
        local = self._local.get(name)
        if local is None:
            local = self._local[name] = offers(self._slices.by_index(BY_NODE, name).values())
        if self._shared is None:
            self._shared = offers(self._slices.by_index(BY_NODE, "").values())
        return (*local, *(one for one in self._shared if is_available_on(one, node))) if self._shared else local

    def _is_taken(self, one: DeviceId) -> bool:
        return one in self._taken or bool(self._claims.by_index(BY_DEVICE, "/".join(one)))


class AllocatableView:
    """The nodes on which claims of one shape can be satisfied; recomputed only where something changed."""

    def __init__(self, claims: Sequence[DeviceClaim], book: DeviceBook, cache: Cache) -> None:
        self._claims = claims
        self._book = book
        self._cache = cache
        self._generation = -1
        self._position = 0
        self._node_position = 0
        self._mask: Mask = np.zeros(0, np.bool_)
        self.error: str = ""
        """The error that prevents an answer; empty if there is none."""

    def close(self) -> None:
        """Nothing to release."""

    def rows(self) -> Mask:
        """The rows on which the claims can be satisfied now."""
        rows = self._changed()
        self._generation = self._book.generation
        self._position, self._node_position = self._book.changes.position, self._cache.node_changes.position
        try:
            for row in rows:
                self._mask[row] = self._is_possible(row)
        except CelError as error:
            self.error, self._generation = str(error), -1
        return self._mask

    def _changed(self) -> list[int]:
        """The rows to recompute."""
        capacity = self._cache.table.capacity
        there, nodes = self._book.changes.since(self._position), self._cache.node_changes.since(self._node_position)
        is_stale = self._generation != self._book.generation or len(self._mask) != capacity
        if there is not None and nodes is not None and not is_stale:
            return [*there, *nodes]
        self._mask, self.error = np.zeros(capacity, np.bool_), ""
        return list(range(len(self._cache.rows)))

    def _is_possible(self, row: int) -> bool:
        info = self._cache.rows[row]
        if info is None or info.node is None:
            return False
        return self._book.allocate(self._claims, info.node) is not None


def _pool(one: ResourceSlice) -> str:
    return f"{one.spec.driver}/{one.spec.pool.name}"


def _held(claim: ResourceClaim) -> tuple[str, ...]:
    return tuple("/".join(one) for one in held_by(claim.status.allocation))
