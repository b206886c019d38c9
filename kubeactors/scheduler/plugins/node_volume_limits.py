"""NodeVolumeLimits: the number of volumes of a driver on a node is limited by its CSINode.

Source: pkg/scheduler/framework/plugins/nodevolumelimits/csi.go (v1.36). `preventPodSchedulingIfMissing` of a CSIDriver
is of no effect, as in the original: the feature VolumeLimitScaling is off.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import numpy.typing as npt

from kubeactors.api.core.v1 import Pod
from kubeactors.api.storage.v1 import CSINode, VolumeAttachment
from kubeactors.client.indexer import Lister
from kubeactors.scheduler import csi
from kubeactors.scheduler.cluster_event import Action, Hint, Resource, Subject
from kubeactors.scheduler.csi import Attachment
from kubeactors.scheduler.disks import Disk, claims_of, disks_of
from kubeactors.scheduler.framework import View
from kubeactors.scheduler.handle import Handle
from kubeactors.scheduler.node_masks import RefusalView
from kubeactors.scheduler.plugins.volume_restrictions import is_its_claim
from kubeactors.scheduler.pod_info import PodInfo
from kubeactors.scheduler.results import Code, Mask, Status
from kubeactors.scheduler.storage_users import Claimed, uses_of

NAME = "NodeVolumeLimits"
BY_NODE = "scheduler-node"
"""Index: VolumeAttachments by node."""

_FULL = Status(Code.UNSCHEDULABLE, ("node(s) exceed max volume count",), NAME)
_UNLIMITED = 1 << 62


class NodeVolumeLimits:
    """Rejects nodes that would exceed the limit of a driver with the volumes of the pod."""

    name = NAME
    weight = 0

    def __init__(self, handle: Handle) -> None:
        self._cache = handle.cache
        self._storage = handle.volumes
        self._limits: dict[str, npt.NDArray[np.int64]] = {}
        """The limits, by driver and row."""
        self._known = (-1, -1, -1)
        """The state from which limits were read: revision and number of the CSINodes, and the capacity of the table."""
        self._position = 0
        """The position in the log of node changes."""
        if self._storage is not None:
            self._storage.attachments.add_indexes({BY_NODE: lambda one: (one.spec.node_name,)})

    def view(self, pod: PodInfo) -> View | None:
        """None if no volume of the pod is subject to a limit on any node."""
        if not pod.claims and not pod.disks:
            return None
        limits = self._current_limits()
        wanted = [one for one in self._attachments(uses_of(pod)) if one.driver in limits] if limits else []
        return RefusalView(lambda: self._refusals(tuple(dict.fromkeys(wanted)))) if wanted else None

    def hints(self) -> tuple[Hint, ...]:
        """A node's limit grows, a pod with volumes is deleted, a volume is detached, a claim is added."""
        return (
            Hint(Resource.CSI_NODE, Action.ADD),
            Hint(Resource.CSI_NODE, Action.UPDATE, _takes_more),
            Hint(Resource.ASSIGNED_POD, Action.DELETE, _had_volumes),
            Hint(Resource.VOLUME_ATTACHMENT, Action.DELETE, self._is_of_its_driver),
            Hint(Resource.PERSISTENT_VOLUME_CLAIM, Action.ADD, is_its_claim),
        )

    def _refusals(self, wanted: tuple[Attachment, ...]) -> list[tuple[Status, Mask]]:
        mask = np.zeros(self._cache.table.capacity, np.bool_)
        for row in self._doubtful(Counter(one.driver for one in wanted)):
            mask[row] = self._is_full(row, wanted)
        return [(_FULL, mask)] if mask.any() else []

    def _doubtful(self, wanted: Mapping[str, int]) -> list[int]:
        """The rows that would be full if all volumes in use were of one driver; only these need an exact count."""
        used = np.zeros(self._cache.table.capacity, np.int64)
        counts = self._cache.population.storage.counts[: len(used)]
        used[: len(counts)] = counts
        assert self._storage is not None  # there are limits
        if len(self._storage.attachments.lister):
            for info in self._cache:
                used[info.row] += len(self._storage.attachments.lister.by_index(BY_NODE, info.name))
        doubtful = np.zeros(len(used), np.bool_)
        for driver, count in wanted.items():
            doubtful |= used + count > self._limits[driver]
        return [int(row) for row in np.flatnonzero(doubtful)]

    def _is_full(self, row: int, wanted: tuple[Attachment, ...]) -> bool:
        info = self._cache.rows[row]
        there = dict.fromkeys(self._attachments(self._cache.population.storage.on(row)))
        there |= dict.fromkeys(self._attached(info.name) if info is not None else ())
        used = Counter(one.driver for one in there)
        added = Counter(one.driver for one in wanted if one not in there)
        return any(used[driver] + count > self._limits[driver][row] for driver, count in added.items())

    def _attachments(self, uses: Iterable[Claimed | Disk]) -> Iterator[Attachment]:
        for use in uses:
            found = csi.of_disk(use) if isinstance(use, Disk) else self._of_claim(use)
            if found is not None:
                yield found

    def _of_claim(self, use: Claimed) -> Attachment | None:
        assert self._storage is not None  # there are limits
        claim = self._storage.claims.lister.get(use.name, use.namespace)
        return None if claim is None else csi.of_claim(claim, self._storage)

    def _attached(self, node_name: str) -> Iterator[Attachment]:
        """The volumes that are attached or being attached, in use or not."""
        assert self._storage is not None  # there are limits
        for one in self._storage.attachments.lister.by_index(BY_NODE, node_name).values():
            name = one.spec.source.persistent_volume_name
            volume = self._storage.volumes.lister.get(name) if name else None
            found = csi.of_volume(volume) if volume is not None else None
            if found is not None:
                yield Attachment(one.spec.attacher, found.handle)

    def _current_limits(self) -> Mapping[str, npt.NDArray[np.int64]]:
        if self._storage is None:
            return {}
        nodes, log = self._storage.nodes.lister, self._cache.node_changes
        known = (nodes.revision, len(nodes), self._cache.table.capacity)
        rows = log.since(self._position) if known == self._known else None
        if rows is None:
            self._limits, self._known = {}, known
            rows = list(range(len(self._cache.rows)))
        for row in rows:
            self._read_limits(row, nodes)
        self._position = log.position
        return self._limits

    def _read_limits(self, row: int, nodes: Lister[CSINode]) -> None:
        for limits in self._limits.values():
            limits[row] = _UNLIMITED
        info = self._cache.rows[row]
        node = nodes.get(info.name) if info is not None else None
        for driver, count in limits_of(node).items() if node is not None else ():
            if driver not in self._limits:
                self._limits[driver] = np.full(self._cache.table.capacity, _UNLIMITED, np.int64)
            self._limits[driver][row] = count

    def _is_of_its_driver(self, pod: PodInfo, old: Subject, _: Subject) -> bool:
        if not isinstance(old, VolumeAttachment) or self._storage is None:
            return False
        return any(one.driver == old.spec.attacher for one in self._attachments(uses_of(pod)))


def limits_of(node: CSINode) -> dict[str, int]:
    """The node's limits, by driver; drivers without a limit are left out.

    >>> limits_of(CSINode())
    {}
    """
    counts = ((one.name, one.allocatable.count) for one in node.spec.drivers or () if one.allocatable is not None)
    return {name: count for name, count in counts if count is not None}


def _takes_more(_: PodInfo, old: Subject, new: Subject) -> bool:
    if not isinstance(old, CSINode) or not isinstance(new, CSINode):
        return False
    before = limits_of(old)
    return any(count > before.get(driver, 0) for driver, count in limits_of(new).items())


def _had_volumes(_: PodInfo, old: Subject, __: Subject) -> bool:
    return isinstance(old, Pod) and bool(claims_of(old) or disks_of(old.spec.volumes))
