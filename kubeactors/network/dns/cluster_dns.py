"""The name server of the cluster, without its sockets."""

from collections.abc import Callable
from typing import TypeVar, cast

from kubeactors.actor import Actor, Later, handle
from kubeactors.api.core.v1 import Pod, Service
from kubeactors.api.discovery.v1 import EndpointSlice
from kubeactors.api.discovery.v1.endpointslice import SERVICE_NAME_LABEL
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.client import Change, Client, InformerFactory, Notify, SharedInformer, cluster_key
from kubeactors.message import Request
from kubeactors.network.dns.answer import answer_bytes
from kubeactors.network.dns.records import pod_records, service_records
from kubeactors.network.dns.zone import Zone

T = TypeVar("T", bound=TypedObject)

SERVICE = "service"
"""Index: slices by the key of their service."""


class Resolve(Request[bytes | None], frozen=True):
    """Answer a query, as bytes both; None: say nothing. See `answer_bytes`."""

    query: bytes
    max_bytes: int = 0


DNSMessage = Resolve | Notify


class ClusterDNS(Actor[DNSMessage], deterministic=True):
    """Keeps the records of all services and pods, and answers queries once it knows all there is.

    Args:
        client: reads services, endpoint slices and pods.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._zone = Zone()

    def started(self) -> None:
        """Watch what names follow from."""
        informers = InformerFactory(self.ctx, self._client)
        services, slices, pods = informers.of(Service), informers.of(EndpointSlice), informers.of(Pod)
        slices.add_indexes({SERVICE: _by_service})
        self._services, self._slices = services.lister, slices.lister
        self._sources: dict[str, Callable[[Change[TypedObject]], None]] = {}
        self._unknown: dict[str, None] = {}
        """The collections of which nothing has been said yet."""
        self._follow(services, self._on_service)
        self._follow(slices, self._on_slice)
        self._follow(pods, self._on_pod)

    def _follow(self, informer: SharedInformer[T], changed: Callable[[Change[T]], None]) -> None:
        self._sources[informer.source] = cast("Callable[[Change[TypedObject]], None]", changed)
        self._unknown[informer.source] = None
        informer.subscribe(self.ctx.self)

    @handle
    def changed(self, message: Notify) -> None:
        """Change the records of those that have changed."""
        changed = self._sources[message.source]
        for change in message.changes:
            changed(change)
        if message.synced:
            self._unknown.pop(message.source, None)
            if not self._unknown:
                self.ctx.unstash()

    @handle
    def resolve(self, message: Resolve) -> bytes | Later[bytes | None] | None:
        """The answer; a little later while not everything is known."""
        if self._unknown:
            return self.ctx.stash()
        return answer_bytes(self._zone, message.query, message.max_bytes, self.ctx.random)

    def _on_service(self, change: Change[Service]) -> None:
        self._refresh(change.key)

    def _on_slice(self, change: Change[EndpointSlice]) -> None:
        keys = dict.fromkeys(key for one in (change.old, change.new) if one is not None for key in _by_service(one))
        for key in keys:
            self._refresh(key)

    def _refresh(self, key: str) -> None:
        service = self._services.by_key(key)
        slices = self._slices.by_index(SERVICE, key).values()
        self._zone.replace(f"services/{key}", service_records(service, slices) if service is not None else ())

    def _on_pod(self, change: Change[Pod]) -> None:
        self._zone.replace(f"pods/{change.key}", pod_records(change.new) if change.new is not None else ())


def _by_service(found: EndpointSlice) -> tuple[str, ...]:
    name = found.metadata.labels.get(SERVICE_NAME_LABEL)
    return (cluster_key(found.metadata.namespace, name),) if name else ()
