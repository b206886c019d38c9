"""Volumes of pods.

Source: k8s.io/api/core/v1/types.go (v1.36).
"""

import msgspec

from kubeactors.api.core.v1.env import ObjectFieldSelector, ResourceFieldSelector
from kubeactors.api.core.v1.references import LocalObjectReference, TypedLocalObjectReference, TypedObjectReference
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
from kubeactors.apimachinery.meta import LabelSelector, Object, ObjectMeta, Quantity, always


class HostPathVolumeSource(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A file or directory of the node."""

    path: str = always("")
    type: str | None = None


class EmptyDirVolumeSource(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A temporary directory with the lifetime of the pod."""

    medium: str = ""
    size_limit: Quantity | None = None


class KeyToPath(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Puts one key of a ConfigMap or Secret into one file."""

    key: str = always("")
    path: str = always("")
    mode: int | None = None


class SecretVolumeSource(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The entries of a Secret as files."""

    secret_name: str = ""
    items: tuple[KeyToPath, ...] = ()
    default_mode: int | None = None
    optional: bool | None = None


class ConfigMapVolumeSource(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The entries of a ConfigMap as files."""

    name: str = ""
    items: tuple[KeyToPath, ...] = ()
    default_mode: int | None = None
    optional: bool | None = None


class DownwardAPIVolumeFile(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A file that holds a field of the pod, or a resource of one of its containers."""

    path: str = always("")
    field_ref: ObjectFieldSelector | None = None
    resource_field_ref: ResourceFieldSelector | None = None
    mode: int | None = None


class DownwardAPIVolumeSource(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Fields of the pod as files."""

    items: tuple[DownwardAPIVolumeFile, ...] = ()
    default_mode: int | None = None


class SecretProjection(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The entries of a Secret within a projected volume."""

    name: str = ""
    items: tuple[KeyToPath, ...] = ()
    optional: bool | None = None


class ConfigMapProjection(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The entries of a ConfigMap within a projected volume."""

    name: str = ""
    items: tuple[KeyToPath, ...] = ()
    optional: bool | None = None


class DownwardAPIProjection(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Fields of the pod within a projected volume."""

    items: tuple[DownwardAPIVolumeFile, ...] = ()


class ServiceAccountTokenProjection(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A token of the pod's service account, renewed before it expires."""

    audience: str = ""
    expiration_seconds: int | None = None
    path: str = always("")


class ClusterTrustBundleProjection(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Trust anchors, by name or by signer, as one file."""

    name: str | None = None
    signer_name: str | None = None
    label_selector: LabelSelector | None = None
    optional: bool | None = None
    path: str = always("")


class PodCertificateProjection(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A private key and a certificate that the kubelet requests for the pod."""

    signer_name: str = ""
    key_type: str = ""
    max_expiration_seconds: int | None = None
    credential_bundle_path: str = ""
    key_path: str = ""
    certificate_chain_path: str = ""
    user_annotations: dict[str, str] = {}


class VolumeProjection(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One source of a projected volume: exactly one field is set."""

    secret: SecretProjection | None = None
    downward_api: DownwardAPIProjection | None = msgspec.field(name="downwardAPI", default=None)
    config_map: ConfigMapProjection | None = None
    service_account_token: ServiceAccountTokenProjection | None = None
    cluster_trust_bundle: ClusterTrustBundleProjection | None = None
    pod_certificate: PodCertificateProjection | None = None


class ProjectedVolumeSource(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Several sources in one directory."""

    sources: tuple[VolumeProjection, ...] | None = always(None)
    default_mode: int | None = None


class PersistentVolumeClaimVolumeSource(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A claim in the pod's namespace."""

    claim_name: str = always("")
    read_only: bool = False


class VolumeResourceRequirements(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The requested storage, and its limit."""

    limits: dict[str, Quantity] = {}
    requests: dict[str, Quantity] = {}


class PersistentVolumeClaimSpec(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The requested storage."""

    access_modes: tuple[str, ...] = ()
    selector: LabelSelector | None = None
    resources: VolumeResourceRequirements = always(VolumeResourceRequirements())
    volume_name: str = ""
    storage_class_name: str | None = None
    volume_mode: str | None = None
    data_source: TypedLocalObjectReference | None = None
    data_source_ref: TypedObjectReference | None = None
    volume_attributes_class_name: str | None = None


class PersistentVolumeClaimTemplate(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The template of an ephemeral volume's claim."""

    metadata: ObjectMeta = always(ObjectMeta())
    spec: PersistentVolumeClaimSpec = always(PersistentVolumeClaimSpec())


class EphemeralVolumeSource(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A claim created for the pod and deleted with it."""

    volume_claim_template: PersistentVolumeClaimTemplate | None = None


class ImageVolumeSource(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """An OCI image or artifact, read-only."""

    reference: str = ""
    pull_policy: str = ""


class CSIVolumeSource(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """An ephemeral volume of a CSI driver."""

    driver: str = always("")
    read_only: bool | None = None
    fs_type: str | None = None
    volume_attributes: dict[str, str] = {}
    node_publish_secret_ref: LocalObjectReference | None = None


class Volume(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A named volume of a pod; exactly one field besides the name is set."""

    name: str = always("")
    host_path: HostPathVolumeSource | None = None
    empty_dir: EmptyDirVolumeSource | None = None
    gce_persistent_disk: GCEPersistentDiskVolumeSource | None = None
    aws_elastic_block_store: AWSElasticBlockStoreVolumeSource | None = None
    git_repo: GitRepoVolumeSource | None = None
    secret: SecretVolumeSource | None = None
    nfs: NFSVolumeSource | None = None
    iscsi: ISCSIVolumeSource | None = None
    glusterfs: GlusterfsVolumeSource | None = None
    persistent_volume_claim: PersistentVolumeClaimVolumeSource | None = None
    rbd: RBDVolumeSource | None = None
    flex_volume: FlexVolumeSource | None = None
    cinder: CinderVolumeSource | None = None
    cephfs: CephFSVolumeSource | None = None
    flocker: FlockerVolumeSource | None = None
    downward_api: DownwardAPIVolumeSource | None = msgspec.field(name="downwardAPI", default=None)
    fc: FCVolumeSource | None = None
    azure_file: AzureFileVolumeSource | None = None
    config_map: ConfigMapVolumeSource | None = None
    vsphere_volume: VsphereVirtualDiskVolumeSource | None = None
    quobyte: QuobyteVolumeSource | None = None
    azure_disk: AzureDiskVolumeSource | None = None
    photon_persistent_disk: PhotonPersistentDiskVolumeSource | None = None
    projected: ProjectedVolumeSource | None = None
    portworx_volume: PortworxVolumeSource | None = None
    scale_io: ScaleIOVolumeSource | None = msgspec.field(name="scaleIO", default=None)
    storageos: StorageOSVolumeSource | None = None
    csi: CSIVolumeSource | None = None
    ephemeral: EphemeralVolumeSource | None = None
    image: ImageVolumeSource | None = None
