"""What users do in a namespace where it is bounded how much there may be, and how large each may be."""

from typing import Literal

from kubeactors.sim.steps import Action

Sort = Literal[
    "pod", "config-map", "secret", "service", "claim", "widget", "network-policy", "ingress", "pod-template"
]  # fmt: skip
Scope = Literal["", "BestEffort", "NotBestEffort", "Terminating", "NotTerminating"]


class SetShare(Action, frozen=True, kw_only=True, tag="set-share"):
    """Bound what may be in the namespace `tenant`; create it if it is not there."""

    hard: dict[str, str]
    """How much of what, as in a ResourceQuota; nothing to bound nothing."""
    scope: Scope = ""
    """Which pods are counted; empty for all."""


class SetLimits(Action, frozen=True, kw_only=True, tag="set-limits"):
    """Say what single containers and claims of that namespace get and may have, as in a LimitRange; nothing to remove it."""

    number: int
    """Part of its name."""
    default: str = ""
    """How much CPU a container may take that does not say; empty if that is for the bounds to say."""
    smallest: str = ""
    largest: str = ""
    """Between these is how much CPU a container requests and may take; empty for no such bound."""
    gibibytes: int = 0
    """At most so much does a claim ask for; 0 for as much as it likes."""

    @property
    def is_empty(self) -> bool:
        """Whether it says nothing."""
        return not (self.default or self.smallest or self.largest or self.gibibytes)


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


TenancyAction = SetShare | SetLimits | Furnish | Clear
