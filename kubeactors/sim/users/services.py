"""Services."""

from collections.abc import Awaitable

from msgspec.structs import replace

from kubeactors.api.core.v1 import Service
from kubeactors.apimachinery.status import AlreadyExists
from kubeactors.sim.users.auxiliary import exposed
from kubeactors.sim.users.session import Session
from kubeactors.sim.workload import CreateService, DeleteService, ServiceAction


class Services:
    """Performs actions on them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def do(self, action: ServiceAction) -> Awaitable[None]:
        """Perform the action."""
        match action:
            case CreateService():
                return self._expose(action)
            case DeleteService():
                return self._session.remove(Service, action.name)

    async def _expose(self, action: CreateService) -> None:
        wanted = exposed(action)
        try:
            await self._session.client.create(wanted)
        except AlreadyExists:
            await self._session.change(Service, action.name, lambda live: _changed(live, wanted))


def _changed(live: Service, wanted: Service) -> Service:
    """The live Service with the wanted labels and spec; the server keeps allocated fields that the spec leaves out."""
    return replace(live, metadata=replace(live.metadata, labels=wanted.metadata.labels), spec=wanted.spec)
