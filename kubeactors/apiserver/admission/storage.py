"""Plug-ins for claims and volumes: StorageObjectInUseProtection, DefaultStorageClass, PersistentVolumeClaimResize.

Source: plugin/pkg/admission/storage/{storageobjectinuseprotection,persistentvolume/resize},
plugin/pkg/admission/storage/storageclass/setdefault (v1.36).
"""

from collections.abc import Iterable
from typing import cast

from msgspec.structs import replace

from kubeactors.api.classes import with_default_class
from kubeactors.api.core.v1.persistentvolumeclaim import PersistentVolumeClaim, class_of_claim
from kubeactors.api.storage.v1.storageclass import StorageClass
from kubeactors.apimachinery import quantity
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import GroupVersionResource
from kubeactors.apimachinery.scheme import Kind
from kubeactors.apiserver.admission.plugin import CREATE, UPDATE, Attributes, Lookup, Plugin, refused
from kubeactors.apiserver.objects import with_metadata

CLAIMS = GroupVersionResource("", "v1", "persistentvolumeclaims")
VOLUMES = GroupVersionResource("", "v1", "persistentvolumes")
CLASSES = GroupVersionResource("storage.k8s.io", "v1", "storageclasses")

CLAIM_PROTECTION, VOLUME_PROTECTION = "kubernetes.io/pvc-protection", "kubernetes.io/pv-protection"


class StorageObjectInUseProtection(Plugin):
    """Adds finalizers that protect claims and volumes in use."""

    def concerns(self, kind: Kind[TypedObject], subresource: str, operation: str) -> bool:
        """Creation of claims and volumes."""
        return kind.gvr in (CLAIMS, VOLUMES) and not subresource and operation == CREATE

    def admit(self, value: TypedObject, attributes: Attributes) -> TypedObject:
        """The object with its finalizer."""
        finalizer = CLAIM_PROTECTION if attributes.kind.gvr == CLAIMS else VOLUME_PROTECTION
        metadata = value.metadata
        if finalizer in metadata.finalizers:
            return value
        return with_metadata(value, replace(metadata, finalizers=(*metadata.finalizers, finalizer)))


class DefaultStorageClass(Plugin):
    """Sets the default class on claims without one; of several the newest."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup

    def concerns(self, kind: Kind[TypedObject], subresource: str, operation: str) -> bool:
        """Creation of claims."""
        return kind.gvr == CLAIMS and not subresource and operation == CREATE

    def admit(self, value: TypedObject, attributes: Attributes) -> TypedObject:
        """The claim with a class, if there is a default one."""
        del attributes
        classes = cast("Iterable[StorageClass]", self._lookup.select(CLASSES))
        return with_default_class(cast("PersistentVolumeClaim", value), classes)


class PersistentVolumeClaimResize(Plugin):
    """Allows expansion of a claim only if its class does."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup

    def concerns(self, kind: Kind[TypedObject], subresource: str, operation: str) -> bool:
        """Updates of claims."""
        return kind.gvr == CLAIMS and not subresource and operation == UPDATE

    def validate(self, value: TypedObject | None, attributes: Attributes) -> None:
        """Reject expansions that the class does not allow."""
        new, old = cast("PersistentVolumeClaim", value), cast("PersistentVolumeClaim", attributes.old)
        after = new.spec.resources.requests.get("storage", "0")
        if quantity.compare(after, old.spec.resources.requests.get("storage", "0")) <= 0:
            return
        if old.status.phase != "Bound":
            raise refused(value, attributes, "Only bound persistent volume claims can be expanded")
        found = cast("StorageClass | None", self._lookup.get(CLASSES, "", class_of_claim(old)))
        if found is None or not found.allow_volume_expansion:
            why = (
                "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc "
                "must support resize"
            )
            raise refused(value, attributes, why)
