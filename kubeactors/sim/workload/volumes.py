"""User actions on volumes and claims."""

from typing import Literal

from kubeactors.sim.steps import Action

ClaimClass = Literal["manual", "simulated", "late"]
"""Storage classes: volumes are created by hand, provisioned at once, or provisioned for the first consumer."""
ReclaimPolicy = Literal["Retain", "Delete"]


class AddVolume(Action, frozen=True, kw_only=True, tag="add-volume"):
    """Create a free volume of the class `manual`."""

    name: str
    gibibytes: int
    policy: ReclaimPolicy = "Retain"
    """The reclaim policy."""


class DropVolume(Action, frozen=True, kw_only=True, tag="drop-volume"):
    """Delete such a volume; a finalizer keeps it as long as it is bound."""

    name: str


class OfferClass(Action, frozen=True, kw_only=True, tag="offer-class"):
    """Create the storage class of this name; claims may be waiting for it."""

    name: ClaimClass


class Claim(Action, frozen=True, kw_only=True, tag="claim"):
    """Create a claim, unless it exists."""

    name: str
    gibibytes: int
    of: ClaimClass = "simulated"


class GrowClaim(Action, frozen=True, kw_only=True, tag="grow-claim"):
    """Expand a claim."""

    name: str
    gibibytes: int


class UseClaim(Action, frozen=True, kw_only=True, tag="use-claim"):
    """Create a pod that mounts a claim, with the name of the claim as its label `app`."""

    name: str


class DropClaim(Action, frozen=True, kw_only=True, tag="drop-claim"):
    """Delete a claim; a finalizer keeps it as long as a pod uses it."""

    name: str


VolumeAction = AddVolume | DropVolume | OfferClass | Claim | GrowClaim | UseClaim | DropClaim
