"""Volumes of pods."""

from collections.abc import Iterator

from kubeactors.api.core.v1.validation import claims, projections
from kubeactors.api.core.v1.validation import volume_drivers as drivers
from kubeactors.api.core.v1.validation.common import messages, needed, one_of
from kubeactors.api.core.v1.validation.containers import validate_pull_policy
from kubeactors.api.core.v1.validation.paths import no_backsteps
from kubeactors.api.core.v1.volume import (
    CSIVolumeSource,
    EmptyDirVolumeSource,
    HostPathVolumeSource,
    ImageVolumeSource,
    PersistentVolumeClaimVolumeSource,
    Volume,
)
from kubeactors.apimachinery import names, quantity
from kubeactors.apimachinery.field import FieldError, duplicate, forbidden, invalid, required, too_long

_HOST_PATH_TYPES = (
    "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket",
)  # fmt: skip
_MAX_DRIVER = 63
_MAX_ISCSI = 64


def validate_volumes(
    volumes: tuple[Volume, ...], pod_name: str, path: str, *, is_pod: bool
) -> tuple[dict[str, Volume], list[FieldError]]:
    """The volumes that are valid, by name, and the errors of the others.

    Only a valid volume can be mounted. `pod_name` is empty within a template.
    """
    valid: dict[str, Volume] = {}
    errors: list[FieldError] = []
    for i, volume in enumerate(volumes):
        at = f"{path}[{i}]"
        wrong = [*_source(volume, pod_name, at, is_pod=is_pod), *_name(volume.name, valid, f"{at}.name")]
        if not wrong:
            valid[volume.name] = volume
        errors += wrong
        claim = volume.persistent_volume_claim
        if claim is not None and pod_name and claim.claim_name in _made_claims(volumes, pod_name):
            why = "must not reference a PVC that gets created for an ephemeral volume"
            errors.append(invalid(f"{at}.persistentVolumeClaim.claimName", claim.claim_name, why))
    return valid, errors


def _made_claims(volumes: tuple[Volume, ...], pod_name: str) -> list[str]:
    return [f"{pod_name}-{volume.name}" for volume in volumes if volume.ephemeral is not None]


def _name(name: str, seen: dict[str, Volume], path: str) -> Iterator[FieldError]:
    if not name:
        yield required(path)
    else:
        yield from messages(path, name, names.dns1123_label(name))
    if name in seen:
        yield duplicate(path, name)


def _source(volume: Volume, pod_name: str, path: str, *, is_pod: bool) -> Iterator[FieldError]:
    found = tuple(_sources(volume, path, is_pod=is_pod))
    if not found:
        yield required(path, "must specify a volume type")
        return
    yield from found[0][1]
    for name, _ in found[1:]:
        yield forbidden(f"{path}.{name}", "may not specify more than 1 volume type")
    if volume.iscsi is not None or volume.ephemeral is not None:
        yield from _long_name(volume, pod_name, path)


