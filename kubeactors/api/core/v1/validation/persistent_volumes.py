"""Validation of PersistentVolumes.

Source: ValidatePersistentVolume, ValidatePersistentVolumeUpdate (v1.36).
"""

import posixpath
from collections.abc import Iterator

from msgspec.structs import replace

from kubeactors.api.core.v1.persistentvolume import (
    DELETE,
    RECYCLE,
    RETAIN,
    SOURCES,
    PersistentVolume,
    PersistentVolumeSpec,
    VolumeNodeAffinity,
)
from kubeactors.api.core.v1.validation.affinity import validate_node_selector
from kubeactors.api.core.v1.validation.common import messages, one_of
from kubeactors.api.core.v1.validation.persistent_sources import validate_persistent_source
from kubeactors.apimachinery import names, quantity
from kubeactors.apimachinery.field import FieldError, forbidden, invalid, not_supported, required
from kubeactors.apimachinery.objectmeta import validate_immutable

_ACCESS_MODES = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")


def validate_persistent_volume(volume: PersistentVolume) -> Iterator[FieldError]:
    """Capacity and access modes are set, and there is one source."""
    spec = volume.spec
    yield from _validate_use(spec, "spec")
    yield from _validate_capacity(spec.capacity)
    if spec.persistent_volume_reclaim_policy:
        path = "spec.persistentVolumeReclaimPolicy"
        yield from one_of(path, spec.persistent_volume_reclaim_policy, (DELETE, RECYCLE, RETAIN))
    if spec.node_affinity is not None:
        yield from _validate_node_affinity(spec.node_affinity)
    yield from _validate_source(spec, volume.metadata.name, "spec")
    if spec.storage_class_name:
        found = names.name_is_dns_subdomain(spec.storage_class_name)
        yield from messages("spec.storageClassName", spec.storage_class_name, found)
    if spec.volume_mode is not None and spec.volume_mode not in {"Block", "Filesystem"}:
        yield not_supported("spec.volumeMode", spec.volume_mode, ("Block", "Filesystem"))
    yield from _validate_attributes_class(spec, "spec")


def validate_inline_volume(spec: PersistentVolumeSpec, path: str) -> Iterator[FieldError]:
    """An inline volume of an attachment has a CSI source, and no fields of a whole PersistentVolume."""
    inline = "in the context of inline volumes"
    if spec.claim_ref is not None:
        yield forbidden(f"{path}.claimRef", f"may not be specified {inline}")
    if spec.capacity:
        yield forbidden(f"{path}.capacity", f"may not be specified {inline}")
    if spec.csi is None:
        yield required(f"{path}.csi", f"has to be specified {inline}")
    yield from _validate_use(spec, path)
    if spec.persistent_volume_reclaim_policy not in {"", RETAIN}:
        yield forbidden(f"{path}.persistentVolumeReclaimPolicy", f"may only be Retain {inline}")
    if spec.node_affinity is not None:
        yield forbidden(f"{path}.nodeAffinity", f"may not be specified {inline}")
    yield from _validate_source(spec, "", path)
    if spec.storage_class_name:
        yield forbidden(f"{path}.storageClassName", f"may not be specified {inline}")
    if spec.volume_mode not in {None, "Filesystem"}:
        yield forbidden(f"{path}.volumeMode", f"may not specify volumeMode other than Filesystem {inline}")
    yield from _validate_attributes_class(spec, path)


def validate_persistent_volume_update(new: PersistentVolume, old: PersistentVolume) -> Iterator[FieldError]:
    """The source is immutable, but the secret for node expansion may be added."""
    yield from validate_persistent_volume(new)
    after = _without_new_secret(new.spec, old.spec)
    if any(getattr(after, source) != getattr(old.spec, source) for source in SOURCES):
        yield forbidden("spec.persistentvolumesource", "spec.persistentvolumesource is immutable after creation")
    yield from validate_immutable(new.spec.volume_mode, old.spec.volume_mode, "volumeMode")
    if old.spec.node_affinity is not None:
        yield from validate_immutable(new.spec.node_affinity, old.spec.node_affinity, "nodeAffinity")
    if old.spec.volume_attributes_class_name is not None and new.spec.volume_attributes_class_name is None:
        yield forbidden("spec.volumeAttributesClassName", "update from non-nil value to nil is forbidden")


def _without_new_secret(new: PersistentVolumeSpec, old: PersistentVolumeSpec) -> PersistentVolumeSpec:
    """The new spec without an added secret for node expansion."""
    before = old.csi is not None and old.csi.controller_expand_secret_ref is None
    return replace(new, csi=replace(new.csi, controller_expand_secret_ref=None)) if before and new.csi else new


def _validate_source(spec: PersistentVolumeSpec, name: str, path: str) -> Iterator[FieldError]:
    yield from validate_persistent_source(spec, name, path)
    if _recycles_root(spec):
        why = "may not be 'recycle' for a hostPath mount of '/'"
        yield forbidden(f"{path}.persistentVolumeReclaimPolicy", why)


def _recycles_root(spec: PersistentVolumeSpec) -> bool:
    recycles = spec.persistent_volume_reclaim_policy == RECYCLE
    return recycles and spec.host_path is not None and not posixpath.normpath(spec.host_path.path).strip("/")


def _validate_attributes_class(spec: PersistentVolumeSpec, path: str) -> Iterator[FieldError]:
    name, at = spec.volume_attributes_class_name, f"{path}.volumeAttributesClassName"
    if name is None:
        return
    if not name:
        yield required(at, "an empty string is disallowed")
    else:
        yield from messages(at, name, names.name_is_dns_subdomain(name))
    if spec.csi is None:
        yield required(f"{path}.csi", "has to be specified when using volumeAttributesClassName")


def _validate_use(spec: PersistentVolumeSpec, path: str) -> Iterator[FieldError]:
    if not spec.access_modes:
        yield required(f"{path}.accessModes")
    for mode in spec.access_modes:
        yield from one_of(f"{path}.accessModes", mode, _ACCESS_MODES)
    known = [mode for mode in spec.access_modes if mode in _ACCESS_MODES]
    if "ReadWriteOncePod" in known and any(mode != "ReadWriteOncePod" for mode in known):
        yield forbidden(f"{path}.accessModes", "may not use ReadWriteOncePod with other access modes")


def _validate_capacity(capacity: dict[str, str]) -> Iterator[FieldError]:
    path = "spec.capacity"
    if not capacity:
        yield required(path)
    if "storage" not in capacity or len(capacity) > 1:
        yield not_supported(path, dict(sorted(capacity.items())) or None, ("storage",))
    for name, amount in sorted(capacity.items()):
        if quantity.sign(amount) < 0:
            yield invalid(f"{path}[{name}]", quantity.value(amount), "must be a valid resource quantity")
        if quantity.sign(amount) <= 0:
            yield invalid(f"{path}[{name}]", amount, "must be greater than zero")


def _validate_node_affinity(affinity: VolumeNodeAffinity) -> Iterator[FieldError]:
    if affinity.required is None:
        yield required("spec.nodeAffinity.required", "must specify required node constraints")
    else:
        yield from validate_node_selector(affinity.required, "spec.nodeAffinity.required")
