"""Sources of PersistentVolumes, where they differ from those in pods: secrets may be in any namespace.

Source: k8s.io/api/core/v1/types.go (v1.36).
"""

import msgspec

from kubeactors.api.core.v1.references import ObjectReference, SecretReference
from kubeactors.apimachinery.meta import Object, always


class LocalVolumeSource(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A disk or directory of one node."""

    path: str = always("")
    fs_type: str | None = None


class GlusterfsPersistentVolumeSource(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A Glusterfs volume."""

    endpoints: str = always("")
    path: str = always("")
    read_only: bool = False
    endpoints_namespace: str | None = None


class RBDPersistentVolumeSource(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A Rados block device."""

    monitors: tuple[str, ...] = always(())
    image: str = always("")
    fs_type: str = ""
    pool: str = ""
    user: str = ""
    keyring: str = ""
    secret_ref: SecretReference | None = None
    read_only: bool = False


class ISCSIPersistentVolumeSource(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
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
    secret_ref: SecretReference | None = None
    initiator_name: str | None = None


class CinderPersistentVolumeSource(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A disk of OpenStack."""

    volume_id: str = msgspec.field(name="volumeID", default_factory=str)
    fs_type: str = ""
    read_only: bool = False
    secret_ref: SecretReference | None = None


class CephFSPersistentVolumeSource(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A Ceph file system."""

    monitors: tuple[str, ...] = always(())
    path: str = ""
    user: str = ""
    secret_file: str = ""
    secret_ref: SecretReference | None = None
    read_only: bool = False


class FlexPersistentVolumeSource(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A volume of a FlexVolume driver."""

    driver: str = always("")
    fs_type: str = ""
    secret_ref: SecretReference | None = None
    read_only: bool = False
    options: dict[str, str] = {}


class AzureFilePersistentVolumeSource(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A share of Azure Files."""

    secret_name: str = always("")
    share_name: str = always("")
    read_only: bool = False
    secret_namespace: str | None = always(None)


class ScaleIOPersistentVolumeSource(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A ScaleIO volume."""

    gateway: str = always("")
    system: str = always("")
    secret_ref: SecretReference | None = always(None)
    ssl_enabled: bool = False
    protection_domain: str = ""
    storage_pool: str = ""
    storage_mode: str = ""
    volume_name: str = ""
    fs_type: str = ""
    read_only: bool = False


class StorageOSPersistentVolumeSource(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A StorageOS volume."""

    volume_name: str = ""
    volume_namespace: str = ""
    fs_type: str = ""
    read_only: bool = False
    secret_ref: ObjectReference | None = None


class CSIPersistentVolumeSource(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A volume of a CSI driver."""

    driver: str = always("")
    volume_handle: str = always("")
    read_only: bool = False
    fs_type: str = ""
    volume_attributes: dict[str, str] = {}
    controller_publish_secret_ref: SecretReference | None = None
    node_stage_secret_ref: SecretReference | None = None
    node_publish_secret_ref: SecretReference | None = None
    controller_expand_secret_ref: SecretReference | None = None
    node_expand_secret_ref: SecretReference | None = None
