"""Namespaces and their contents."""

from collections.abc import Awaitable

from msgspec.structs import replace

from kubeactors.api.core.v1 import ConfigMap, Namespace, Pod, ServiceAccount
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.sim.users.hands import Hands
from kubeactors.sim.users.manifests import pod_spec, service_of
from kubeactors.sim.workload.namespaces import CreateNamespace, DeleteNamespace, NamespaceAction


class Namespaces:
    """Performs actions on them."""

    def __init__(self, hands: Hands) -> None:
        self._hands = hands

    def do(self, action: NamespaceAction) -> Awaitable[None]:
        """Perform the action."""
        match action:
            case CreateNamespace():
                return self._create(action.name)
            case DeleteNamespace():
                return self._hands.remove(Namespace, action.name, "")

    async def _create(self, name: str) -> None:
        await self._hands.ensure(Namespace(metadata=ObjectMeta(name=name)))
        service = service_of("site")
        await self._hands.ensure(replace(service, metadata=replace(service.metadata, namespace=name)))
        await self._hands.ensure(ConfigMap(metadata=ObjectMeta(name="settings", namespace=name)))
        await self._hands.wait_for(ServiceAccount, "default", name)
        labels = {"app": "site"}
        await self._hands.ensure(
            Pod(metadata=ObjectMeta(name="site", namespace=name, labels=labels), spec=pod_spec("1"))
        )
