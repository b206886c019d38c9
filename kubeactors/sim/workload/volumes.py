"""What users do to volumes and claims."""

from typing import Literal

from kubeactors.sim.steps import Action

ClaimClass = Literal["manual", "simulated", "late"]
"""Volumes of the first are made by hand, of the second at once, of the third when a pod needs them."""
ReclaimPolicy = Literal["Retain", "Delete"]


class AddVolume(Action, frozen=True, kw_only=True, tag="add-volume"):
    """Create a volume that is free, for whatever claim of the class `manual` it suits."""

    name: str
    gibibytes: int
    policy: ReclaimPolicy = "Retain"
    """What is to become of it without its claim."""


class DropVolume(Action, frozen=True, kw_only=True, tag="drop-volume"):
    """Delete such a volume: it stays as long as a claim has it."""

    name: str


class OfferClass(Action, frozen=True, kw_only=True, tag="offer-class"):
    """Create the class of this name: claims may have been waiting for it."""

    name: ClaimClass


class Claim(Action, frozen=True, kw_only=True, tag="claim"):
    """Create a claim. Nothing happens if there is one of that name."""

    name: str
    gibibytes: int
    of: ClaimClass = "simulated"


class GrowClaim(Action, frozen=True, kw_only=True, tag="grow-claim"):
    """Ask for more."""

    name: str
    gibibytes: int


class UseClaim(Action, frozen=True, kw_only=True, tag="use-claim"):
    """Create a pod that has it as a volume; its label `app` is the name of the claim."""

    name: str


class DropClaim(Action, frozen=True, kw_only=True, tag="drop-claim"):
    """Delete it: it stays as long as a pod has it."""

    name: str


VolumeAction = AddVolume | DropVolume | OfferClass | Claim | GrowClaim | UseClaim | DropClaim
