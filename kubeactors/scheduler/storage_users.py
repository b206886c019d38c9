"""Counts the users of claims and disks on each node."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from kubeactors.scheduler.disks import Disk
from kubeactors.scheduler.pod_info import PodInfo

_FIRST_CAPACITY = 16


class Claimed(NamedTuple):
    """A claim by namespace and name."""

    namespace: str
    name: str


def uses_of(pod: PodInfo) -> Iterable[Claimed | Disk]:
    """The claims and disks of a pod, each once."""
    return dict.fromkeys((*(Claimed(pod.group.namespace, one) for one in pod.claims), *pod.disks))


class StorageUsers:
    """Users of claims and disks by row."""

    def __init__(self) -> None:
        self.counts: npt.NDArray[np.int64] = np.zeros(_FIRST_CAPACITY, np.int64)
        """The number of distinct claims and disks in use by row. Grows by doubling, and is replaced when it does; rows
        beyond its end use none."""
        self._on: dict[int, dict[Claimed | Disk, int]] = {}
        self._users: dict[Claimed | Disk, int] = {}

    def add(self, pod: PodInfo, row: int, change: int) -> None:
        """Add a pod to the row (change 1), or remove it (-1)."""
        there = self._on.setdefault(row, {})
        for use in uses_of(pod):
            _tally(there, use, change)
            _tally(self._users, use, change)
        if row >= len(self.counts):
            self.counts = np.pad(self.counts, (0, max(row + 1, 2 * len(self.counts)) - len(self.counts)))
        self.counts[row] = len(there)
        if not there:
            del self._on[row]

    def of(self, use: Claimed | Disk) -> int:
        """The number of pods on nodes that use it."""
        return self._users.get(use, 0)

    def on(self, row: int) -> Mapping[Claimed | Disk, int]:
        """The claims and disks in use on a row, with the number of their users."""
        return MappingProxyType(self._on.get(row, {}))


def _tally(counts: dict[Claimed | Disk, int], use: Claimed | Disk, change: int) -> None:
    count = counts.get(use, 0) + change
    if count:
        counts[use] = count
    else:
        del counts[use]
