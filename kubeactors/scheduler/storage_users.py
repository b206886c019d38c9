"""Which claims and disks the pods of each node use."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from kubeactors.scheduler.disks import Disk
from kubeactors.scheduler.pod_info import PodInfo

_FIRST_CAPACITY = 16


class Claimed(NamedTuple):
    """A claim."""

    namespace: str
    name: str


def uses_of(pod: PodInfo) -> Iterable[Claimed | Disk]:
    """What a pod uses, each once."""
    return dict.fromkeys((*(Claimed(pod.group.namespace, one) for one in pod.claims), *pod.disks))


class StorageUsers:
    """Counts by row. What several pods of a row use counts once there."""

    def __init__(self) -> None:
        self.counts: npt.NDArray[np.int64] = np.zeros(_FIRST_CAPACITY, np.int64)
        """How many claims and disks each row uses. Grows by doubling, and is replaced when it does; rows beyond its end
        use none."""
        self._on: dict[int, dict[Claimed | Disk, int]] = {}
        self._users: dict[Claimed | Disk, int] = {}

    def add(self, pod: PodInfo, row: int, change: int) -> None:
        """The pod came to the row (1) or left it (-1)."""
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
        """How many pods on nodes use it."""
        return self._users.get(use, 0)

    def on(self, row: int) -> Mapping[Claimed | Disk, int]:
        """What the pods of a row use, and how many of them."""
        return MappingProxyType(self._on.get(row, {}))


def _tally(counts: dict[Claimed | Disk, int], use: Claimed | Disk, change: int) -> None:
    count = counts.get(use, 0) + change
    if count:
        counts[use] = count
    else:
        del counts[use]
