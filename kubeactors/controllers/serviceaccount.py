"""The service account controller: creates a ServiceAccount named `default` in every namespace.

Source: pkg/controller/serviceaccount/serviceaccounts_controller.go (v1.36).
"""

from contextlib import suppress

from kubeactors.api.core.v1 import Namespace, ServiceAccount
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.apimachinery.status import AlreadyExists, StatusError
from kubeactors.client import Change, Client, Controller, SharedInformer, is_namespace_terminating
from kubeactors.client.expectations import AWAIT_SECONDS

DEFAULT = "default"


class ServiceAccountController(Controller):
    """Creates the default ServiceAccount where it is missing."""

    def __init__(
        self, client: Client, *, namespaces: SharedInformer[Namespace], accounts: SharedInformer[ServiceAccount]
    ) -> None:
        super().__init__()
        self._client = client
        self._namespaces = namespaces.lister
        self._accounts = accounts.lister
        self.observe(namespaces, self._on_namespace)
        self.observe(accounts, self._on_account)

    def _on_namespace(self, change: Change[Namespace]) -> None:
        if change.new is not None:
            self.enqueue(change.key)

    def _on_account(self, change: Change[ServiceAccount]) -> None:
        if change.new is None and change.current.metadata.name == DEFAULT:
            self.enqueue(change.current.metadata.namespace)

    async def reconcile(self, key: str) -> None:
        """Create the namespace's default ServiceAccount, unless the namespace is terminating."""
        namespace = self._namespaces.by_key(key)
        if namespace is None or namespace.metadata.deletion_timestamp is not None:
            return
        if self._accounts.get(DEFAULT, key) is not None:
            return
        try:
            with suppress(AlreadyExists):
                await self._client.create(ServiceAccount(metadata=ObjectMeta(name=DEFAULT, namespace=key)))
        except StatusError as error:
            if not is_namespace_terminating(error):
                raise
        else:
            self.enqueue_after(key, AWAIT_SECONDS)  # a relist may miss an object that came and went
