"""PersistentVolume: a piece of storage in the cluster.

Source: k8s.io/api/core/v1/types.go (v1.36).
"""

from typing import Annotated

import msgspec

from kubeactors.api.core.v1.affinity import NodeSelector
from kubeactors.api.core.v1.persistentvolumeclaim import CLASS_ANNOTATION
from kubeactors.api.core.v1.references import ObjectReference
from kubeactors.api.core.v1.volume import HostPathVolumeSource
from kubeactors.api.core.v1.volume_drivers import (
    AWSElasticBlockStoreVolumeSource,
    AzureDiskVolumeSource,
    FCVolumeSource,
    FlockerVolumeSource,
    GCEPersistentDiskVolumeSource,
    NFSVolumeSource,
    PhotonPersistentDiskVolumeSource,
    PortworxVolumeSource,
    QuobyteVolumeSource,
    VsphereVirtualDiskVolumeSource,
)
from kubeactors.api.core.v1.volume_sources import (
    AzureFilePersistentVolumeSource,
    CephFSPersistentVolumeSource,
    CinderPersistentVolumeSource,
    CSIPersistentVolumeSource,
    FlexPersistentVolumeSource,
    GlusterfsPersistentVolumeSource,
    ISCSIPersistentVolumeSource,
    LocalVolumeSource,
    RBDPersistentVolumeSource,
    ScaleIOPersistentVolumeSource,
    StorageOSPersistentVolumeSource,
)
from kubeactors.apimachinery.meta import GRANULAR, Object, Quantity, Time, TypedObject, always

PENDING, AVAILABLE, BOUND, RELEASED, FAILED = "Pending", "Available", "Bound", "Released", "Failed"
"""The phases of a volume. Released: its claim is deleted, and it is not reclaimed yet."""
RETAIN, RECYCLE, DELETE = "Retain", "Recycle", "Delete"
"""The reclaim policies of a released volume."""


class VolumeNodeAffinity(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The nodes that can access the volume."""

    required: NodeSelector | None = None


class PersistentVolumeSpec(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The capacity, source and claim of the volume; exactly one source is set."""

    capacity: dict[str, Quantity] = {}
    gce_persistent_disk: GCEPersistentDiskVolumeSource | None = None
    aws_elastic_block_store: AWSElasticBlockStoreVolumeSource | None = None
    host_path: HostPathVolumeSource | None = None
    glusterfs: GlusterfsPersistentVolumeSource | None = None
    nfs: NFSVolumeSource | None = None
    rbd: RBDPersistentVolumeSource | None = None
    iscsi: ISCSIPersistentVolumeSource | None = None
    cinder: CinderPersistentVolumeSource | None = None
    cephfs: CephFSPersistentVolumeSource | None = None
    fc: FCVolumeSource | None = None
    flocker: FlockerVolumeSource | None = None
    flex_volume: FlexPersistentVolumeSource | None = None
    azure_file: AzureFilePersistentVolumeSource | None = None
    vsphere_volume: VsphereVirtualDiskVolumeSource | None = None
    quobyte: QuobyteVolumeSource | None = None
    azure_disk: AzureDiskVolumeSource | None = None
    photon_persistent_disk: PhotonPersistentDiskVolumeSource | None = None
    portworx_volume: PortworxVolumeSource | None = None
    scale_io: ScaleIOPersistentVolumeSource | None = msgspec.field(name="scaleIO", default=None)
    local: LocalVolumeSource | None = None
    storageos: StorageOSPersistentVolumeSource | None = None
    csi: CSIPersistentVolumeSource | None = None
    access_modes: tuple[str, ...] = ()
    claim_ref: Annotated[ObjectReference, GRANULAR] | None = None
    persistent_volume_reclaim_policy: str = ""
    storage_class_name: str = ""
    mount_options: tuple[str, ...] = ()
    volume_mode: str | None = None
    node_affinity: VolumeNodeAffinity | None = None
    volume_attributes_class_name: str | None = None


SOURCES = PersistentVolumeSpec.__struct_fields__[1 : PersistentVolumeSpec.__struct_fields__.index("access_modes")]
"""The fields that are sources."""


class PersistentVolumeStatus(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The phase of the volume; `reason` and `message` describe failures."""

    phase: str = ""
    message: str = ""
    reason: str = ""
    last_phase_transition_time: Time | None = None


class PersistentVolume(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A piece of storage in the cluster."""

    api_version: str = "v1"
    kind: str = "PersistentVolume"
    spec: PersistentVolumeSpec = always(PersistentVolumeSpec())
    status: PersistentVolumeStatus = always(PersistentVolumeStatus())


def class_of_volume(volume: PersistentVolume) -> str:
    """The name of the storage class that the volume belongs to; empty if it belongs to none."""
    return volume.metadata.annotations.get(CLASS_ANNOTATION) or volume.spec.storage_class_name
