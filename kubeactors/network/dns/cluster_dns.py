"""The cluster's name server, without its sockets."""

from kubeactors.actor import Actor, Later, handle
from kubeactors.api.core.v1 import Pod, Service
from kubeactors.api.discovery.v1 import EndpointSlice
from kubeactors.api.discovery.v1.endpointslice import slices_by_service
from kubeactors.client import Change, Client, InformerFactory, Notify
from kubeactors.message import Request
from kubeactors.network.dns.answer import answer_bytes
from kubeactors.network.dns.records import pod_records, service_records
from kubeactors.network.dns.zone import Zone
from kubeactors.network.sources import Sources

SERVICE = "service"
"""Index: EndpointSlices by the key of their Service."""


class Resolve(Request[bytes | None], frozen=True):
    """Answer a query, both in wire format; None: do not answer. See `answer_bytes`."""

    query: bytes
    max_bytes: int = 0


DNSMessage = Resolve | Notify


class ClusterDNS(Actor[DNSMessage], deterministic=True):
    """Keeps the records of all Services and pods, and answers queries once its informers have synced.

    Args:
        client: reads Services, EndpointSlices and pods.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._zone = Zone()

    def started(self) -> None:
        """Subscribe to the informers."""
        informers = InformerFactory(self.ctx, self._client)
        services, slices, pods = informers.of(Service), informers.of(EndpointSlice), informers.of(Pod)
        slices.add_indexes({SERVICE: slices_by_service})
        self._services, self._slices = services.lister, slices.lister
        self._sources = Sources()
        self._sources.follow(services, self.ctx.self, self._on_service)
        self._sources.follow(slices, self.ctx.self, self._on_slice)
        self._sources.follow(pods, self.ctx.self, self._on_pod)

    @handle
    def changed(self, message: Notify) -> None:
        """Update the records of changed objects."""
        if self._sources.take(message):
            self.ctx.unstash()

    @handle
    def resolve(self, message: Resolve) -> bytes | Later[bytes | None] | None:
        """The answer, once all informers have synced."""
        if not self._sources.complete:
            return self.ctx.stash()
        return answer_bytes(self._zone, message.query, message.max_bytes, self.ctx.random)

    def _on_service(self, change: Change[Service]) -> None:
        self._refresh(change.key)

    def _on_slice(self, change: Change[EndpointSlice]) -> None:
        keys = dict.fromkeys(
            key for one in (change.old, change.new) if one is not None for key in slices_by_service(one)
        )
        for key in keys:
            self._refresh(key)

    def _refresh(self, key: str) -> None:
        service = self._services.by_key(key)
        slices = self._slices.by_index(SERVICE, key).values()
        self._zone.replace(f"services/{key}", service_records(service, slices) if service is not None else ())

    def _on_pod(self, change: Change[Pod]) -> None:
        self._zone.replace(f"pods/{change.key}", pod_records(change.new) if change.new is not None else ())
