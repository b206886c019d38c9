"""PersistentVolumeClaim: storage that somebody asks for; a volume is bound to it.

Source: k8s.io/api/core/v1/types.go (v1.36).
"""

from typing import Annotated

from kubeactors.api.core.v1.volume import PersistentVolumeClaimSpec
from kubeactors.apimachinery.meta import Object, Quantity, Time, TypedObject, always, merge_by

PENDING, BOUND, LOST = "Pending", "Bound", "Lost"
"""The phases of a claim. Lost: its volume is gone."""

CLASS_ANNOTATION = "volume.beta.kubernetes.io/storage-class"
"""Where old manifests name the storage class of a claim or a volume; it wins over the field."""


class PersistentVolumeClaimCondition(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One aspect of a claim, such as Resizing."""

    type: str = always("")
    status: str = always("")
    last_probe_time: Time | None = always(None)
    last_transition_time: Time | None = always(None)
    reason: str = ""
    message: str = ""


class ModifyVolumeStatus(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """How far the change to another VolumeAttributesClass is."""

    target_volume_attributes_class_name: str = ""
    status: str = always("")


class PersistentVolumeClaimStatus(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Whether there is a volume, and what it is like."""

    phase: str = ""
    access_modes: tuple[str, ...] = ()
    capacity: dict[str, Quantity] = {}
    conditions: Annotated[tuple[PersistentVolumeClaimCondition, ...], merge_by("type")] = ()
    allocated_resources: dict[str, Quantity] = {}
    allocated_resource_statuses: dict[str, str] = {}
    current_volume_attributes_class_name: str | None = None
    modify_volume_status: ModifyVolumeStatus | None = None


class PersistentVolumeClaim(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Asks for a volume, and keeps it while it exists."""

    api_version: str = "v1"
    kind: str = "PersistentVolumeClaim"
    spec: PersistentVolumeClaimSpec = always(PersistentVolumeClaimSpec())
    status: PersistentVolumeClaimStatus = always(PersistentVolumeClaimStatus())


def class_of_claim(claim: PersistentVolumeClaim) -> str:
    """The name of the storage class that the claim asks for; empty if it asks for none."""
    return claim.metadata.annotations.get(CLASS_ANNOTATION) or claim.spec.storage_class_name or ""


def persistent_volume_claim_fields(claim: PersistentVolumeClaim) -> dict[str, str]:
    """What field selectors can ask for."""
    return {"name": claim.metadata.name}
