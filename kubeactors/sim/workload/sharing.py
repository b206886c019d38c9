"""What users tell others: where a service without a selector leads to, and roles that other roles take in."""

from kubeactors.sim.steps import Action


class PublishAddresses(Action, frozen=True, kw_only=True, tag="publish-addresses"):
    """Say by hand where a service without a selector leads to; create it if it is not there."""

    name: str
    count: int
    """How many addresses."""


class WithdrawAddresses(Action, frozen=True, kw_only=True, tag="withdraw-addresses"):
    """Delete what was said so, or the service itself."""

    name: str
    service: bool = False


class GrantRole(Action, frozen=True, kw_only=True, tag="grant-role"):
    """Create or change a cluster role that others take in: one of the users' own, and the role `view`."""

    name: str
    verbs: tuple[str, ...] = ("get",)


class RevokeRole(Action, frozen=True, kw_only=True, tag="revoke-role"):
    """Delete it."""

    name: str


SharingAction = PublishAddresses | WithdrawAddresses | GrantRole | RevokeRole
