"""Service accounts, their tokens, the root CA."""

from collections.abc import Awaitable

from msgspec.structs import replace

from kubeactors.api.core.v1 import ConfigMap, ObjectReference, Secret, ServiceAccount
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.sim.users.auxiliary import token_of
from kubeactors.sim.users.manifests import NAMESPACE
from kubeactors.sim.users.manifests.checks import ROOT
from kubeactors.sim.users.session import Session
from kubeactors.sim.workload import (
    AccountAction,
    CreateTokenSecret,
    DamageRootCA,
    DeleteServiceAccount,
    DeleteTokenSecret,
)


class Accounts:
    """Performs actions on them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def do(self, action: AccountAction) -> Awaitable[None]:
        """Perform the action."""
        match action:
            case CreateTokenSecret():
                return self._add_token(action)
            case DeleteTokenSecret():
                return self._session.remove(Secret, action.name)
            case DeleteServiceAccount():
                return self._session.remove(ServiceAccount, action.name)
            case DamageRootCA():
                return self._damage(action)

    async def _add_token(self, action: CreateTokenSecret) -> None:
        await self._session.ensure(ServiceAccount(metadata=ObjectMeta(name=action.account, namespace=NAMESPACE)))
        await self._session.ensure(token_of(action))
        await self._session.change(ServiceAccount, action.account, lambda live: _mentioning(live, action.name))

    async def _damage(self, action: DamageRootCA) -> None:
        if action.delete:
            await self._session.remove(ConfigMap, ROOT, action.namespace)
        else:
            await self._session.change(ConfigMap, ROOT, lambda live: replace(live, data={}), action.namespace)


def _mentioning(live: ServiceAccount, name: str) -> ServiceAccount:
    if any(one.name == name for one in live.secrets):
        return live
    return replace(live, secrets=(*live.secrets, ObjectReference(name=name)))
