"""storage.k8s.io/v1: storage classes, CSI drivers and volume attachments."""

from kubeactors.api.storage.v1.csidriver import CSIDriver
from kubeactors.api.storage.v1.csinode import CSINode
from kubeactors.api.storage.v1.csistoragecapacity import CSIStorageCapacity
from kubeactors.api.storage.v1.storageclass import StorageClass
from kubeactors.api.storage.v1.volumeattachment import VolumeAttachment

__all__ = ["CSIDriver", "CSINode", "CSIStorageCapacity", "StorageClass", "VolumeAttachment"]
