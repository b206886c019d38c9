"""PersistentVolumeClaim: a request for storage, to which a volume is bound.

Source: k8s.io/api/core/v1/types.go (v1.36).
"""

from typing import Annotated

from kubeactors.api.core.v1.volume import PersistentVolumeClaimSpec
from kubeactors.apimachinery.meta import Object, Quantity, Time, TypedObject, always, merge_by

PENDING, BOUND, LOST = "Pending", "Bound", "Lost"
"""The phases of a claim. Lost: its volume no longer exists."""

CLASS_ANNOTATION = "volume.beta.kubernetes.io/storage-class"
"""The legacy annotation for the storage class of a claim or a volume; it overrides the field."""


class PersistentVolumeClaimCondition(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A condition of a claim, such as Resizing."""

    type: str = always("")
    status: str = always("")
    last_probe_time: Time | None = always(None)
    last_transition_time: Time | None = always(None)
    reason: str = ""
    message: str = ""


class ModifyVolumeStatus(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The progress of a change to another VolumeAttributesClass."""

    target_volume_attributes_class_name: str = ""
    status: str = always("")


class PersistentVolumeClaimStatus(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The phase of the claim, and the properties of its volume."""

    phase: str = ""
    access_modes: tuple[str, ...] = ()
    capacity: dict[str, Quantity] = {}
    conditions: Annotated[tuple[PersistentVolumeClaimCondition, ...], merge_by("type")] = ()
    allocated_resources: dict[str, Quantity] = {}
    allocated_resource_statuses: dict[str, str] = {}
    current_volume_attributes_class_name: str | None = None
    modify_volume_status: ModifyVolumeStatus | None = None


class PersistentVolumeClaim(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A request for a volume, to which that is bound for its lifetime."""

    api_version: str = "v1"
    kind: str = "PersistentVolumeClaim"
    spec: PersistentVolumeClaimSpec = always(PersistentVolumeClaimSpec())
    status: PersistentVolumeClaimStatus = always(PersistentVolumeClaimStatus())


def class_of_claim(claim: PersistentVolumeClaim) -> str:
    """The name of the storage class that the claim asks for; empty if it asks for none."""
    return claim.metadata.annotations.get(CLASS_ANNOTATION) or claim.spec.storage_class_name or ""


def persistent_volume_claim_fields(claim: PersistentVolumeClaim) -> dict[str, str]:
    """The fields that field selectors support."""
    return {"name": claim.metadata.name}
