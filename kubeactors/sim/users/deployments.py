"""Deployments."""

from collections.abc import Awaitable, Callable
from functools import partial

from msgspec.structs import replace

from kubeactors.api.apps.v1 import Deployment, DeploymentSpec, ReplicaSet
from kubeactors.api.core.v1 import Service
from kubeactors.apimachinery.meta import DeleteOptions
from kubeactors.client import is_controlled_by
from kubeactors.sim.users.manifests import (
    NAMESPACE,
    URGENT,
    autoscaler_of,
    deployment_of,
    service_of,
    with_image,
    without_hash,
)
from kubeactors.sim.users.session import Session
from kubeactors.sim.workload import (
    Autoscale,
    CreateDeployment,
    DeleteDeployment,
    DeploymentAction,
    Pause,
    Resume,
    Roll,
    Scale,
    Undo,
)

REVISION = "deployment.kubernetes.io/revision"


class Deployments:
    """Performs actions on them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def do(self, action: DeploymentAction) -> Awaitable[None]:
        """Perform the action."""
        match action:
            case CreateDeployment():
                return self._create(action)
            case Scale():
                return self._scale(action)
            case Autoscale():
                return self._session.ensure(autoscaler_of(action))
            case Roll():
                return self._change(action.name, partial(_rolled, image=action.image))
            case Pause():
                return self._change(action.name, lambda spec: replace(spec, paused=True))
            case Resume():
                return self._change(action.name, lambda spec: replace(spec, paused=False))
            case Undo():
                return self._undo(action.name)
            case DeleteDeployment():
                return self._delete(action)

    async def _create(self, action: CreateDeployment) -> None:
        if action.urgent:
            await self._session.ensure(URGENT)
        await self._session.ensure(deployment_of(action))
        await self._session.ensure(service_of(action.name))

    async def _scale(self, action: Scale) -> None:
        self._session.world.intents.resized[action.name] = None
        await self._change(action.name, lambda spec: replace(spec, replicas=action.replicas))

    async def _change(self, name: str, change: Callable[[DeploymentSpec], DeploymentSpec]) -> None:
        await self._session.change(Deployment, name, lambda live: replace(live, spec=change(live.spec)))

    async def _undo(self, name: str) -> None:
        """Source: kubectl pkg/polymorphichelpers/rollback.go (v1.36)."""
        client = self._session.client
        live = await client.get(Deployment, name, NAMESPACE)
        sets = await client.list(ReplicaSet, NAMESPACE)
        owned = [one for one in sets.items if is_controlled_by(one.metadata, live.metadata.uid)]
        owned.sort(key=lambda one: int(one.metadata.annotations.get(REVISION, "0")))
        if len(owned) > 1 and not live.spec.paused:
            template = without_hash(owned[-2].spec.template)
            await client.update(replace(live, spec=replace(live.spec, template=template)))

    async def _delete(self, action: DeleteDeployment) -> None:
        session = self._session
        live = await session.client.get(Deployment, action.name, NAMESPACE)
        session.world.intents.deletes_owner(live, action.propagation)
        options = DeleteOptions(propagation_policy=action.propagation)
        await session.remove(Service, action.name)
        await session.client.delete(Deployment, action.name, NAMESPACE, options=options)


def _rolled(spec: DeploymentSpec, *, image: str) -> DeploymentSpec:
    return replace(spec, template=with_image(spec.template, image))
