"""The service proxy, without its sockets."""

from itertools import chain

from kubeactors.actor import Actor, Later, handle
from kubeactors.api.core.v1 import Node, Pod, Service
from kubeactors.api.discovery.v1 import EndpointSlice
from kubeactors.api.discovery.v1.endpointslice import slices_by_service
from kubeactors.client import Change, Client, InformerFactory, Notify
from kubeactors.message import Message, Recipient, Request
from kubeactors.network.proxy.affinity import SECOND, Affinity, affinity_seconds
from kubeactors.network.proxy.routes import NOWHERE, Backend, Front, Place, backends, fronts, port_of
from kubeactors.network.sources import Sources

ZONE_LABEL = "topology.kubernetes.io/zone"

SERVICE = "service"
"""Index: EndpointSlices by the key of their Service."""
ADDRESS = "address"
"""Index: pods by their addresses."""


class Fronts(Message, frozen=True):
    """All the fronts of one Service; without a Service, the fronts of all Services."""

    service: str | None
    fronts: tuple[Front, ...]


class Choose(Request[Backend | None], frozen=True):
    """Choose the backend of a connection; None if there is none."""

    front: Front
    client: str
    """The address of the client."""


ProxyMessage = Choose | Notify


class ServiceProxy(Actor[ProxyMessage], deterministic=True):
    """Tells the sockets the fronts of Services, and chooses backends at random, or by session affinity.

    Args:
        client: reads Services, EndpointSlices, pods and nodes.
        sockets: listen at the fronts.
    """

    def __init__(self, client: Client, sockets: Recipient[Fronts]) -> None:
        self._client = client
        self._sockets = sockets
        self._affinity = Affinity()
        self._has_sent_all = False
        """Whether the sockets have got the fronts of all Services."""
        self._table: dict[str, dict[tuple[int, str, Place], tuple[Backend, ...]]] = {}
        """Cached per Service until it changes: backends, by port, protocol and the client's place."""

    def started(self) -> None:
        """Subscribe to the informers."""
        informers = InformerFactory(self.ctx, self._client)
        services, slices, pods = informers.of(Service), informers.of(EndpointSlice), informers.of(Pod)
        slices.add_indexes({SERVICE: slices_by_service})
        pods.add_indexes({ADDRESS: _addresses})
        nodes = informers.of(Node)
        self._services, self._slices, self._pods = services.lister, slices.lister, pods.lister
        self._nodes = nodes.lister
        self._sources = Sources()
        self._service_source = services.source
        self._sources.follow(services, self.ctx.self, self._on_service)
        self._sources.follow(slices, self.ctx.self, self._on_slice)
        self._sources.follow(pods, self.ctx.self, lambda _: None)
        self._sources.follow(nodes, self.ctx.self, lambda _: None)

    @handle
    def changed(self, message: Notify) -> None:
        """Apply changes; at first, send the fronts of all Services."""
        complete = self._sources.take(message)
        if message.synced and message.source == self._service_source:
            self._sockets.tell(Fronts(None, tuple(chain.from_iterable(map(fronts, self._services)))))
            self._has_sent_all = True
        if complete:
            self.ctx.unstash()

    @handle
    def choose(self, message: Choose) -> Later[Backend | None] | Backend | None:
        """The backend, once all informers have synced."""
        if not self._sources.complete:
            return self.ctx.stash()
        front = message.front
        service = self._services.by_key(front.service)
        candidates = () if service is None else self._backends(service, front, message.client)
        if service is None or not candidates:
            return None
        seconds = affinity_seconds(service)
        if not seconds:
            return self.ctx.random.choice(candidates)
        return self._by_affinity(candidates, (front.service, front.port, message.client), seconds)

    def _by_affinity(self, candidates: tuple[Backend, ...], client: tuple[str, int, str], seconds: int) -> Backend:
        now = self.ctx.now
        self._affinity.forget_expired(now)
        before = self._affinity.of(client, now)
        chosen = before if before is not None and before in candidates else self.ctx.random.choice(candidates)
        self._affinity.keep(client, chosen, now + seconds * SECOND)
        return chosen

    def _backends(self, service: Service, front: Front, client: str) -> tuple[Backend, ...]:
        place = NOWHERE if front.external else self._place_of(client)
        known = self._table.setdefault(front.service, {})
        key = (front.port, front.protocol, place)
        found = known.get(key)
        if found is None:
            port = port_of(service, front.port, front.protocol)
            slices = self._slices.by_index(SERVICE, front.service).values()
            found = known[key] = () if port is None else backends(service, port, slices, place)
        return found

    def _place_of(self, client: str) -> Place:
        """The place of a client that is a pod and uses its own address; else an empty one."""
        pods = self._pods.by_index(ADDRESS, client).values()
        name = next((one.spec.node_name for one in pods), "")
        node = self._nodes.get(name) if name else None
        return Place(name, node.metadata.labels.get(ZONE_LABEL, "") if node is not None else "")

    def _on_service(self, change: Change[Service]) -> None:
        self._table.pop(change.key, None)
        before = tuple(fronts(change.old)) if change.old is not None else ()
        after = tuple(fronts(change.new)) if change.new is not None else ()
        if self._has_sent_all and before != after:
            self._sockets.tell(Fronts(change.key, after))

    def _on_slice(self, change: Change[EndpointSlice]) -> None:
        for one in (change.old, change.new):
            for key in slices_by_service(one) if one is not None else ():
                self._table.pop(key, None)


def _addresses(pod: Pod) -> tuple[str, ...]:
    return tuple(one.ip for one in pod.status.pod_ips)
