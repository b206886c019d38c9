"""The default class where none is named.

Source: pkg/volume/util/storageclass.go, plugin/pkg/admission/network/defaultingressclass/admission.go (v1.36).
"""

from collections.abc import Iterable

from msgspec.structs import replace

from kubeactors.api.core.v1.persistentvolumeclaim import CLASS_ANNOTATION, PersistentVolumeClaim
from kubeactors.api.storage.v1.storageclass import StorageClass, is_default_class
from kubeactors.apimachinery.meta import TypedObject


def newest_name(found: Iterable[TypedObject]) -> str | None:
    """The name of the newest default class; of several with the same age, the first by name."""
    classes = sorted(found, key=lambda one: one.metadata.name)
    classes.sort(key=lambda one: one.metadata.creation_timestamp or "", reverse=True)
    return classes[0].metadata.name if classes else None


def with_default_class(claim: PersistentVolumeClaim, classes: Iterable[StorageClass]) -> PersistentVolumeClaim:
    """A claim with the default one of these classes, if it has none."""
    if claim.spec.storage_class_name is not None or CLASS_ANNOTATION in claim.metadata.annotations:
        return claim
    name = newest_name(one for one in classes if is_default_class(one))
    return claim if name is None else replace(claim, spec=replace(claim.spec, storage_class_name=name))
