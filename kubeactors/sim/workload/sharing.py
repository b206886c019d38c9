"""Endpoints of Services without a selector, and cluster roles that are aggregated into others."""

from kubeactors.sim.steps import Action


class SetEndpoints(Action, frozen=True, kw_only=True, tag="set-endpoints"):
    """Set the endpoints of a Service without a selector; create it if missing."""

    name: str
    count: int
    """How many addresses."""


class DeleteEndpoints(Action, frozen=True, kw_only=True, tag="delete-endpoints"):
    """Delete these endpoints, or the Service itself."""

    name: str
    service: bool = False


class GrantRole(Action, frozen=True, kw_only=True, tag="grant-role"):
    """Create or change a ClusterRole that is aggregated into a role of the users and into `view`."""

    name: str
    verbs: tuple[str, ...] = ("get",)


class RevokeRole(Action, frozen=True, kw_only=True, tag="revoke-role"):
    """Delete it."""

    name: str


SharingAction = SetEndpoints | DeleteEndpoints | GrantRole | RevokeRole
