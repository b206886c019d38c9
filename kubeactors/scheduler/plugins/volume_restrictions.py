"""VolumeRestrictions: disks and claims that only one pod can use.

Source: pkg/scheduler/framework/plugins/volumerestrictions/volume_restrictions.go (v1.36).
"""

import numpy as np

from kubeactors.api.core.v1 import PersistentVolumeClaim, Pod
from kubeactors.scheduler.cluster_event import Action, Hint, Resource, Subject
from kubeactors.scheduler.disks import claims_of, conflict, disks_of
from kubeactors.scheduler.framework import View
from kubeactors.scheduler.handle import Handle
from kubeactors.scheduler.node_info import NodeInfo
from kubeactors.scheduler.node_masks import RefusalView
from kubeactors.scheduler.pod_info import PodInfo
from kubeactors.scheduler.results import Code, Mask, Status
from kubeactors.scheduler.storage_users import Claimed

NAME = "VolumeRestrictions"
READ_WRITE_ONCE_POD = "ReadWriteOncePod"

_TAKEN = Status(Code.UNSCHEDULABLE, ("node(s) had no available disk",), NAME)
_IN_USE = Status(
    Code.UNSCHEDULABLE,
    ("node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode",),
    NAME,
)


class VolumeRestrictions:
    """Rejects nodes on which the pod's disks are in use, and all nodes while its ReadWriteOncePod claim is in use."""

    name = NAME
    static = False
    weight = 0

    def __init__(self, handle: Handle) -> None:
        self._cache = handle.cache
        self._claims = handle.volumes.claims.lister if handle.volumes is not None else None

    def pre_filter(self, pod: PodInfo) -> Status | None:
        """Reject the pod unless its claims exist."""
        for name in pod.claims:
            if self._claims is not None and self._claims.get(name, pod.group.namespace) is None:
                return Status(Code.UNSCHEDULABLE_AND_UNRESOLVABLE, (f'persistentvolumeclaim "{name}" not found',), NAME)
        return None

    def skips(self, pod: PodInfo) -> bool:
        """Skip pods without inline disks."""
        return not pod.disks

    def filter(self, pod: PodInfo, node: NodeInfo) -> Status | None:
        """Compare with the disks of the pods on the node."""
        there = [disk for one in node.pods.values() for disk in one.disks]
        return _TAKEN if any(conflict(one, other) for one in pod.disks for other in there) else None

    def view(self, pod: PodInfo) -> View | None:
        """None if the pod has no ReadWriteOncePod claim."""
        alone = [name for name in pod.claims if self._is_exclusive(pod.group.namespace, name)]
        return RefusalView(lambda: self._refusals(pod.group.namespace, alone)) if alone else None

    def hints(self) -> tuple[Hint, ...]:
        """A pod that used the disk or the claim is deleted; a node or a claim is added."""
        return (
            Hint(Resource.ASSIGNED_POD, Action.DELETE, _freed_something),
            Hint(Resource.NODE, Action.ADD),
            Hint(Resource.PERSISTENT_VOLUME_CLAIM, Action.ADD | Action.UPDATE, is_its_claim),
        )

    def _is_exclusive(self, namespace: str, name: str) -> bool:
        claim = self._claims.get(name, namespace) if self._claims is not None else None
        return claim is not None and READ_WRITE_ONCE_POD in claim.spec.access_modes

    def _refusals(self, namespace: str, claims: list[str]) -> list[tuple[Status, Mask]]:
        storage = self._cache.population.storage
        if not any(storage.of(Claimed(namespace, one)) for one in claims):
            return []
        return [(_IN_USE, np.ones(self._cache.table.capacity, np.bool_))]


def is_its_claim(pod: PodInfo, _: Subject, new: Subject) -> bool:
    """Whether the object is one of the pod's claims."""
    if not isinstance(new, PersistentVolumeClaim):
        return False
    return new.metadata.namespace == pod.group.namespace and new.metadata.name in pod.claims


def _freed_something(pod: PodInfo, old: Subject, _: Subject) -> bool:
    if not isinstance(old, Pod):
        return False
    if old.metadata.namespace == pod.group.namespace and any(one in pod.claims for one in claims_of(old)):
        return True
    return any(conflict(one, other) for one in pod.disks for other in disks_of(old.spec.volumes))
