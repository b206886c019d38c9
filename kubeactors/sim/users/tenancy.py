"""A namespace with a quota."""

from msgspec.structs import replace

from kubeactors.api.core.v1 import (
    ConfigMap,
    Namespace,
    PersistentVolumeClaim,
    Pod,
    PodTemplate,
    Secret,
    Service,
    ServiceAccount,
)
from kubeactors.api.core.v1.limitrange import LimitRange
from kubeactors.api.core.v1.resourcequota import ResourceQuota, ResourceQuotaSpec
from kubeactors.api.networking.v1.ingress import Ingress
from kubeactors.api.networking.v1.networkpolicy import NetworkPolicy
from kubeactors.apimachinery.meta import ObjectMeta, TypedObject
from kubeactors.apimachinery.status import AlreadyExists
from kubeactors.sim.users.auxiliary import TENANT, Widget, furniture, limits_of
from kubeactors.sim.users.session import Session
from kubeactors.sim.workload import (
    CreateTenantObject,
    DeleteTenantObject,
    SetLimitRange,
    SetTenantQuota,
    Sort,
    TenancyAction,
)

SHARE = "share"
TYPES: dict[Sort, type[TypedObject]] = {
    "pod": Pod,
    "config-map": ConfigMap,
    "secret": Secret,
    "service": Service,
    "claim": PersistentVolumeClaim,
    "widget": Widget,
    "network-policy": NetworkPolicy,
    "ingress": Ingress,
    "pod-template": PodTemplate,
}


class Tenancy:
    """Performs actions there."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def do(self, action: TenancyAction) -> None:
        """Perform the action."""
        await self._session.ensure(Namespace(metadata=ObjectMeta(name=TENANT)))
        match action:
            case SetTenantQuota():
                await self._set_quota(action)
            case SetLimitRange():
                await self._limit(action)
            case CreateTenantObject():
                await self._create(action)
            case DeleteTenantObject():
                await self._session.remove(TYPES[action.sort], f"{action.sort}-{action.number}", TENANT)

    async def _set_quota(self, action: SetTenantQuota) -> None:
        if not action.hard:
            await self._session.remove(ResourceQuota, SHARE, TENANT)
            return
        spec = ResourceQuotaSpec(hard=action.hard, scopes=(action.scope,) if action.scope else ())
        wanted = ResourceQuota(metadata=ObjectMeta(name=SHARE, namespace=TENANT), spec=spec)
        try:
            await self._session.client.create(wanted)
        except AlreadyExists:
            await self._session.change(ResourceQuota, SHARE, lambda live: replace(live, spec=spec), TENANT)

    async def _limit(self, action: SetLimitRange) -> None:
        wanted = limits_of(action)
        name, spec = wanted.metadata.name, wanted.spec
        if action.is_empty:
            await self._session.remove(LimitRange, name, TENANT)
            return
        try:
            await self._session.client.create(wanted)
        except AlreadyExists:
            await self._session.change(LimitRange, name, lambda live: replace(live, spec=spec), TENANT)

    async def _create(self, action: CreateTenantObject) -> None:
        await self._session.wait_for(ServiceAccount, "default", TENANT)
        await self._session.ensure(furniture(action))
