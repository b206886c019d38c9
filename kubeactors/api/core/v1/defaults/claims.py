"""Defaults of PersistentVolumeClaims and PersistentVolumes.

Source: pkg/apis/core/v1/defaults.go (v1.36).
"""

from typing import TypeVar

from kubeactors.api.core.v1.defaults.common import filled, optional
from kubeactors.api.core.v1.defaults.volumes import default_azure_disk
from kubeactors.api.core.v1.persistentvolume import PENDING as VOLUME_PENDING
from kubeactors.api.core.v1.persistentvolume import RETAIN, PersistentVolume
from kubeactors.api.core.v1.persistentvolumeclaim import PENDING, PersistentVolumeClaim
from kubeactors.api.core.v1.volume_sources import RBDPersistentVolumeSource, ScaleIOPersistentVolumeSource

FILESYSTEM = "Filesystem"

C = TypeVar("C", bound=PersistentVolumeClaim)


def default_claim(claim: C) -> C:
    """Volume mode Filesystem, and phase Pending.

    >>> default_claim(PersistentVolumeClaim()).status.phase
    'Pending'
    """
    return filled(
        claim,
        spec=filled(claim.spec, volume_mode=claim.spec.volume_mode or FILESYSTEM),
        status=filled(claim.status, phase=claim.status.phase or PENDING),
    )


def default_volume_object(volume: PersistentVolume) -> PersistentVolume:
    """Volume mode Filesystem, and reclaim policy Retain."""
    spec, status = volume.spec, volume.status
    made = filled(
        spec,
        persistent_volume_reclaim_policy=spec.persistent_volume_reclaim_policy or RETAIN,
        volume_mode=FILESYSTEM if spec.volume_mode is None else spec.volume_mode,
        host_path=optional(spec.host_path, lambda one: filled(one, type=one.type or "")),
        iscsi=optional(spec.iscsi, lambda one: filled(one, iscsi_interface=one.iscsi_interface or "default")),
        rbd=optional(spec.rbd, _default_rbd),
        scale_io=optional(spec.scale_io, _default_scale_io),
        azure_disk=optional(spec.azure_disk, default_azure_disk),
    )
    return filled(volume, spec=made, status=filled(status, phase=status.phase or VOLUME_PENDING))


def _default_rbd(source: RBDPersistentVolumeSource) -> RBDPersistentVolumeSource:
    return filled(
        source,
        pool=source.pool or "rbd",
        user=source.user or "admin",
        keyring=source.keyring or "/etc/ceph/keyring",
    )


def _default_scale_io(source: ScaleIOPersistentVolumeSource) -> ScaleIOPersistentVolumeSource:
    return filled(source, storage_mode=source.storage_mode or "ThinProvisioned", fs_type=source.fs_type or "xfs")
