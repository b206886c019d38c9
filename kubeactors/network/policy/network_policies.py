"""The actor that knows which connections NetworkPolicies allow."""

from collections.abc import Iterable

from kubeactors.actor import Actor, Later, handle
from kubeactors.api.core.v1 import Namespace, Pod
from kubeactors.api.networking.v1.networkpolicy import NetworkPolicy
from kubeactors.apimachinery.labels import Labels
from kubeactors.client import Change, Client, InformerFactory, Notify
from kubeactors.message import Request
from kubeactors.network.policy.rules import Connection, End, allows
from kubeactors.network.sources import Sources

NAMESPACE = "namespace"
"""Index: policies by their namespaces."""
ADDRESS = "address"
"""Index: pods by their addresses."""


class IsAllowed(Request[bool], frozen=True):
    """Whether a connection from one address to a port of another is allowed. Addresses of no pod are outside."""

    source: str
    target: str
    port: int
    protocol: str = "TCP"


PolicyMessage = IsAllowed | Notify


class NetworkPolicies(Actor[PolicyMessage], deterministic=True):
    """Answers `IsAllowed` once its informers have synced.

    Args:
        client: reads policies, pods and namespaces.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._labels: dict[str, Labels] = {}

    def started(self) -> None:
        """Subscribe to the informers."""
        informers = InformerFactory(self.ctx, self._client)
        policies, pods, namespaces = informers.of(NetworkPolicy), informers.of(Pod), informers.of(Namespace)
        policies.add_indexes({NAMESPACE: lambda one: (one.metadata.namespace,)})
        pods.add_indexes({ADDRESS: _addresses})
        self._policies, self._pods = policies.lister, pods.lister
        self._sources = Sources()
        self._sources.follow(policies, self.ctx.self, lambda _: None)
        self._sources.follow(pods, self.ctx.self, lambda _: None)
        self._sources.follow(namespaces, self.ctx.self, self._on_namespace)

    @handle
    def changed(self, message: Notify) -> None:
        """Apply changes."""
        if self._sources.take(message):
            self.ctx.unstash()

    @handle
    def is_allowed(self, message: IsAllowed) -> Later[bool] | bool:
        """Whether both ends allow the connection, once all informers have synced."""
        if not self._sources.complete:
            return self.ctx.stash()
        ends = self._end(message.source), self._end(message.target)
        connection = Connection(*ends, message.port, message.protocol)
        return allows(self._of_namespace, self._labels, connection)

    def _of_namespace(self, namespace: str) -> Iterable[NetworkPolicy]:
        return self._policies.by_index(NAMESPACE, namespace).values()

    def _end(self, address: str) -> End:
        return End(address, next(iter(self._pods.by_index(ADDRESS, address).values()), None))

    def _on_namespace(self, change: Change[Namespace]) -> None:
        if change.new is None:
            self._labels.pop(change.key, None)
        else:
            self._labels[change.key] = change.new.metadata.labels


def _addresses(pod: Pod) -> tuple[str, ...]:
    return () if pod.spec.host_network else tuple(one.ip for one in pod.status.pod_ips)
