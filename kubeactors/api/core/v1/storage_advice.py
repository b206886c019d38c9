"""Warnings about claims and volumes.

Source: pkg/api/persistentvolumeclaim/util.go, pkg/api/persistentvolume/util.go (v1.36).
"""

from collections.abc import Iterator

from kubeactors.api.core.v1.node_labels import warn_of_term
from kubeactors.api.core.v1.persistentvolume import RECYCLE, PersistentVolume
from kubeactors.api.core.v1.persistentvolumeclaim import CLASS_ANNOTATION, PersistentVolumeClaim
from kubeactors.api.core.v1.volume import PersistentVolumeClaimSpec
from kubeactors.apimachinery import quantity
from kubeactors.apimachinery.meta import ObjectMeta

_OLD_DRIVERS = (
    ("cephfs", "cephfs", "deprecated in v1.28, non-functional in v1.31+"),
    ("photon_persistent_disk", "photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"),
    ("scale_io", "scaleIO", "deprecated in v1.16, non-functional in v1.22+"),
    ("storageos", "storageOS", "deprecated in v1.22, non-functional in v1.25+"),
    ("glusterfs", "glusterfs", "deprecated in v1.25, non-functional in v1.26+"),
    ("rbd", "rbd", "deprecated in v1.28, non-functional in v1.31+"),
)


def warn_of_claim(claim: PersistentVolumeClaim, _old: PersistentVolumeClaim | None) -> Iterator[str]:
    """The legacy class annotation, and fractional bytes."""
    yield from _of_class(claim.metadata)
    yield from warn_of_claim_spec(claim.spec, "spec")


def warn_of_claim_spec(spec: PersistentVolumeClaimSpec, path: str) -> Iterator[str]:
    """Fractional bytes."""
    for name, amounts in (("requests", spec.resources.requests), ("limits", spec.resources.limits)):
        amount = amounts.get("storage", "0")
        if quantity.milli_value(amount) % 1000:
            at = f"{path}.resources.{name}[storage]"
            yield f'{at}: fractional byte value "{amount}" is invalid, must be an integer'


def warn_of_persistent_volume(volume: PersistentVolume, _old: PersistentVolume | None) -> Iterator[str]:
    """Deprecated class annotations, reclaim policies and sources."""
    spec = volume.spec
    yield from _of_class(volume.metadata)
    if spec.persistent_volume_reclaim_policy == RECYCLE:
        yield (
            "spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. "
            "Instead, the recommended approach is to use dynamic provisioning."
        )
    needed = spec.node_affinity.required if spec.node_affinity else None
    for i, term in enumerate(needed.node_selector_terms if needed else ()):
        yield from warn_of_term(term, f"spec.nodeAffinity.required.nodeSelectorTerms[{i}]")
    for attribute, name, message in _OLD_DRIVERS:
        if getattr(spec, attribute) is not None:
            yield f"spec.{name}: {message}"


def _of_class(meta: ObjectMeta) -> Iterator[str]:
    if CLASS_ANNOTATION in meta.annotations:
        why = 'deprecated since v1.8; use "storageClassName" attribute instead'
        yield f"metadata.annotations[{CLASS_ANNOTATION}]: {why}"
