"""Matching of volumes and claims, and both after binding.

Source: component-helpers/storage/volume/pv_helpers.go, pkg/controller/volume/persistentvolume/index.go (v1.36).
"""

from collections.abc import Iterable

from msgspec.structs import replace

from kubeactors.api.core.v1.node import Node
from kubeactors.api.core.v1.persistentvolume import AVAILABLE, PersistentVolume, class_of_volume
from kubeactors.api.core.v1.persistentvolumeclaim import (
    BOUND,
    PersistentVolumeClaim,
    PersistentVolumeClaimStatus,
    class_of_claim,
)
from kubeactors.api.core.v1.placement import matches_node_selector
from kubeactors.api.core.v1.references import ObjectReference
from kubeactors.apimachinery import quantity
from kubeactors.apimachinery.labels import of_object

BIND_COMPLETED = "pv.kubernetes.io/bind-completed"
"""Annotation of claims: binding is complete."""
BOUND_BY_CONTROLLER = "pv.kubernetes.io/bound-by-controller"
"""Annotation: the binding was made by the controller, not by the user."""
PROVISIONED_BY = "pv.kubernetes.io/provisioned-by"
"""Annotation of volumes: their provisioner."""
STORAGE_PROVISIONER = "volume.kubernetes.io/storage-provisioner"
BETA_STORAGE_PROVISIONER = "volume.beta.kubernetes.io/storage-provisioner"
"""Annotations of claims: the provisioner to use."""
SELECTED_NODE = "volume.kubernetes.io/selected-node"
"""Annotation of claims: the node that the scheduler selected for the first consumer."""


def is_bound_to(volume: PersistentVolume, claim: PersistentVolumeClaim) -> bool:
    """Whether the volume is reserved for this claim, by name at least."""
    reference = volume.spec.claim_ref
    if reference is None:
        return False
    metadata = claim.metadata
    if (reference.namespace, reference.name) != (metadata.namespace, metadata.name):
        return False
    return not reference.uid or reference.uid == metadata.uid


def suits(volume: PersistentVolume, claim: PersistentVolumeClaim) -> bool:
    """Whether the volume satisfies the claim: size, class, mode, and access modes."""
    spec, wanted = volume.spec, claim.spec
    return (
        (spec.volume_mode or "Filesystem") == (wanted.volume_mode or "Filesystem")
        and class_of_volume(volume) == class_of_claim(claim)
        and set(wanted.access_modes) <= set(spec.access_modes)
        and quantity.compare(spec.capacity.get("storage", "0"), wanted.resources.requests.get("storage", "0")) >= 0
        and spec.volume_attributes_class_name == wanted.volume_attributes_class_name
    )


def reaches(volume: PersistentVolume, node: Node) -> bool:
    """Whether the volume can be used on the node.

    >>> reaches(PersistentVolume(), Node())
    True
    """
    affinity = volume.spec.node_affinity
    if affinity is None or affinity.required is None:
        return True
    return matches_node_selector(affinity.required, node.metadata.labels, node.metadata.name)


def best_match(
    volumes: Iterable[PersistentVolume], claim: PersistentVolumeClaim, *, waits: bool, node: Node | None = None
) -> PersistentVolume | None:
    """The volume that is reserved for the claim, or else the smallest that suits it.

    If a node is given, only volumes count that reach it.
    A claim that `waits` for its first consumer gets only what is reserved for it; the scheduler chooses.
    """
    selector = of_object(claim.spec.selector) if claim.spec.selector is not None else None
    best: PersistentVolume | None = None
    for volume in volumes:
        if volume.metadata.deletion_timestamp is not None or not suits(volume, claim):
            continue
        if volume.spec.claim_ref is not None:
            if is_bound_to(volume, claim):
                return volume if node is None or reaches(volume, node) else None
            continue
        if waits or volume.status.phase != AVAILABLE:
            continue
        if selector is not None and not selector.matches(volume.metadata.labels):
            continue
        if node is not None and not reaches(volume, node):
            continue
        if best is None or _size(volume) < _size(best):
            best = volume
    return best


def bound_volume(volume: PersistentVolume, claim: PersistentVolumeClaim) -> PersistentVolume:
    """The volume bound to this claim; the same object if it is already."""
    reference = volume.spec.claim_ref
    metadata = claim.metadata
    if reference is not None and reference.uid == metadata.uid:
        return volume
    chosen = reference is None
    reference = ObjectReference(
        kind="PersistentVolumeClaim",
        namespace=metadata.namespace,
        name=metadata.name,
        uid=metadata.uid,
        api_version="v1",
        resource_version=metadata.resource_version,
    )
    annotations = volume.metadata.annotations
    if chosen:
        annotations = {**annotations, BOUND_BY_CONTROLLER: "yes"}
    return replace(
        volume,
        spec=replace(volume.spec, claim_ref=reference),
        metadata=replace(volume.metadata, annotations=annotations),
    )


def unbound_volume(volume: PersistentVolume) -> PersistentVolume:
    """The volume after unbinding; a pre-bound one keeps its claim reference."""
    annotations = volume.metadata.annotations
    reference = volume.spec.claim_ref
    if BOUND_BY_CONTROLLER in annotations:
        annotations = {key: value for key, value in annotations.items() if key != BOUND_BY_CONTROLLER}
        reference = None
    elif reference is not None:
        reference = replace(reference, uid="")
    return replace(
        volume,
        spec=replace(volume.spec, claim_ref=reference),
        metadata=replace(volume.metadata, annotations=annotations),
    )


def bound_claim(claim: PersistentVolumeClaim, volume: PersistentVolume) -> PersistentVolumeClaim:
    """The claim bound to its volume; the same object if it is already."""
    annotations = dict(claim.metadata.annotations)
    if not claim.spec.volume_name:
        annotations[BOUND_BY_CONTROLLER] = "yes"
    annotations[BIND_COMPLETED] = "yes"
    name = volume.metadata.name
    if claim.spec.volume_name == name and annotations == claim.metadata.annotations:
        return claim
    return replace(
        claim,
        spec=replace(claim.spec, volume_name=name),
        metadata=replace(claim.metadata, annotations=annotations),
    )


def bound_status(claim: PersistentVolumeClaim, volume: PersistentVolume) -> PersistentVolumeClaimStatus:
    """The status of a bound claim, with its volume's properties. A reported capacity is kept."""
    status = claim.status
    capacity = status.capacity if status.phase == BOUND and status.capacity else volume.spec.capacity
    return replace(
        status,
        phase=BOUND,
        access_modes=volume.spec.access_modes,
        capacity=capacity,
        current_volume_attributes_class_name=volume.spec.volume_attributes_class_name,
    )


def _size(volume: PersistentVolume) -> int:
    return quantity.value(volume.spec.capacity.get("storage", "0"))
