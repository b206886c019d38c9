"""HTTP requests of commands in containers: their targets and responses.

Only requests to coroutines use the network. A simulated server answers every request with a line that identifies it
(`SimulatedRuntime.answer`); a container that runs a command refuses connections. Requests to the Service `kubernetes` are
answered by the API server's HTTPS edge, if there is one. Targets outside the cluster, and other endpoints that are no
pods, answer with a line that says so.
"""

from collections.abc import Callable
from random import Random

import msgspec

from kubeactors.actor import AskError, Ref
from kubeactors.api.core.v1 import Endpoints, Namespace, Pod, Service
from kubeactors.api.core.v1.endpoints import EndpointAddress, EndpointPort
from kubeactors.api.networking.v1.networkpolicy import NetworkPolicy
from kubeactors.client import Client
from kubeactors.kubelet.messages import CallApiServer
from kubeactors.kubelet.names import addresses_behind, candidates, is_address
from kubeactors.kubelet.runtimes import ContainerRuntime, Visit, Visited, WebRequest
from kubeactors.network.policy.rules import Connection, End, allows

NOT_FOUND = Visited()
OUTSIDE = "192.0.2.1"
"""Stands for all external addresses. Source: RFC 5737."""
API_SERVICE = ("default", "kubernetes")
API_SECONDS = 30.0
NOT_OVER_TLS = Visited(status=400, body="Client sent an HTTP request to an HTTPS server.\n")
"""Source: net/http/server.go (Go 1.25)."""


class Target(msgspec.Struct, frozen=True):
    """The target of a request: a pod, the API server, or an unknown endpoint; and the requested address."""

    address: str
    port: int
    pod: Pod | None = None
    is_api: bool = False


class Visitor:
    """Finds the target of a request, and its response. All methods may raise `StatusError`.

    Args:
        client: reads Services, Endpoints and Pods.
        runtime: has the responses of containers.
        random: selects one of a Service's pods.
        api: the API server's HTTPS edge; None if it has none.
    """

    __slots__ = ("_api", "_client", "_random", "_runtime")

    def __init__(
        self, client: Client, runtime: ContainerRuntime, random: Random, api: Ref[CallApiServer] | None
    ) -> None:
        self._api = api
        self._client = client
        self._runtime = runtime
        self._random = random

    async def visit(self, message: Visit, source: End, visited: Callable[[Visited], None]) -> None:
        """Make a request, and call `visited` with the result, now or later."""
        namespace = source.pod.metadata.namespace if source.pod is not None else ""
        found = await self._find(message.host, message.port, namespace)
        if isinstance(found, Visited):
            visited(found)
        elif not await self._is_allowed(source, found):
            visited(Visited(address=found.address or OUTSIDE, lost=True))
        elif found.is_api:
            visited(_at(found.address, await self._call_api(message.request)))
        elif found.pod is None:
            visited(_outside(message.host, found.address))
        else:
            self._runtime.answer(
                found.pod, found.port, message.request.path, lambda one: visited(_at(found.address, one))
            )

    async def _call_api(self, request: WebRequest) -> Visited:
        assert self._api is not None  # otherwise there is no such target
        if not request.tls:
            return NOT_OVER_TLS
        try:
            return await self._api.ask(CallApiServer(request), timeout_seconds=API_SECONDS)
        except AskError:
            return Visited(lost=True)

    async def _is_allowed(self, source: End, target: Target) -> bool:
        """Whether NetworkPolicies allow the request."""
        policies = (await self._client.list(NetworkPolicy)).items
        if not policies:
            return True
        namespaces = (await self._client.list(Namespace)).items
        labels = {one.metadata.name: one.metadata.labels for one in namespaces}
        other = target.pod.status.pod_ip if target.pod is not None else target.address or OUTSIDE
        connection = Connection(source, End(other, target.pod), target.port)
        return allows(lambda name: [one for one in policies if one.metadata.namespace == name], labels, connection)

    async def _find(self, host: str, port: int, namespace: str) -> Target | Visited:
        """The target at a host and port, or the error result."""
        if is_address(host):
            return await self._at_address(host, port)
        for hostname, name, where in candidates(host, namespace):
            service = await self._client.find(Service, name, where)
            if service is not None:
                return await self._behind(service, hostname, port)
        return Target("", port) if await self._is_outside(host) else NOT_FOUND

    async def _at_address(self, address: str, port: int) -> Target | Visited:
        pods = await self._client.list(Pod, field_selector=f"status.podIP={address}")
        if pods.items:
            return Target(address, port, pods.items[0])
        services = await self._client.list(Service)
        for one in services.items:
            if address in (one.spec.cluster_ip, *one.spec.external_ips):
                return await self._behind(one, "", port)
        return Visited(address=address)

    async def _behind(self, service: Service, hostname: str, port: int) -> Target | Visited:
        """One of a Service's pods, or the one with this hostname."""
        metadata, spec = service.metadata, service.spec
        if spec.type == "ExternalName":
            return Target("", port)
        if self._api is not None and (metadata.namespace, metadata.name) == API_SERVICE:
            is_open = port in {one.port for one in spec.ports}
            return Target(spec.cluster_ip, port, is_api=True) if is_open else Visited(address=spec.cluster_ip)
        endpoints = await self._client.find(Endpoints, metadata.name, metadata.namespace)
        is_headless = spec.cluster_ip in {"", "None"}
        places = (
            []
            if endpoints is None
            else list(addresses_behind(endpoints, service, hostname, port, headless=is_headless))
        )
        if not places:
            return NOT_FOUND if is_headless else Visited(address=spec.cluster_ip)
        address, listens = places[self._random.randrange(len(places))]
        return await self._pod_of(address, listens, address.ip if is_headless else spec.cluster_ip)

    async def _pod_of(self, address: EndpointAddress, listens: EndpointPort, shown: str) -> Target | Visited:
        reference = address.target_ref
        if reference is None or reference.kind != "Pod":
            return Target(shown, listens.port)
        pod = await self._client.find(Pod, reference.name, reference.namespace)
        return Visited(address=shown) if pod is None else Target(shown, listens.port, pod)

    async def _is_outside(self, host: str) -> bool:
        """Whether a name must be external: it has a dot, and its last label is not a namespace."""
        *labels, last = host.rstrip(".").split(".")
        if not labels or host.rstrip(".").endswith((".svc", ".cluster.local")):
            return False
        return await self._client.find(Namespace, last) is None


def _at(address: str, answer: Visited) -> Visited:
    return msgspec.structs.replace(answer, address=address)


def _outside(host: str, address: str) -> Visited:
    return Visited(address=address or OUTSIDE, status=200, body=f"{host} is outside of the cluster\n")
