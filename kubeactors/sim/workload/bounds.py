"""User actions on quotas and disruption budgets; objects with invalid owners; claims with reserved volumes."""

from kubeactors.sim.steps import Action


class SetQuota(Action, frozen=True, kw_only=True, tag="set-quota"):
    """Allow so many pods in the namespace; 0 removes the quota."""

    pods: int


class SetBudget(Action, frozen=True, kw_only=True, tag="set-budget"):
    """Create a disruption budget for the pods of a workload."""

    name: str
    max_unavailable: int = 1


class CreateWithForeignOwner(Action, frozen=True, kw_only=True, tag="create-with-foreign-owner"):
    """Create a ConfigMap in another namespace whose owner is a Deployment here, which is invalid.

    The ConfigMap is garbage; the dependents of the Deployment are not.
    """

    name: str


class CreateWithUnknownOwner(Action, frozen=True, kw_only=True, tag="create-with-unknown-owner"):
    """Create a ConfigMap whose owner's kind does not exist: whether the owner is absent cannot be determined."""

    name: str


class CreateBoundVolume(Action, frozen=True, kw_only=True, tag="create-bound-volume"):
    """Create a claim, and a volume that is pre-bound to it."""

    name: str


BoundAction = SetQuota | SetBudget | CreateWithForeignOwner | CreateWithUnknownOwner | CreateBoundVolume
