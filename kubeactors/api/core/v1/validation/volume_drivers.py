"""Volumes of network file systems, disks and clouds."""

import re
from collections.abc import Iterator

from kubeactors.api.core.v1.references import LocalObjectReference
from kubeactors.api.core.v1.validation.common import label, needed, one_of
from kubeactors.api.core.v1.validation.paths import descending
from kubeactors.api.core.v1.volume_drivers import (
    AWSElasticBlockStoreVolumeSource,
    AzureDiskVolumeSource,
    AzureFileVolumeSource,
    CephFSVolumeSource,
    CinderVolumeSource,
    FCVolumeSource,
    FlexVolumeSource,
    FlockerVolumeSource,
    GCEPersistentDiskVolumeSource,
    GitRepoVolumeSource,
    GlusterfsVolumeSource,
    ISCSIVolumeSource,
    NFSVolumeSource,
    PhotonPersistentDiskVolumeSource,
    PortworxVolumeSource,
    QuobyteVolumeSource,
    RBDVolumeSource,
    ScaleIOVolumeSource,
    StorageOSVolumeSource,
    VsphereVirtualDiskVolumeSource,
)
from kubeactors.api.core.v1.volume_sources import (
    AzureFilePersistentVolumeSource,
    CephFSPersistentVolumeSource,
    FlexPersistentVolumeSource,
    GlusterfsPersistentVolumeSource,
    RBDPersistentVolumeSource,
    ScaleIOPersistentVolumeSource,
    StorageOSPersistentVolumeSource,
)
from kubeactors.apimachinery import names
from kubeactors.apimachinery.field import FieldError, invalid, not_supported, required

_INITIATORS = {
    "iqn": re.compile(r"iqn\.\d{4}-\d{2}\.([A-Za-z0-9\-.]+)(:[^,;*&$|\s]+)$", re.ASCII).search,
    "eui": re.compile(r"eui.[A-Za-z0-9]{16}").fullmatch,
    "naa": re.compile(r"naa.[A-Za-z0-9]{32}").fullmatch,
}
_HOST_PORT = "must be a host:port pair or multiple pairs separated by commas"
_is_host_port = re.compile(r"(\[[^\[\]]*\]|[^:\[\]]*):[^:\[\]]*").fullmatch


def nfs(source: NFSVolumeSource, path: str) -> Iterator[FieldError]:
    """A server, and an absolute path on it."""
    yield from needed(f"{path}.server", source.server)
    yield from needed(f"{path}.path", source.path)
    if not source.path.startswith("/"):
        yield invalid(f"{path}.path", source.path, "must be an absolute path")


def iscsi(source: ISCSIVolumeSource, path: str) -> Iterator[FieldError]:
    """A portal and a qualified name; a secret if there is authentication."""
    yield from needed(f"{path}.targetPortal", source.target_portal)
    if not source.iqn:
        yield required(f"{path}.iqn")
    else:
        yield from _initiator(source.iqn, f"{path}.iqn")
    if not 0 <= source.lun <= 255:
        yield invalid(f"{path}.lun", source.lun, names.in_range(source.lun, 0, 255)[0])
    if (source.chap_auth_discovery or source.chap_auth_session) and source.secret_ref is None:
        yield required(f"{path}.secretRef")
    if source.initiator_name is not None:
        yield from _initiator(source.initiator_name, f"{path}.initiatorname")


def is_initiator(name: str) -> bool:
    """Whether the name is one of a party of iSCSI, in one of the three forms.

    >>> is_initiator("eui.0123456789ABCDEF"), is_initiator("eui.0"), is_initiator("x")
    (True, False, False)
    """
    matches = _INITIATORS.get(name[:3])
    return matches is not None and matches(name) is not None


def _initiator(name: str, path: str) -> Iterator[FieldError]:
    if name[:3] not in _INITIATORS:
        yield invalid(path, name, "must be valid format starting with iqn, eui, or naa")
    elif not is_initiator(name):
        yield invalid(path, name, "must be valid format")


def fc(source: FCVolumeSource, path: str) -> Iterator[FieldError]:
    """World wide names with a unit number, or world wide identifiers."""
    if not source.target_ww_ns and not source.wwids:
        yield required(f"{path}.targetWWNs", "must specify either targetWWNs or wwids, but not both")
    if source.target_ww_ns and source.wwids:
        why = "targetWWNs and wwids can not be specified simultaneously"
        yield invalid(f"{path}.targetWWNs", source.target_ww_ns, why)
    if source.target_ww_ns:
        if source.lun is None:
            yield required(f"{path}.lun", "lun is required if targetWWNs is specified")
        elif wrong := names.in_range(source.lun, 0, 255):
            yield invalid(f"{path}.lun", source.lun, wrong[0])


def glusterfs(source: GlusterfsVolumeSource | GlusterfsPersistentVolumeSource, path: str) -> Iterator[FieldError]:
    """Endpoints, and the volume's path."""
    yield from needed(f"{path}.endpoints", source.endpoints)
    yield from needed(f"{path}.path", source.path)


def rbd(source: RBDVolumeSource | RBDPersistentVolumeSource, path: str) -> Iterator[FieldError]:
    """Monitors, and an image."""
    yield from needed(f"{path}.monitors", source.monitors)
    yield from needed(f"{path}.image", source.image)


def ceph_fs(source: CephFSVolumeSource | CephFSPersistentVolumeSource, path: str) -> Iterator[FieldError]:
    """Monitors."""
    yield from needed(f"{path}.monitors", source.monitors)


def cinder(source: CinderVolumeSource, path: str) -> Iterator[FieldError]:
    """The volume's id."""
    yield from needed(f"{path}.volumeID", source.volume_id)
    yield from _named_secret(source.secret_ref, path)


