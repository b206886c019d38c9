"""The kinds of storage.k8s.io."""

from kubeactors.api.storage.v1 import (
    csidriver,
    csinode,
    csistoragecapacity,
    storageclass,
    volumeattachment,
    volumeattributesclass,
)
from kubeactors.api.storage.v1.csidriver import CSIDriver
from kubeactors.api.storage.v1.csinode import CSINode
from kubeactors.api.storage.v1.csistoragecapacity import CSIStorageCapacity
from kubeactors.api.storage.v1.storageclass import StorageClass
from kubeactors.api.storage.v1.volumeattachment import VolumeAttachment
from kubeactors.api.storage.v1.volumeattributesclass import VolumeAttributesClass
from kubeactors.apimachinery.scheme import Kind

GROUP = "storage.k8s.io"

KINDS = (
    Kind(
        type=CSIDriver,
        group=GROUP,
        kind="CSIDriver",
        resource="csidrivers",
        singular="csidriver",
        namespaced=False,
        default=csidriver.default_csi_driver,
        validate=csidriver.validate_csi_driver,
        validate_update=csidriver.validate_csi_driver_update,
    ),
    Kind(
        type=CSINode,
        group=GROUP,
        kind="CSINode",
        resource="csinodes",
        singular="csinode",
        namespaced=False,
        validate=csinode.validate_csi_node,
        validate_update=csinode.validate_csi_node_update,
    ),
    Kind(
        type=CSIStorageCapacity,
        group=GROUP,
        kind="CSIStorageCapacity",
        resource="csistoragecapacities",
        singular="csistoragecapacity",
        validate=csistoragecapacity.validate_csi_storage_capacity,
        validate_update=csistoragecapacity.validate_csi_storage_capacity_update,
        warn=csistoragecapacity.warn_of_csi_storage_capacity,
    ),
    Kind(
        type=StorageClass,
        group=GROUP,
        kind="StorageClass",
        resource="storageclasses",
        singular="storageclass",
        short_names=("sc",),
        namespaced=False,
        default=storageclass.default_storage_class,
        validate=storageclass.validate_storage_class,
        validate_update=storageclass.validate_storage_class_update,
        warn=storageclass.warn_of_storage_class,
    ),
    Kind(
        type=VolumeAttachment,
        group=GROUP,
        kind="VolumeAttachment",
        resource="volumeattachments",
        singular="volumeattachment",
        namespaced=False,
        subresources=("status",),
        validate=volumeattachment.validate_volume_attachment,
        validate_update=volumeattachment.validate_volume_attachment_update,
    ),
    Kind(
        type=VolumeAttributesClass,
        group=GROUP,
        kind="VolumeAttributesClass",
        resource="volumeattributesclasses",
        singular="volumeattributesclass",
        short_names=("vac",),
        namespaced=False,
        validate=volumeattributesclass.validate_volume_attributes_class,
        validate_update=volumeattributesclass.validate_volume_attributes_class_update,
    ),
)