def _sources(volume: Volume, path: str, *, is_pod: bool) -> Iterator[tuple[str, Iterator[FieldError]]]:  # noqa: C901, PLR0912, PLR0915 - one line for each field
    """The sources that are set, in Kubernetes' order, each with its name in the error about a second one.

    `downwarAPI` and the paths that differ from the names of the fields are the original's own.
    """
    if volume.empty_dir is not None:
        yield "emptyDir", _empty_dir(volume.empty_dir, f"{path}.emptyDir")
    if volume.host_path is not None:
        yield "hostPath", validate_host_path(volume.host_path, f"{path}.hostPath")
    if volume.git_repo is not None:
        yield "gitRepo", drivers.git_repo(volume.git_repo, f"{path}.gitRepo")
    if volume.gce_persistent_disk is not None:
        yield "gcePersistentDisk", drivers.gce_persistent_disk(volume.gce_persistent_disk, f"{path}.persistentDisk")
    if volume.aws_elastic_block_store is not None:
        yield (
            "awsElasticBlockStore",
            drivers.aws_elastic_block_store(volume.aws_elastic_block_store, f"{path}.awsElasticBlockStore"),
        )
    if volume.secret is not None:
        yield "secret", projections.secret(volume.secret, f"{path}.secret")
    if volume.nfs is not None:
        yield "nfs", drivers.nfs(volume.nfs, f"{path}.nfs")
    if volume.iscsi is not None:
        yield "iscsi", drivers.iscsi(volume.iscsi, f"{path}.iscsi")
    if volume.glusterfs is not None:
        yield "glusterfs", drivers.glusterfs(volume.glusterfs, f"{path}.glusterfs")
    if volume.flocker is not None:
        yield "flocker", drivers.flocker(volume.flocker, f"{path}.flocker")
    if volume.persistent_volume_claim is not None:
        yield "persistentVolumeClaim", _claim(volume.persistent_volume_claim, f"{path}.persistentVolumeClaim")
    if volume.rbd is not None:
        yield "rbd", drivers.rbd(volume.rbd, f"{path}.rbd")
    if volume.cinder is not None:
        yield "cinder", drivers.cinder(volume.cinder, f"{path}.cinder")
    if volume.cephfs is not None:
        yield "cephFS", drivers.ceph_fs(volume.cephfs, f"{path}.cephfs")
    if volume.quobyte is not None:
        yield "quobyte", drivers.quobyte(volume.quobyte, f"{path}.quobyte")
    if volume.downward_api is not None:
        yield "downwarAPI", projections.downward_api(volume.downward_api, f"{path}.downwardAPI")
    if volume.fc is not None:
        yield "fc", drivers.fc(volume.fc, f"{path}.fc")
    if volume.flex_volume is not None:
        yield "flexVolume", drivers.flex_volume(volume.flex_volume, f"{path}.flexVolume")
    if volume.config_map is not None:
        yield "configMap", projections.config_map(volume.config_map, f"{path}.configMap")
    if volume.azure_file is not None:
        yield "azureFile", drivers.azure_file(volume.azure_file, f"{path}.azureFile")
    if volume.vsphere_volume is not None:
        yield "vsphereVolume", drivers.vsphere_volume(volume.vsphere_volume, f"{path}.vsphereVolume")
    if volume.photon_persistent_disk is not None:
        yield (
            "photonPersistentDisk",
            drivers.photon_persistent_disk(volume.photon_persistent_disk, f"{path}.photonPersistentDisk"),
        )
    if volume.portworx_volume is not None:
        yield "portworxVolume", drivers.portworx_volume(volume.portworx_volume, f"{path}.portworxVolume")
    if volume.azure_disk is not None:
        yield "azureDisk", drivers.azure_disk(volume.azure_disk, f"{path}.azureDisk")
    if volume.storageos is not None:
        yield "storageos", drivers.storage_os(volume.storageos, f"{path}.storageos")
    if volume.projected is not None:
        yield "projected", projections.projected(volume.projected, f"{path}.projected")
    if volume.scale_io is not None:
        yield "scaleIO", drivers.scale_io(volume.scale_io, f"{path}.scaleIO")
    if volume.csi is not None:
        yield "csi", _csi(volume.csi, f"{path}.csi")
    if volume.ephemeral is not None:
        yield "ephemeral", claims.ephemeral(volume.ephemeral, f"{path}.ephemeral")
    if volume.image is not None:
        yield "image", _image(volume.image, f"{path}.image", is_pod=is_pod)


def _long_name(volume: Volume, pod_name: str, path: str) -> Iterator[FieldError]:
    iscsi = volume.iscsi
    if iscsi and iscsi.initiator_name is not None and len(f"{volume.name}:{iscsi.target_portal}") > _MAX_ISCSI:
        why = "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters"
        yield invalid(f"{path}.name", volume.name, f"{why} if iscsi.initiatorName is specified.")
    if volume.ephemeral is not None and pod_name and volume.name:
        claim = f"{pod_name}-{volume.name}"
        for message in names.name_is_dns_subdomain(claim):
            yield invalid(f"{path}.name", volume.name, f'PVC name "{claim}": {message}')


def _empty_dir(source: EmptyDirVolumeSource, path: str) -> Iterator[FieldError]:
    if source.size_limit is not None and quantity.sign(source.size_limit) < 0:
        yield forbidden(f"{path}.sizeLimit", "SizeLimit field must be a valid resource quantity")


def validate_host_path(source: HostPathVolumeSource, path: str) -> Iterator[FieldError]:
    """A path without a way up, and what is to be found there."""
    if not source.path:
        yield required(f"{path}.path")
        return
    yield from no_backsteps(source.path, f"{path}.path")
    if source.type is not None:
        yield from one_of(f"{path}.type", source.type, _HOST_PATH_TYPES)


def _claim(source: PersistentVolumeClaimVolumeSource, path: str) -> Iterator[FieldError]:
    yield from needed(f"{path}.claimName", source.claim_name)


def _csi(source: CSIVolumeSource, path: str) -> Iterator[FieldError]:
    yield from validate_driver_name(source.driver, f"{path}.driver")
    reference = source.node_publish_secret_ref
    if reference is None:
        return
    if not reference.name:
        yield required(f"{path}.nodePublishSecretRef.name")
    else:
        yield from messages(f"{path}.name", reference.name, names.name_is_dns_subdomain(reference.name))


def validate_driver_name(name: str, path: str) -> Iterator[FieldError]:
    """The name of a CSI driver: a short domain in any case."""
    if not name:
        yield required(path)
    if len(name) > _MAX_DRIVER:
        yield too_long(path, _MAX_DRIVER)
    yield from messages(path, name, names.dns1123_subdomain(name.lower()))


def _image(source: ImageVolumeSource, path: str, *, is_pod: bool) -> Iterator[FieldError]:
    if is_pod:
        yield from needed(f"{path}.reference", source.reference)
    yield from validate_pull_policy(source.pull_policy, f"{path}.pullPolicy")
