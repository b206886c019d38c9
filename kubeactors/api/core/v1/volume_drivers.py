"""In-tree volume sources of network file systems, disks and clouds.

Source: k8s.io/api/core/v1/types.go (v1.36).
"""

import msgspec

from kubeactors.api.core.v1.references import LocalObjectReference
from kubeactors.apimachinery.meta import Object, always


class NFSVolumeSource(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """An NFS export."""

    server: str = always("")
    path: str = always("")
    read_only: bool = False


class ISCSIVolumeSource(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """An iSCSI disk."""

    target_portal: str = always("")
    iqn: str = always("")
    lun: int = always(0)
    iscsi_interface: str = ""
    fs_type: str = ""
    read_only: bool = False
    portals: tuple[str, ...] = ()
    chap_auth_discovery: bool = False
    chap_auth_session: bool = False
    secret_ref: LocalObjectReference | None = None
    initiator_name: str | None = None


class FCVolumeSource(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A Fibre Channel disk."""

    target_ww_ns: tuple[str, ...] = msgspec.field(name="targetWWNs", default=())
    lun: int | None = None
    fs_type: str = ""
    read_only: bool = False
    wwids: tuple[str, ...] = ()


class GlusterfsVolumeSource(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A Glusterfs volume."""

    endpoints: str = always("")
    path: str = always("")
    read_only: bool = False


class RBDVolumeSource(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A Rados block device."""

    monitors: tuple[str, ...] = always(())
    image: str = always("")
    fs_type: str = ""
    pool: str = ""
    user: str = ""
    keyring: str = ""
    secret_ref: LocalObjectReference | None = None
    read_only: bool = False


class CephFSVolumeSource(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A Ceph file system."""

    monitors: tuple[str, ...] = always(())
    path: str = ""
    user: str = ""
    secret_file: str = ""
    secret_ref: LocalObjectReference | None = None
    read_only: bool = False


class CinderVolumeSource(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """An OpenStack Cinder disk."""

    volume_id: str = msgspec.field(name="volumeID", default_factory=str)
    fs_type: str = ""
    read_only: bool = False
    secret_ref: LocalObjectReference | None = None


class FlexVolumeSource(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A volume of an exec-based driver."""

    driver: str = always("")
    fs_type: str = ""
    secret_ref: LocalObjectReference | None = None
    read_only: bool = False
    options: dict[str, str] = {}


class FlockerVolumeSource(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A Flocker dataset."""

    dataset_name: str = ""
    dataset_uuid: str = msgspec.field(name="datasetUUID", default="")


class GitRepoVolumeSource(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A clone of a git repository. Deprecated."""

    repository: str = always("")
    revision: str = ""
    directory: str = ""


class GCEPersistentDiskVolumeSource(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A disk of Google Compute Engine."""

    pd_name: str = always("")
    fs_type: str = ""
    partition: int = 0
    read_only: bool = False


class AWSElasticBlockStoreVolumeSource(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A disk of Amazon EC2."""

    volume_id: str = msgspec.field(name="volumeID", default_factory=str)
    fs_type: str = ""
    partition: int = 0
    read_only: bool = False


class AzureFileVolumeSource(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A file share of Azure."""

    secret_name: str = always("")
    share_name: str = always("")
    read_only: bool = False


class AzureDiskVolumeSource(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A disk of Azure."""

    disk_name: str = always("")
    disk_uri: str = msgspec.field(name="diskURI", default_factory=str)
    caching_mode: str | None = None
    fs_type: str | None = None
    read_only: bool | None = None
    kind: str | None = None


class VsphereVirtualDiskVolumeSource(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A disk of vSphere."""

    volume_path: str = always("")
    fs_type: str = ""
    storage_policy_name: str = ""
    storage_policy_id: str = msgspec.field(name="storagePolicyID", default="")


class PhotonPersistentDiskVolumeSource(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A disk of Photon Controller."""

    pd_id: str = msgspec.field(name="pdID", default_factory=str)
    fs_type: str = ""


class QuobyteVolumeSource(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A Quobyte volume."""

    registry: str = always("")
    volume: str = always("")
    read_only: bool = False
    user: str = ""
    group: str = ""
    tenant: str = ""


class PortworxVolumeSource(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A Portworx volume."""

    volume_id: str = msgspec.field(name="volumeID", default_factory=str)
    fs_type: str = ""
    read_only: bool = False


class ScaleIOVolumeSource(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A ScaleIO volume."""

    gateway: str = always("")
    system: str = always("")
    secret_ref: LocalObjectReference | None = always(None)
    ssl_enabled: bool = False
    protection_domain: str = ""
    storage_pool: str = ""
    storage_mode: str = ""
    volume_name: str = ""
    fs_type: str = ""
    read_only: bool = False


class StorageOSVolumeSource(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A StorageOS volume."""

    volume_name: str = ""
    volume_namespace: str = ""
    fs_type: str = ""
    read_only: bool = False
    secret_ref: LocalObjectReference | None = None
