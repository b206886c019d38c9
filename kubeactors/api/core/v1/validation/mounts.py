"""Validation of volume mounts and devices."""

from collections.abc import Iterator

from kubeactors.api.core.v1.container import Container, VolumeDevice, VolumeMount
from kubeactors.api.core.v1.validation.common import one_of
from kubeactors.api.core.v1.validation.context import PodContext
from kubeactors.api.core.v1.validation.paths import descending, no_backsteps
from kubeactors.apimachinery.field import FieldError, forbidden, invalid, not_found, not_supported, required

_PROPAGATION = ("Bidirectional", "HostToContainer", "None")
_RECURSIVE = ("Disabled", "Enabled", "IfPossible")


def validate_mounts(container: Container, context: PodContext, path: str) -> Iterator[FieldError]:
    """Each mount refers to a volume, and paths are unique. Some errors name the list, as in Kubernetes."""
    devices = {device.name: device.device_path for device in container.volume_devices}
    seen: dict[str, None] = {}
    for i, mount in enumerate(container.volume_mounts):
        yield from _place(mount, devices, seen, context, f"{path}[{i}]")
        if mount.sub_path or mount.sub_path_expr:
            yield from _sub_path(mount, path, f"{path}[{i}]")
        if mount.mount_propagation is not None:
            yield from _propagation(mount.mount_propagation, container, f"{path}.mountPropagation")
        if mount.recursive_read_only is not None:
            yield from _recursive(mount, mount.recursive_read_only, f"{path}.recursiveReadOnly")


def _place(
    mount: VolumeMount, devices: dict[str, str], seen: dict[str, None], context: PodContext, path: str
) -> Iterator[FieldError]:
    if not mount.name:
        yield required(f"{path}.name")
    if mount.name not in context.volumes:
        yield not_found(f"{path}.name", mount.name)
    if not mount.mount_path:
        yield required(f"{path}.mountPath")
    if mount.mount_path in seen:
        yield invalid(f"{path}.mountPath", mount.mount_path, "must be unique")
    seen[mount.mount_path] = None
    if mount.name in devices:
        yield invalid(f"{path}.name", mount.name, "must not already exist in volumeDevices")
    if mount.mount_path in devices.values():
        yield invalid(f"{path}.mountPath", mount.mount_path, "must not already exist as a path in volumeDevices")


def _sub_path(mount: VolumeMount, list_path: str, path: str) -> Iterator[FieldError]:
    yield from descending(mount.sub_path, f"{list_path}.subPath")
    if mount.sub_path_expr:
        if mount.sub_path:
            yield invalid(f"{path}.subPathExpr", mount.sub_path_expr, "subPathExpr and subPath are mutually exclusive")
        yield from descending(mount.sub_path_expr, f"{list_path}.subPathExpr")


def _propagation(mode: str, container: Container, path: str) -> Iterator[FieldError]:
    yield from one_of(path, mode, _PROPAGATION)
    privileged = container.security_context is not None and container.security_context.privileged
    if mode == "Bidirectional" and not privileged:
        yield forbidden(path, "Bidirectional mount propagation is available only to privileged containers")


def _recursive(mount: VolumeMount, mode: str, path: str) -> Iterator[FieldError]:
    if mode == "Disabled":
        return
    if mode not in _RECURSIVE:
        yield not_supported(path, mode, _RECURSIVE)
        return
    if not mount.read_only:
        yield forbidden(path, "may only be specified when readOnly is true")
    if mount.mount_propagation not in {None, "None"}:
        yield forbidden(path, "may only be specified when mountPropagation is None or not specified")


def validate_devices(container: Container, context: PodContext, path: str) -> Iterator[FieldError]:
    """Each device is a claim, and paths are unique."""
    mounts = {mount.name: mount.mount_path for mount in container.volume_mounts}
    names: dict[str, None] = {}
    places: dict[str, None] = {}
    for i, device in enumerate(container.volume_devices):
        yield from _device_name(device, names, context, f"{path}[{i}].name")
        yield from _device_place(device, places, f"{path}[{i}].devicePath")
        if device.name in mounts:
            yield invalid(f"{path}[{i}].name", device.name, "must not already exist in volumeMounts")
        if device.device_path in mounts.values():
            why = "must not already exist as a path in volumeMounts"
            yield invalid(f"{path}[{i}].devicePath", device.device_path, why)
        if device.name:
            names[device.name] = None


def _device_name(device: VolumeDevice, seen: dict[str, None], context: PodContext, path: str) -> Iterator[FieldError]:
    if not device.name:
        yield required(path)
    if device.name in seen:
        yield invalid(path, device.name, "must be unique")
    volume = context.volumes.get(device.name)
    if volume is None:
        yield not_found(path, device.name)
    elif volume.persistent_volume_claim is None and volume.ephemeral is None:
        why = "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode"
        yield invalid(path, device.name, why)


def _device_place(device: VolumeDevice, seen: dict[str, None], path: str) -> Iterator[FieldError]:
    place = device.device_path
    if not place:
        yield required(path)
    if place in seen:
        yield invalid(path, place, "must be unique")
    if any(no_backsteps(place, path)):
        yield invalid(path, place, "can not contain backsteps ('..')")
    else:
        seen[place] = None
