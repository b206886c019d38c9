"""The CSI driver and handle of a volume.

In-tree volumes of cloud providers are translated to their CSI drivers.

Source: k8s.io/csi-translation-lib/plugins/{aws_ebs,gce_pd,azure_disk,openstack_cinder,portworx}.go;
pkg/scheduler/framework/plugins/nodevolumelimits/csi.go, getCSIDriverInfo (v1.36).
"""

from typing import NamedTuple

from kubeactors.api.core.v1 import PersistentVolumeClaim
from kubeactors.api.core.v1.persistentvolume import PersistentVolume
from kubeactors.api.core.v1.persistentvolumeclaim import class_of_claim
from kubeactors.scheduler.disks import Disk
from kubeactors.scheduler.handle import Volumes

_DRIVERS = {
    "aws": "ebs.csi.aws.com",
    "gce": "pd.csi.storage.gke.io",
    "azure": "disk.csi.azure.com",
    "cinder": "cinder.csi.openstack.org",
    "portworx": "pxd.portworx.com",
}
_PROVISIONERS = {
    "kubernetes.io/aws-ebs": _DRIVERS["aws"],
    "kubernetes.io/gce-pd": _DRIVERS["gce"],
    "kubernetes.io/azure-disk": _DRIVERS["azure"],
    "kubernetes.io/cinder": _DRIVERS["cinder"],
    "kubernetes.io/portworx-volume": _DRIVERS["portworx"],
}
_ZONES = ("topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone")
_ANYWHERE = "UNSPECIFIED"


class Attachment(NamedTuple):
    """A volume by its driver and handle."""

    driver: str
    handle: str


def driver_of(provisioner: str) -> str:
    """The CSI driver for the provisioner of a StorageClass.

    >>> driver_of("kubernetes.io/aws-ebs"), driver_of("csi.example.com")
    ('ebs.csi.aws.com', 'csi.example.com')
    """
    return _PROVISIONERS.get(provisioner, provisioner)


def of_disk(disk: Disk) -> Attachment | None:
    """An inline volume of a pod; None if no CSI driver serves it."""
    return _of_kind(disk.kind, disk.identity[0], _ANYWHERE) if disk.kind in _DRIVERS else None


def of_volume(volume: PersistentVolume) -> Attachment | None:
    """A PersistentVolume; None if no CSI driver serves it."""
    spec = volume.spec
    if spec.csi is not None:
        return Attachment(spec.csi.driver, spec.csi.volume_handle)
    if spec.aws_elastic_block_store is not None:
        return _of_kind("aws", spec.aws_elastic_block_store.volume_id)
    if spec.gce_persistent_disk is not None:
        labels = volume.metadata.labels
        zone = next((labels[one] for one in _ZONES if one in labels), _ANYWHERE)
        return _of_kind("gce", spec.gce_persistent_disk.pd_name, zone)
    if spec.azure_disk is not None:
        return _of_kind("azure", spec.azure_disk.disk_uri)
    if spec.cinder is not None:
        return _of_kind("cinder", spec.cinder.volume_id)
    return None if spec.portworx_volume is None else _of_kind("portworx", spec.portworx_volume.volume_id)


def of_claim(claim: PersistentVolumeClaim, storage: Volumes) -> Attachment | None:
    """The volume of a claim, or the one that will be provisioned; None if no CSI driver serves it."""
    volume = storage.volumes.lister.get(claim.spec.volume_name) if claim.spec.volume_name else None
    if volume is not None:
        return of_volume(volume)
    name = class_of_claim(claim)
    found = storage.classes.lister.get(name) if name else None
    if found is None or not found.provisioner:
        return None
    # A driver's handles have no line breaks, so this one cannot collide.
    return Attachment(driver_of(found.provisioner), f"\n{claim.metadata.namespace}/{claim.metadata.name}")


def _of_kind(kind: str, name: str, zone: str = "") -> Attachment:
    if kind == "aws" and name.startswith("aws://"):
        name = name.rpartition("/")[2]
    if kind == "gce":
        zones = zone.split("__")
        place = f"zones/{zone}" if len(zones) == 1 else f"regions/{zones[0].rpartition('-')[0]}"
        name = f"projects/{_ANYWHERE}/{place}/disks/{name}"
    return Attachment(_DRIVERS[kind], name)