def flex_volume(source: FlexVolumeSource | FlexPersistentVolumeSource, path: str) -> Iterator[FieldError]:
    """A driver; its options may not look like Kubernetes' own."""
    yield from needed(f"{path}.driver", source.driver)
    for option in source.options:
        domain = "." + option.split("/", 1)[0].lower() if "/" in option else "." + option.lower()
        if domain.endswith((".kubernetes.io", ".k8s.io")):
            why = "kubernetes.io and k8s.io namespaces are reserved"
            yield invalid(f"{path}.options[{option}]", option, why)


def flocker(source: FlockerVolumeSource, path: str) -> Iterator[FieldError]:
    """A dataset, by name or by id."""
    if not source.dataset_name and not source.dataset_uuid:
        yield required(path, "one of datasetName and datasetUUID is required")
    if source.dataset_name and source.dataset_uuid:
        yield invalid(path, "resource", "datasetName and datasetUUID can not be specified simultaneously")
    if "/" in source.dataset_name:
        yield invalid(f"{path}.datasetName", source.dataset_name, "must not contain '/'")


def git_repo(source: GitRepoVolumeSource, path: str) -> Iterator[FieldError]:
    """A repository, and a directory within the volume."""
    yield from needed(f"{path}.repository", source.repository)
    yield from descending(source.directory, f"{path}.directory")


def gce_persistent_disk(source: GCEPersistentDiskVolumeSource, path: str) -> Iterator[FieldError]:
    """The disk's name."""
    yield from needed(f"{path}.pdName", source.pd_name)
    yield from _partition(source.partition, path)


def aws_elastic_block_store(source: AWSElasticBlockStoreVolumeSource, path: str) -> Iterator[FieldError]:
    """The volume's id."""
    yield from needed(f"{path}.volumeID", source.volume_id)
    yield from _partition(source.partition, path)


def _partition(partition: int, path: str) -> Iterator[FieldError]:
    if not 0 <= partition <= 255:
        yield invalid(f"{path}.partition", partition, "must be between 1 and 255, inclusive")


def azure_file(source: AzureFileVolumeSource | AzureFilePersistentVolumeSource, path: str) -> Iterator[FieldError]:
    """A secret and a share."""
    yield from needed(f"{path}.secretName", source.secret_name)
    yield from needed(f"{path}.shareName", source.share_name)


def azure_disk(source: AzureDiskVolumeSource, path: str) -> Iterator[FieldError]:
    """A disk whose URI fits its kind."""
    yield from needed(f"{path}.diskName", source.disk_name)
    yield from needed(f"{path}.diskURI", source.disk_uri)
    if source.caching_mode is not None:
        yield from one_of(f"{path}.cachingMode", source.caching_mode, ("None", "ReadOnly", "ReadWrite"))
    if source.kind is not None:
        yield from one_of(f"{path}.kind", source.kind, ("Dedicated", "Managed", "Shared"))
    if source.kind == "Managed":
        if not source.disk_uri.startswith("/subscriptions/"):
            form = "resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}"
            yield not_supported(f"{path}.diskURI", source.disk_uri, (f"/subscriptions/{{sub-id}}/{form}",))
    elif source.kind is not None and not source.disk_uri.startswith("https://"):
        form = "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd"
        yield not_supported(f"{path}.diskURI", source.disk_uri, (form,))


def vsphere_volume(source: VsphereVirtualDiskVolumeSource, path: str) -> Iterator[FieldError]:
    """The disk's path."""
    yield from needed(f"{path}.volumePath", source.volume_path)


def photon_persistent_disk(source: PhotonPersistentDiskVolumeSource, path: str) -> Iterator[FieldError]:
    """The disk's id."""
    yield from needed(f"{path}.pdID", source.pd_id)


def quobyte(source: QuobyteVolumeSource, path: str) -> Iterator[FieldError]:
    """A registry and a volume."""
    if not source.registry:
        yield required(f"{path}.registry", _HOST_PORT)
    elif len(source.tenant) > 64:
        yield required(f"{path}.tenant", "must be a UUID and may not exceed a length of 64 characters")
    else:
        for pair in source.registry.split(","):
            if not _is_host_port(pair):
                yield invalid(f"{path}.registry", source.registry, _HOST_PORT)
    yield from needed(f"{path}.volume", source.volume)


def portworx_volume(source: PortworxVolumeSource, path: str) -> Iterator[FieldError]:
    """The volume's id."""
    yield from needed(f"{path}.volumeID", source.volume_id)


def scale_io(source: ScaleIOVolumeSource | ScaleIOPersistentVolumeSource, path: str) -> Iterator[FieldError]:
    """A gateway, a system and a volume."""
    yield from needed(f"{path}.gateway", source.gateway)
    yield from needed(f"{path}.system", source.system)
    yield from needed(f"{path}.volumeName", source.volume_name)


def storage_os(source: StorageOSVolumeSource, path: str) -> Iterator[FieldError]:
    """A volume, by a label; a secret with a name."""
    yield from storage_os_volume(source, path)
    yield from _named_secret(source.secret_ref, path)


def storage_os_volume(
    source: StorageOSVolumeSource | StorageOSPersistentVolumeSource, path: str
) -> Iterator[FieldError]:
    """A volume, by a label."""
    if not source.volume_name:
        yield required(f"{path}.volumeName")
    else:
        yield from label(f"{path}.volumeName", source.volume_name)
    if source.volume_namespace:
        yield from label(f"{path}.volumeNamespace", source.volume_namespace)


def _named_secret(reference: LocalObjectReference | None, path: str) -> Iterator[FieldError]:
    if reference is not None:
        yield from needed(f"{path}.secretRef.name", reference.name)
