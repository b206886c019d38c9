"""Volumes and claims."""

from collections.abc import Awaitable
from functools import partial

from msgspec.structs import replace

from kubeactors.api.core.v1 import PersistentVolumeClaim
from kubeactors.api.core.v1.persistentvolume import PersistentVolume
from kubeactors.sim.users.auxiliary import class_named, free_volume, pod_using, sized_claim, storage
from kubeactors.sim.users.manifests import NAMESPACE
from kubeactors.sim.users.session import Session
from kubeactors.sim.workload import (
    CreateClaim,
    CreateStorageClass,
    CreateVolume,
    DeleteClaim,
    DeleteVolume,
    ExpandClaim,
    MountClaim,
    VolumeAction,
)

BOUND_ATTEMPTS, BOUND_SECONDS = 10, 0.5
"""How often to check whether a claim is bound."""


class Volumes:
    """Performs actions on them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def do(self, action: VolumeAction) -> Awaitable[None]:
        """Perform the action."""
        match action:
            case CreateVolume():
                return self._session.ensure(free_volume(action))
            case DeleteVolume():
                return self._session.remove(PersistentVolume, action.name, "")
            case CreateStorageClass():
                return self._session.ensure(class_named(action.name))
            case CreateClaim():
                return self._session.ensure(sized_claim(action))
            case ExpandClaim():
                return self._grow(action)
            case MountClaim():
                return self._use(action.name)
            case DeleteClaim():
                return self._session.remove(PersistentVolumeClaim, action.name)

    async def _grow(self, action: ExpandClaim) -> None:
        """Expand a claim; wait a little until it is bound, as an unbound one cannot be expanded."""
        for _ in range(BOUND_ATTEMPTS):
            if (await self._session.client.get(PersistentVolumeClaim, action.name, NAMESPACE)).status.phase == "Bound":
                break
            await self._session.sleep(BOUND_SECONDS)
        grown = partial(_grown, gibibytes=action.gibibytes)
        await self._session.change(PersistentVolumeClaim, action.name, grown)

    async def _use(self, name: str) -> None:
        self._session.world.intents.leaves_ownerless(await self._session.client.create(pod_using(name)))


def _grown(live: PersistentVolumeClaim, *, gibibytes: int) -> PersistentVolumeClaim:
    return replace(live, spec=replace(live.spec, resources=storage(gibibytes)))
