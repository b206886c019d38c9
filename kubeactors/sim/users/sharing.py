"""Manual endpoints, and aggregated cluster roles."""

from collections.abc import Awaitable

from msgspec.structs import replace

from kubeactors.api.core.v1 import Endpoints, Service
from kubeactors.api.rbac.v1 import ClusterRole
from kubeactors.apimachinery.status import AlreadyExists
from kubeactors.sim.users.manifests import addresses_of, plain_service, role_of, team_role
from kubeactors.sim.users.session import Session
from kubeactors.sim.workload import DeleteEndpoints, GrantRole, RevokeRole, SetEndpoints, SharingAction


class Sharing:
    """Performs actions on them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def do(self, action: SharingAction) -> Awaitable[None]:
        """Perform the action."""
        match action:
            case SetEndpoints():
                return self._publish(action)
            case DeleteEndpoints():
                return self._session.remove(Service if action.service else Endpoints, action.name)
            case GrantRole():
                return self._grant(action)
            case RevokeRole():
                return self._session.remove(ClusterRole, action.name, "")

    async def _publish(self, action: SetEndpoints) -> None:
        await self._session.ensure(plain_service(action.name))
        wanted = addresses_of(action)
        try:
            await self._session.client.create(wanted)
        except AlreadyExists:
            subsets = wanted.subsets
            await self._session.change(Endpoints, action.name, lambda live: replace(live, subsets=subsets))

    async def _grant(self, action: GrantRole) -> None:
        await self._session.ensure(team_role())
        wanted = role_of(action)
        try:
            await self._session.client.create(wanted)
        except AlreadyExists:
            await self._session.change(ClusterRole, action.name, lambda live: replace(live, rules=wanted.rules), "")
