"""Defaults of volumes. A volume without a source is an empty directory."""

from kubeactors.api.core.v1.defaults.common import each, filled, optional
from kubeactors.api.core.v1.defaults.containers import default_field_ref, pull_policy
from kubeactors.api.core.v1.volume import (
    ConfigMapVolumeSource,
    DownwardAPIProjection,
    DownwardAPIVolumeFile,
    DownwardAPIVolumeSource,
    EmptyDirVolumeSource,
    EphemeralVolumeSource,
    HostPathVolumeSource,
    ImageVolumeSource,
    ProjectedVolumeSource,
    SecretVolumeSource,
    ServiceAccountTokenProjection,
    Volume,
    VolumeProjection,
)
from kubeactors.api.core.v1.volume_drivers import (
    AzureDiskVolumeSource,
    ISCSIVolumeSource,
    RBDVolumeSource,
    ScaleIOVolumeSource,
)

FILE_MODE = 0o644
TOKEN_SECONDS = 3600

SOURCES = tuple(name for name in Volume.__struct_fields__ if name != "name")


def default_volume(volume: Volume) -> Volume:
    """The defaults of the one source that the volume has."""
    if volume.projected is not None:  # every pod has one, for its service account's token
        return filled(volume, projected=_default_projected(volume.projected))
    if all(getattr(volume, source) is None for source in SOURCES):
        return filled(volume, empty_dir=EmptyDirVolumeSource())
    return filled(
        volume,
        secret=optional(volume.secret, _default_secret),
        config_map=optional(volume.config_map, _default_config_map),
        downward_api=optional(volume.downward_api, _default_downward_api),
        host_path=optional(volume.host_path, _default_host_path),
        ephemeral=optional(volume.ephemeral, _default_ephemeral),
        image=optional(volume.image, _default_image),
        iscsi=optional(volume.iscsi, _default_iscsi),
        rbd=optional(volume.rbd, _default_rbd),
        azure_disk=optional(volume.azure_disk, default_azure_disk),
        scale_io=optional(volume.scale_io, _default_scale_io),
    )


def _mode(mode: int | None) -> int:
    return FILE_MODE if mode is None else mode


def _default_secret(source: SecretVolumeSource) -> SecretVolumeSource:
    return filled(source, default_mode=_mode(source.default_mode))


def _default_config_map(source: ConfigMapVolumeSource) -> ConfigMapVolumeSource:
    return filled(source, default_mode=_mode(source.default_mode))


def _default_downward_api(source: DownwardAPIVolumeSource) -> DownwardAPIVolumeSource:
    return filled(source, default_mode=_mode(source.default_mode), items=each(source.items, _default_downward_file))


def _default_downward_file(file: DownwardAPIVolumeFile) -> DownwardAPIVolumeFile:
    return filled(file, field_ref=optional(file.field_ref, default_field_ref))


def _default_projected(source: ProjectedVolumeSource) -> ProjectedVolumeSource:
    return filled(
        source,
        default_mode=_mode(source.default_mode),
        sources=source.sources and each(source.sources, _default_projection),
    )


def _default_projection(projection: VolumeProjection) -> VolumeProjection:
    return filled(
        projection,
        service_account_token=optional(projection.service_account_token, _default_token),
        downward_api=optional(projection.downward_api, _default_downward_projection),
    )


def _default_token(token: ServiceAccountTokenProjection) -> ServiceAccountTokenProjection:
    return token if token.expiration_seconds is not None else filled(token, expiration_seconds=TOKEN_SECONDS)


def _default_downward_projection(projection: DownwardAPIProjection) -> DownwardAPIProjection:
    return filled(projection, items=each(projection.items, _default_downward_file))


def _default_host_path(source: HostPathVolumeSource) -> HostPathVolumeSource:
    return filled(source, type=source.type or "")


def _default_ephemeral(source: EphemeralVolumeSource) -> EphemeralVolumeSource:
    template = source.volume_claim_template
    if template is None or template.spec.volume_mode is not None:
        return source
    spec = filled(template.spec, volume_mode="Filesystem")
    return filled(source, volume_claim_template=filled(template, spec=spec))


def _default_image(source: ImageVolumeSource) -> ImageVolumeSource:
    return filled(source, pull_policy=source.pull_policy or pull_policy(source.reference))


def _default_iscsi(source: ISCSIVolumeSource) -> ISCSIVolumeSource:
    return filled(source, iscsi_interface=source.iscsi_interface or "default")


def _default_rbd(source: RBDVolumeSource) -> RBDVolumeSource:
    return filled(
        source,
        pool=source.pool or "rbd",
        user=source.user or "admin",
        keyring=source.keyring or "/etc/ceph/keyring",
    )


def default_azure_disk(source: AzureDiskVolumeSource) -> AzureDiskVolumeSource:
    """Kind Shared, with a read-write cache."""
    return filled(
        source,
        caching_mode="ReadWrite" if source.caching_mode is None else source.caching_mode,
        fs_type="ext4" if source.fs_type is None else source.fs_type,
        read_only=bool(source.read_only),
        kind="Shared" if source.kind is None else source.kind,
    )


def _default_scale_io(source: ScaleIOVolumeSource) -> ScaleIOVolumeSource:
    return filled(source, storage_mode=source.storage_mode or "ThinProvisioned", fs_type=source.fs_type or "xfs")
