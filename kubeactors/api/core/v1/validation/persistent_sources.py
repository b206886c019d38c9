"""Where a volume is that is an object of its own: secrets are of any namespace, and other messages than in pods.

Source: ValidatePersistentVolumeSpec and the validators that it calls, pkg/apis/core/validation/validation.go (v1.36).
"""

from collections.abc import Iterator

from kubeactors.api.core.v1.persistentvolume import PersistentVolumeSpec
from kubeactors.api.core.v1.references import SecretReference
from kubeactors.api.core.v1.validation import volume_drivers as drivers
from kubeactors.api.core.v1.validation.common import label, messages, needed, subdomain
from kubeactors.api.core.v1.validation.paths import no_backsteps
from kubeactors.api.core.v1.validation.volumes import validate_driver_name, validate_host_path
from kubeactors.api.core.v1.volume_sources import (
    AzureFilePersistentVolumeSource,
    CinderPersistentVolumeSource,
    CSIPersistentVolumeSource,
    GlusterfsPersistentVolumeSource,
    ISCSIPersistentVolumeSource,
    LocalVolumeSource,
    StorageOSPersistentVolumeSource,
)
from kubeactors.apimachinery import names
from kubeactors.apimachinery.field import FieldError, forbidden, invalid, required

_MAX_ISCSI = 64


def validate_persistent_source(spec: PersistentVolumeSpec, name: str, path: str) -> Iterator[FieldError]:
    """Exactly one source, which is valid. `name` is the volume's."""
    found = tuple(_sources(spec, name, path))
    if not found:
        yield required(path, "must specify a volume type")
    for i, (field, errors) in enumerate(found):
        if i and field != "flexVolume":
            yield forbidden(f"{path}.{field}", "may not specify more than 1 volume type")
        else:
            yield from errors


def _sources(spec: PersistentVolumeSpec, name: str, path: str) -> Iterator[tuple[str, Iterator[FieldError]]]:  # noqa: C901, PLR0912 - one line for each field
    """The sources that are set, in Kubernetes' order, each with its name in the error about a second one.

    `cephFS`, and the path of the disk of Google, are the original's own; so is that a `flexVolume` is never one too many.
    """
    if spec.host_path is not None:
        yield "hostPath", validate_host_path(spec.host_path, f"{path}.hostPath")
    if spec.gce_persistent_disk is not None:
        yield "gcePersistentDisk", drivers.gce_persistent_disk(spec.gce_persistent_disk, f"{path}.persistentDisk")
    if (ebs := spec.aws_elastic_block_store) is not None:
        yield "awsElasticBlockStore", drivers.aws_elastic_block_store(ebs, f"{path}.awsElasticBlockStore")
    if spec.glusterfs is not None:
        yield "glusterfs", _glusterfs(spec.glusterfs, f"{path}.glusterfs")
    if spec.flocker is not None:
        yield "flocker", drivers.flocker(spec.flocker, f"{path}.flocker")
    if spec.nfs is not None:
        yield "nfs", drivers.nfs(spec.nfs, f"{path}.nfs")
    if spec.rbd is not None:
        yield "rbd", drivers.rbd(spec.rbd, f"{path}.rbd")
    if spec.quobyte is not None:
        yield "quobyte", drivers.quobyte(spec.quobyte, f"{path}.quobyte")
    if spec.cephfs is not None:
        yield "cephFS", drivers.ceph_fs(spec.cephfs, f"{path}.cephfs")
    if spec.iscsi is not None:
        yield "iscsi", _iscsi(spec.iscsi, name, f"{path}.iscsi")
    if spec.cinder is not None:
        yield "cinder", _cinder(spec.cinder, f"{path}.cinder")
    if spec.fc is not None:
        yield "fc", drivers.fc(spec.fc, f"{path}.fc")
    if spec.flex_volume is not None:
        yield "flexVolume", drivers.flex_volume(spec.flex_volume, f"{path}.flexVolume")
    if spec.azure_file is not None:
        yield "azureFile", _azure_file(spec.azure_file, f"{path}.azureFile")
    if spec.vsphere_volume is not None:
        yield "vsphereVolume", drivers.vsphere_volume(spec.vsphere_volume, f"{path}.vsphereVolume")
    if (disk := spec.photon_persistent_disk) is not None:
        yield "photonPersistentDisk", drivers.photon_persistent_disk(disk, f"{path}.photonPersistentDisk")
    if spec.portworx_volume is not None:
        yield "portworxVolume", drivers.portworx_volume(spec.portworx_volume, f"{path}.portworxVolume")
    if spec.azure_disk is not None:
        yield "azureDisk", drivers.azure_disk(spec.azure_disk, f"{path}.azureDisk")
    if spec.scale_io is not None:
        yield "scaleIO", drivers.scale_io(spec.scale_io, f"{path}.scaleIO")
    if spec.local is not None:
        yield "local", _local(spec, spec.local, path)
    if spec.storageos is not None:
        yield "storageos", _storage_os(spec.storageos, f"{path}.storageos")
    if spec.csi is not None:
        yield "csi", _csi(spec.csi, f"{path}.csi")


