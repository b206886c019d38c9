"""The storage of a pod: claims by name, and inline disks.

Source: pkg/scheduler/framework/plugins/volumerestrictions/volume_restrictions.go, isVolumeConflict;
component-helpers/storage/ephemeral (v1.36).
"""

from typing import NamedTuple

from kubeactors.api.core.v1 import Pod
from kubeactors.api.core.v1.volume import Volume

_SHARED = ("azure", "cinder", "portworx")


class Disk(NamedTuple):
    """A disk. Two RBD disks are the same if they share a monitor."""

    kind: str
    identity: tuple[str, ...]
    monitors: tuple[str, ...] = ()
    read_only: bool = False


def claims_of(pod: Pod) -> tuple[str, ...]:
    """The names of a pod's claims, those of its ephemeral volumes included.

    >>> claims_of(Pod())
    ()
    """
    return tuple([name for one in pod.spec.volumes if (name := claim_name(pod, one))])


def claim_name(pod: Pod, volume: Volume) -> str:
    """The claim of a volume; empty if it has none."""
    if volume.persistent_volume_claim is not None:
        return volume.persistent_volume_claim.claim_name
    return f"{pod.metadata.name}-{volume.name}" if volume.ephemeral is not None else ""


def disks_of(volumes: tuple[Volume, ...]) -> tuple[Disk, ...]:
    """The disks among the volumes."""
    return tuple([disk for one in volumes if (disk := _disk(one)) is not None])


def _disk(volume: Volume) -> Disk | None:
    if volume.gce_persistent_disk is not None:
        gce = volume.gce_persistent_disk
        return Disk("gce", (gce.pd_name,), read_only=gce.read_only)
    if volume.aws_elastic_block_store is not None:
        return Disk("aws", (volume.aws_elastic_block_store.volume_id,))
    if volume.iscsi is not None:
        return Disk("iscsi", (volume.iscsi.iqn,), read_only=volume.iscsi.read_only)
    if volume.rbd is not None:
        rbd = volume.rbd
        return Disk("rbd", (rbd.pool, rbd.image), tuple(sorted(rbd.monitors)), rbd.read_only)
    return _shared(volume)


def _shared(volume: Volume) -> Disk | None:
    """A disk that several pods of a node may share."""
    if volume.azure_disk is not None:
        return Disk("azure", (volume.azure_disk.disk_uri,))
    if volume.cinder is not None:
        return Disk("cinder", (volume.cinder.volume_id,))
    return None if volume.portworx_volume is None else Disk("portworx", (volume.portworx_volume.volume_id,))


def conflict(one: Disk, other: Disk) -> bool:
    """Whether two pods on one node cannot use both: they are the same disk, and not both read-only.

    >>> conflict(Disk("aws", ("v",)), Disk("aws", ("v",)))
    True
    >>> conflict(Disk("gce", ("d",), read_only=True), Disk("gce", ("d",), read_only=True))
    False
    """
    if (one.kind, one.identity) != (other.kind, other.identity) or (one.read_only and other.read_only):
        return False
    if one.kind in _SHARED:
        return False
    return one.kind != "rbd" or any(monitor in other.monitors for monitor in one.monitors)
