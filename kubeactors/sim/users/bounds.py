"""Quotas and disruption budgets, invalid owners, claims with reserved volumes."""

from collections.abc import Awaitable

from msgspec.structs import replace

from kubeactors.api.apps.v1 import Deployment
from kubeactors.api.core.v1 import ConfigMap, PersistentVolumeClaim
from kubeactors.api.core.v1.resourcequota import ResourceQuota, ResourceQuotaSpec
from kubeactors.api.policy.v1 import PodDisruptionBudget, PodDisruptionBudgetSpec
from kubeactors.apimachinery.meta import LabelSelector, ObjectMeta, OwnerReference
from kubeactors.apimachinery.status import AlreadyExists
from kubeactors.sim.users.manifests import APP, NAMESPACE, claim_of, volume_of
from kubeactors.sim.users.session import Session
from kubeactors.sim.workload import (
    BoundAction,
    CreateBoundVolume,
    CreateWithForeignOwner,
    CreateWithUnknownOwner,
    SetBudget,
    SetQuota,
)

QUOTA = "pods"
ELSEWHERE = "kube-public"


class Bounds:
    """Performs actions on them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def do(self, action: BoundAction) -> Awaitable[None]:
        """Perform the action."""
        match action:
            case SetQuota():
                return self._quota(action.pods)
            case SetBudget():
                return self._budget(action)
            case CreateWithForeignOwner():
                return self._create_with_foreign_owner(action.name)
            case CreateWithUnknownOwner():
                return self._claim_unknown_owner(action.name)
            case CreateBoundVolume():
                return self._claim_volume(action.name)

    async def _quota(self, pods: int) -> None:
        if not pods:
            await self._session.remove(ResourceQuota, QUOTA)
            return
        spec = ResourceQuotaSpec(hard={"pods": str(pods)})
        wanted = ResourceQuota(metadata=ObjectMeta(name=QUOTA, namespace=NAMESPACE), spec=spec)
        try:
            await self._session.client.create(wanted)
        except AlreadyExists:
            await self._session.change(ResourceQuota, QUOTA, lambda live: replace(live, spec=spec))

    async def _budget(self, action: SetBudget) -> None:
        spec = PodDisruptionBudgetSpec(
            max_unavailable=action.max_unavailable, selector=LabelSelector(match_labels={APP: action.name})
        )
        metadata = ObjectMeta(name=action.name, namespace=NAMESPACE)
        await self._session.ensure(PodDisruptionBudget(metadata=metadata, spec=spec))

    async def _create_with_foreign_owner(self, name: str) -> None:
        owner = (await self._session.client.get(Deployment, name, NAMESPACE)).metadata
        reference = OwnerReference(api_version="apps/v1", kind="Deployment", name=name, uid=owner.uid)
        metadata = ObjectMeta(name=f"of-{name}", namespace=ELSEWHERE, owner_references=(reference,))
        await self._session.ensure(ConfigMap(metadata=metadata))

    async def _claim_volume(self, name: str) -> None:
        await self._session.ensure(claim_of(name))  # exists already if the reply to a previous attempt was lost
        await self._session.ensure(volume_of(await self._session.client.get(PersistentVolumeClaim, name, NAMESPACE)))

    async def _claim_unknown_owner(self, name: str) -> None:
        reference = OwnerReference(api_version="example.com/v1", kind="Mystery", name=name, uid=f"mystery-of-{name}")
        metadata = ObjectMeta(name=f"mystery-{name}", namespace=NAMESPACE, owner_references=(reference,))
        self._session.world.intents.leaves_ownerless(await self._session.client.create(ConfigMap(metadata=metadata)))