def _glusterfs(source: GlusterfsPersistentVolumeSource, path: str) -> Iterator[FieldError]:
    yield from drivers.glusterfs(source, path)
    namespace = source.endpoints_namespace
    if namespace is None:
        return
    if not namespace:
        why = "if the endpointnamespace is set, it must be a valid namespace name"
        yield invalid(f"{path}.endpointsNamespace", namespace, why)
    else:
        yield from label(f"{path}.endpointsNamespace", namespace)


def _iscsi(source: ISCSIPersistentVolumeSource, name: str, path: str) -> Iterator[FieldError]:
    yield from needed(f"{path}.targetPortal", source.target_portal)
    if source.initiator_name is not None and len(f"{name}:{source.target_portal}") > _MAX_ISCSI:
        why = "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters"
        why += " if iscsi.initiatorName is specified."
        yield invalid(f"{path}.targetportal", source.target_portal, why)
    if not source.iqn:
        yield required(f"{path}.iqn")
    elif not drivers.is_initiator(source.iqn):
        yield invalid(f"{path}.iqn", source.iqn, "must be valid format")
    yield from messages(f"{path}.lun", source.lun, names.in_range(source.lun, 0, 255))
    if (source.chap_auth_discovery or source.chap_auth_session) and source.secret_ref is None:
        yield required(f"{path}.secretRef")
    if source.secret_ref is not None:
        yield from needed(f"{path}.secretRef.name", source.secret_ref.name)
    initiator = source.initiator_name
    if initiator is not None and not drivers.is_initiator(initiator):
        yield invalid(f"{path}.initiatorname", initiator, "must be valid format")


def _cinder(source: CinderPersistentVolumeSource, path: str) -> Iterator[FieldError]:
    yield from needed(f"{path}.volumeID", source.volume_id)
    if source.secret_ref is not None:
        yield from needed(f"{path}.secretRef.name", source.secret_ref.name)
        yield from needed(f"{path}.secretRef.namespace", source.secret_ref.namespace)


def _azure_file(source: AzureFilePersistentVolumeSource, path: str) -> Iterator[FieldError]:
    yield from drivers.azure_file(source, path)
    if source.secret_namespace is not None:
        yield from needed(f"{path}.secretNamespace", source.secret_namespace)


def _storage_os(source: StorageOSPersistentVolumeSource, path: str) -> Iterator[FieldError]:
    yield from drivers.storage_os_volume(source, path)
    if source.secret_ref is not None:
        yield from needed(f"{path}.secretRef.name", source.secret_ref.name)
        yield from needed(f"{path}.secretRef.namespace", source.secret_ref.namespace)


def _local(spec: PersistentVolumeSpec, source: LocalVolumeSource, path: str) -> Iterator[FieldError]:
    if not source.path:
        yield required(f"{path}.local.path")
    else:
        yield from no_backsteps(source.path, f"{path}.local.path")
    if spec.node_affinity is None:
        yield required(f"{path}.nodeAffinity", "Local volume requires node affinity")


def _csi(source: CSIPersistentVolumeSource, path: str) -> Iterator[FieldError]:
    """`nodeStageSecretRef` is not validated, as in Kubernetes."""
    yield from validate_driver_name(source.driver, f"{path}.driver")
    yield from needed(f"{path}.volumeHandle", source.volume_handle)
    for name, reference in (
        ("controllerPublishSecretRef", source.controller_publish_secret_ref),
        ("controllerExpandSecretRef", source.controller_expand_secret_ref),
        ("nodePublishSecretRef", source.node_publish_secret_ref),
        ("nodeExpandSecretRef", source.node_expand_secret_ref),
    ):
        if reference is not None:
            yield from _secret(reference, f"{path}.{name}")


def _secret(reference: SecretReference, path: str) -> Iterator[FieldError]:
    if not reference.name:
        yield required(f"{path}.name")
    else:
        yield from subdomain(f"{path}.name", reference.name)
    if not reference.namespace:
        yield required(f"{path}.namespace")
    else:
        yield from label(f"{path}.namespace", reference.namespace)
