"""User actions on volumes and claims."""

from typing import Literal

from kubeactors.sim.steps import Action

ClaimClass = Literal["manual", "simulated", "late"]
"""Storage classes: volumes are created by hand, provisioned at once, or provisioned for the first consumer."""
ReclaimPolicy = Literal["Retain", "Delete"]


class CreateVolume(Action, frozen=True, kw_only=True, tag="create-volume"):
    """Create a free volume of the class `manual`."""

    name: str
    gibibytes: int
    policy: ReclaimPolicy = "Retain"
    """The reclaim policy."""


class DeleteVolume(Action, frozen=True, kw_only=True, tag="delete-volume"):
    """Delete such a volume; a finalizer keeps it as long as it is bound."""

    name: str


class CreateStorageClass(Action, frozen=True, kw_only=True, tag="create-storage-class"):
    """Create the storage class of this name; claims may be waiting for it."""

    name: ClaimClass


class CreateClaim(Action, frozen=True, kw_only=True, tag="create-claim"):
    """Create a claim, unless it exists."""

    name: str
    gibibytes: int
    of: ClaimClass = "simulated"


class ExpandClaim(Action, frozen=True, kw_only=True, tag="expand-claim"):
    """Expand a claim."""

    name: str
    gibibytes: int


class MountClaim(Action, frozen=True, kw_only=True, tag="mount-claim"):
    """Create a pod that mounts a claim, with the name of the claim as its label `app`."""

    name: str


class DeleteClaim(Action, frozen=True, kw_only=True, tag="delete-claim"):
    """Delete a claim; a finalizer keeps it as long as a pod uses it."""

    name: str


VolumeAction = CreateVolume | DeleteVolume | CreateStorageClass | CreateClaim | ExpandClaim | MountClaim | DeleteClaim
