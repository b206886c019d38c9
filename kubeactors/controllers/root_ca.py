"""The root CA publisher: maintains a ConfigMap with the cluster's CA certificate in every namespace.

Source: pkg/controller/certificates/rootcacertpublisher/publisher.go (v1.36).
"""

from contextlib import suppress

from msgspec.structs import replace

from kubeactors.api.core.v1 import ConfigMap, Namespace
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.apimachinery.status import AlreadyExists, NotFound, StatusError
from kubeactors.client import Change, Client, Controller, Overlay, SharedInformer, cluster_key, is_namespace_terminating
from kubeactors.client.expectations import AWAIT_SECONDS

NAME = "kube-root-ca.crt"
KEY = "ca.crt"
DESCRIPTION = "kubernetes.io/description"
TEXT = (
    "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the "
    "internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes "
    "clusters."
)


class RootCAPublisher(Controller):
    """Restores the ConfigMap whenever it is deleted or changed."""

    def __init__(
        self,
        client: Client,
        root_ca: str,
        *,
        namespaces: SharedInformer[Namespace],
        config_maps: SharedInformer[ConfigMap],
    ) -> None:
        super().__init__()
        self._client = client
        self._data = {KEY: root_ca}
        self._namespaces = namespaces.lister
        self._config_maps = config_maps.lister
        self._overlay: Overlay[ConfigMap] = Overlay(config_maps.lister)
        self.observe(namespaces, self._on_namespace)
        self.observe(config_maps, self._on_config_map)

    def _on_namespace(self, change: Change[Namespace]) -> None:
        if change.new is not None:
            self.enqueue(change.key)

    def _on_config_map(self, change: Change[ConfigMap]) -> None:
        self._overlay.seen(change)
        if change.current.metadata.name == NAME:
            self.enqueue(change.current.metadata.namespace)

    async def reconcile(self, key: str) -> None:
        """Create or restore the ConfigMap, unless the namespace is terminating."""
        namespace = self._namespaces.by_key(key)
        if namespace is None or namespace.metadata.deletion_timestamp is not None:
            return
        found = self._overlay.newest(cluster_key(key, NAME), self._config_maps.get(NAME, key))
        try:
            if found is None:
                await self._create(key)
            elif found.data != self._data or found.metadata.annotations.get(DESCRIPTION) != TEXT:
                annotations = {**found.metadata.annotations, DESCRIPTION: TEXT}
                metadata = replace(found.metadata, annotations=annotations)
                written = await self._client.update(replace(found, metadata=metadata, data=self._data))
                self._overlay.wrote(key, written)
        except NotFound:
            return  # the event of that change will trigger the next sync
        except StatusError as error:
            if not is_namespace_terminating(error):
                raise

    async def _create(self, key: str) -> None:
        metadata = ObjectMeta(name=NAME, namespace=key, annotations={DESCRIPTION: TEXT})
        with suppress(AlreadyExists):
            await self._client.create(ConfigMap(metadata=metadata, data=self._data))
        self.enqueue_after(key, AWAIT_SECONDS)  # a relist may miss an object that came and went
