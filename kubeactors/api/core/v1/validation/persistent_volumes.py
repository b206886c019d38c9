"""What volumes that are objects of their own must fulfil.

Source: ValidatePersistentVolume, ValidatePersistentVolumeUpdate (v1.36).
"""

from collections.abc import Iterator

import msgspec

from kubeactors.api.core.v1.persistentvolume import (
    DELETE,
    RECYCLE,
    RETAIN,
    SOURCES,
    PersistentVolume,
    PersistentVolumeSpec,
    VolumeNodeAffinity,
)
from kubeactors.api.core.v1.validation import volume_drivers as drivers
from kubeactors.api.core.v1.validation.affinity import validate_node_selector
from kubeactors.api.core.v1.validation.common import messages, needed, one_of
from kubeactors.api.core.v1.validation.paths import no_backsteps
from kubeactors.api.core.v1.volume import HostPathVolumeSource
from kubeactors.api.core.v1.volume_sources import CSIPersistentVolumeSource, LocalVolumeSource
from kubeactors.apimachinery import names, quantity
from kubeactors.apimachinery.field import FieldError, forbidden, invalid, not_supported, required
from kubeactors.apimachinery.objectmeta import validate_immutable

_ACCESS_MODES = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")
_ENCODED = {field.name: field.encode_name for field in msgspec.structs.fields(PersistentVolumeSpec)}


def validate_persistent_volume(volume: PersistentVolume) -> Iterator[FieldError]:
    """A size, a way to use it, and one source."""
    spec = volume.spec
    yield from _validate_use(spec)
    yield from _validate_capacity(spec.capacity)
    if spec.persistent_volume_reclaim_policy:
        path = "spec.persistentVolumeReclaimPolicy"
        yield from one_of(path, spec.persistent_volume_reclaim_policy, (DELETE, RECYCLE, RETAIN))
    if spec.node_affinity is not None:
        yield from _validate_node_affinity(spec.node_affinity)
    yield from _validate_source(spec)
    if spec.host_path is not None and spec.host_path.path == "/" and spec.persistent_volume_reclaim_policy == RECYCLE:
        why = "may not be 'recycle' for a hostPath mount of '/'"
        yield forbidden("spec.persistentVolumeReclaimPolicy", why)
    if spec.storage_class_name:
        found = names.name_is_dns_subdomain(spec.storage_class_name)
        yield from messages("spec.storageClassName", spec.storage_class_name, found)
    if spec.volume_mode is not None and spec.volume_mode not in {"Block", "Filesystem"}:
        yield not_supported("spec.volumeMode", spec.volume_mode, ("Block", "Filesystem"))


def validate_persistent_volume_update(new: PersistentVolume, old: PersistentVolume) -> Iterator[FieldError]:
    """Where it is stays."""
    yield from validate_persistent_volume(new)
    if any(getattr(new.spec, source) != getattr(old.spec, source) for source in SOURCES):
        yield forbidden("spec.persistentvolumesource", "spec.persistentvolumesource is immutable after creation")
    yield from validate_immutable(new.spec.volume_mode, old.spec.volume_mode, "volumeMode")
    if old.spec.node_affinity is not None:
        yield from validate_immutable(new.spec.node_affinity, old.spec.node_affinity, "nodeAffinity")


def warn_of_persistent_volume(new: PersistentVolume, old: PersistentVolume | None) -> Iterator[str]:
    """Recycling is a thing of the past."""
    del old
    if new.spec.persistent_volume_reclaim_policy == RECYCLE:
        yield (
            "spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. "
            "Instead, the recommended approach is to use dynamic provisioning."
        )


def _validate_use(spec: PersistentVolumeSpec) -> Iterator[FieldError]:
    if not spec.access_modes:
        yield required("spec.accessModes")
    for mode in spec.access_modes:
        yield from one_of("spec.accessModes", mode, _ACCESS_MODES)
    known = [mode for mode in spec.access_modes if mode in _ACCESS_MODES]
    if "ReadWriteOncePod" in known and any(mode != "ReadWriteOncePod" for mode in known):
        yield forbidden("spec.accessModes", "may not use ReadWriteOncePod with other access modes")


def _validate_capacity(capacity: dict[str, str]) -> Iterator[FieldError]:
    path = "spec.capacity"
    if not capacity:
        yield required(path)
    if "storage" not in capacity or len(capacity) > 1:
        yield not_supported(path, dict(sorted(capacity.items())) or None, ("storage",))
    amount = capacity.get("storage")
    if amount is None:
        return
    if quantity.sign(amount) < 0:
        yield invalid(f"{path}[storage]", quantity.value(amount), "must be a valid resource quantity")
    if quantity.sign(amount) <= 0:
        yield invalid(f"{path}[storage]", amount, "must be greater than zero")


def _validate_node_affinity(affinity: VolumeNodeAffinity) -> Iterator[FieldError]:
    if affinity.required is None:
        yield required("spec.nodeAffinity.required", "must specify required node constraints")
    else:
        yield from validate_node_selector(affinity.required, "spec.nodeAffinity.required")


def _validate_source(spec: PersistentVolumeSpec) -> Iterator[FieldError]:
    given = [source for source in SOURCES if getattr(spec, source) is not None]
    if not given:
        yield required("spec", "must specify a volume type")
        return
    yield from _validate_one_source(spec, given[0])
    for source in given[1:]:
        yield forbidden(f"spec.{_ENCODED[source]}", "may not specify more than 1 volume type")


def _validate_one_source(spec: PersistentVolumeSpec, source: str) -> Iterator[FieldError]:
    path = f"spec.{_ENCODED[source]}"
    if spec.host_path is not None:
        yield from _validate_host_path(spec.host_path, path)
    elif spec.nfs is not None:
        yield from drivers.nfs(spec.nfs, path)
    elif spec.local is not None:
        yield from _validate_local(spec.local, spec.node_affinity, path)
    elif spec.csi is not None:
        yield from _validate_csi(spec.csi, path)
    elif spec.fc is not None:
        yield from drivers.fc(spec.fc, path)
    elif spec.azure_disk is not None:
        yield from drivers.azure_disk(spec.azure_disk, path)


def _validate_host_path(source: HostPathVolumeSource, path: str) -> Iterator[FieldError]:
    if not source.path:
        yield required(f"{path}.path")
        return
    yield from no_backsteps(source.path, f"{path}.path")


def _validate_local(source: LocalVolumeSource, affinity: VolumeNodeAffinity | None, path: str) -> Iterator[FieldError]:
    if not source.path:
        yield required(f"{path}.path")
    else:
        yield from no_backsteps(source.path, f"{path}.path")
    if affinity is None:
        yield required("spec.nodeAffinity", "Local volume requires node affinity")


def _validate_csi(source: CSIPersistentVolumeSource, path: str) -> Iterator[FieldError]:
    yield from needed(f"{path}.driver", source.driver)
    yield from needed(f"{path}.volumeHandle", source.volume_handle)
