"""User actions in a namespace with a ResourceQuota and LimitRanges."""

from typing import Literal

from kubeactors.sim.steps import Action

Sort = Literal[
    "pod", "config-map", "secret", "service", "claim", "widget", "network-policy", "ingress", "pod-template"
]  # fmt: skip
Scope = Literal["", "BestEffort", "NotBestEffort", "Terminating", "NotTerminating"]


class SetTenantQuota(Action, frozen=True, kw_only=True, tag="set-tenant-quota"):
    """Set the ResourceQuota of the namespace `tenant`; create the namespace if missing."""

    hard: dict[str, str]
    """The hard limits, as in a ResourceQuota; empty deletes it."""
    scope: Scope = ""
    """The scope; empty for all pods."""


class SetLimitRange(Action, frozen=True, kw_only=True, tag="set-limit-range"):
    """Set a LimitRange of that namespace; an empty one deletes it."""

    number: int
    """Part of its name."""
    default: str = ""
    """The default CPU limit of containers; empty for none of its own."""
    smallest: str = ""
    largest: str = ""
    """The minimum and maximum of containers' CPU requests and limits; empty for none."""
    gibibytes: int = 0
    """The maximum size of claims; 0 for none."""

    @property
    def is_empty(self) -> bool:
        """Whether it has no limits."""
        return not (self.default or self.smallest or self.largest or self.gibibytes)


class CreateTenantObject(Action, frozen=True, kw_only=True, tag="create-tenant-object"):
    """Create an object in that namespace, unless it exists."""

    sort: Sort
    number: int
    """Part of its name."""
    cpu: str = ""
    """The CPU request of a pod; empty for none."""
    ends: bool = False
    """Whether a pod has an active deadline."""


class DeleteTenantObject(Action, frozen=True, kw_only=True, tag="delete-tenant-object"):
    """Delete it."""

    sort: Sort
    number: int


TenancyAction = SetTenantQuota | SetLimitRange | CreateTenantObject | DeleteTenantObject
