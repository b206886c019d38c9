"""What users do in a namespace whose share of things is bounded."""

from typing import Literal

from kubeactors.sim.steps import Action

Sort = Literal["pod", "config-map", "secret", "service", "claim", "widget"]
Scope = Literal["", "BestEffort", "NotBestEffort", "Terminating", "NotTerminating"]


class SetShare(Action, frozen=True, kw_only=True, tag="set-share"):
    """Bound what may be in the namespace `tenant`; create it if it is not there."""

    hard: dict[str, str]
    """How much of what, as in a ResourceQuota; nothing to bound nothing."""
    scope: Scope = ""
    """Which pods are counted; empty for all."""


class Furnish(Action, frozen=True, kw_only=True, tag="furnish"):
    """Create something in that namespace. Nothing happens if there is one of that name."""

    sort: Sort
    number: int
    """Part of its name."""
    cpu: str = ""
    """How much CPU a pod requests; empty if it does not say."""
    ends: bool = False
    """Whether a pod has a deadline."""


class Clear(Action, frozen=True, kw_only=True, tag="clear"):
    """Delete it."""

    sort: Sort
    number: int


TenancyAction = SetShare | Furnish | Clear
