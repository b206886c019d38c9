"""Claims, volumes, and storage classes."""

from msgspec.structs import replace

from kubeactors.api.core.v1 import HostPathVolumeSource, ObjectReference, PersistentVolumeClaim, claim_templates
from kubeactors.api.core.v1.persistentvolume import PersistentVolume, PersistentVolumeSpec
from kubeactors.api.core.v1.volume import PersistentVolumeClaimSpec, VolumeResourceRequirements
from kubeactors.api.storage.v1 import StorageClass
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.controllers.persistentvolume.provisioner import PROVISIONER
from kubeactors.sim.users.manifests.names import metadata_of

STORAGE, LATE = "simulated", "late"
"""Storage classes; the second provisions for the first consumer."""


def claim_template(of: str = STORAGE) -> claim_templates.PersistentVolumeClaim:
    """The volume claim template of a StatefulSet."""
    resources = VolumeResourceRequirements(requests={"storage": "1Gi"})
    spec = PersistentVolumeClaimSpec(
        access_modes=("ReadWriteOnce",), resources=resources, storage_class_name=of, volume_mode="Filesystem"
    )
    return claim_templates.PersistentVolumeClaim(metadata=ObjectMeta(name="data"), spec=spec)


def claim_of(name: str) -> PersistentVolumeClaim:
    """A claim without a class: a volume is created for it by hand."""
    spec = replace(claim_template().spec, storage_class_name="")
    return PersistentVolumeClaim(metadata=metadata_of(name), spec=spec)


def volume_of(claim: PersistentVolumeClaim) -> PersistentVolume:
    """A volume that is pre-bound to the claim."""
    metadata, spec = claim.metadata, claim.spec
    reference = ObjectReference(
        api_version="v1",
        kind="PersistentVolumeClaim",
        namespace=metadata.namespace,
        name=metadata.name,
        uid=metadata.uid,
    )
    return PersistentVolume(
        metadata=ObjectMeta(name=f"for-{metadata.name}"),
        spec=PersistentVolumeSpec(
            capacity=spec.resources.requests,
            access_modes=spec.access_modes,
            claim_ref=reference,
            persistent_volume_reclaim_policy="Retain",
            host_path=HostPathVolumeSource(path=f"/data/{metadata.name}"),
        ),
    )


def storage_class() -> StorageClass:
    """The storage class of the StatefulSets' volumes."""
    return StorageClass(metadata=ObjectMeta(name=STORAGE), provisioner=PROVISIONER, allow_volume_expansion=True)
