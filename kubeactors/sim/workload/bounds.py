"""What users do to bounds: quotas and disruption budgets; and what they write that makes little sense."""

from kubeactors.sim.steps import Action


class SetQuota(Action, frozen=True, kw_only=True, tag="set-quota"):
    """Allow so many pods in the namespace; 0 allows as many as there may be."""

    pods: int


class SetBudget(Action, frozen=True, kw_only=True, tag="set-budget"):
    """Let evictions take so many of these pods at a time."""

    name: str
    max_unavailable: int = 1


class ClaimForeignOwner(Action, frozen=True, kw_only=True, tag="claim-foreign-owner"):
    """Create a config map in another namespace that names a deployment here as its owner, which it cannot be.

    The config map is garbage; what the deployment owns here is not.
    """

    name: str


class ClaimUnknownOwner(Action, frozen=True, kw_only=True, tag="claim-unknown-owner"):
    """Create a config map with an owner of a kind that does not exist: nobody can say that it is gone."""

    name: str


class ClaimVolume(Action, frozen=True, kw_only=True, tag="claim-volume"):
    """Create a claim, and a volume that is reserved for it."""

    name: str


BoundAction = SetQuota | SetBudget | ClaimForeignOwner | ClaimUnknownOwner | ClaimVolume
