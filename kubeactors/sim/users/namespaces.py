"""Namespaces and their contents."""

from collections.abc import Awaitable

from msgspec.structs import replace

from kubeactors.api.core.v1 import ConfigMap, Namespace, Pod, ServiceAccount
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.sim.users.manifests import pod_spec, service_of
from kubeactors.sim.users.session import Session
from kubeactors.sim.workload.namespaces import CreateNamespace, DeleteNamespace, NamespaceAction


class Namespaces:
    """Performs actions on them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def do(self, action: NamespaceAction) -> Awaitable[None]:
        """Perform the action."""
        match action:
            case CreateNamespace():
                return self._create(action.name)
            case DeleteNamespace():
                return self._session.remove(Namespace, action.name, "")

    async def _create(self, name: str) -> None:
        await self._session.ensure(Namespace(metadata=ObjectMeta(name=name)))
        service = service_of("site")
        await self._session.ensure(replace(service, metadata=replace(service.metadata, namespace=name)))
        await self._session.ensure(ConfigMap(metadata=ObjectMeta(name="settings", namespace=name)))
        await self._session.wait_for(ServiceAccount, "default", name)
        labels = {"app": "site"}
        await self._session.ensure(
            Pod(metadata=ObjectMeta(name="site", namespace=name, labels=labels), spec=pod_spec("1"))
        )
