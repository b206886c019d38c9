"""Resolves the cluster's DNS names for commands in containers.

Source: the Kubernetes DNS specification, 1.1 (records of services and of pods with a hostname); pkg/kubelet/network/dns.
"""

from collections.abc import Iterator
from ipaddress import ip_address

from kubeactors.api.core.v1 import Endpoints, Pod, Service
from kubeactors.api.core.v1.endpoints import EndpointAddress, EndpointPort
from kubeactors.apimachinery.labels import format_labels
from kubeactors.client import Client
from kubeactors.kubelet.runtimes import NameFound

DOMAIN = "svc.cluster.local"


class NameFinder:
    """Resolves names by reading Services and Pods. All methods may raise `StatusError`."""

    __slots__ = ("_client",)

    def __init__(self, client: Client) -> None:
        self._client = client

    async def find(self, name: str, namespace: str) -> NameFound:
        """Resolve a name from within a namespace; no addresses if it does not exist."""
        for host, service_name, where in candidates(name, namespace):
            service = await self._client.find(Service, service_name, where)
            if service is not None:
                full = ".".join(one for one in (host, service_name, where, DOMAIN) if one)
                return NameFound(full, await self._addresses(service, host), await self._ports(service))
        return NameFound(name)

    async def _ports(self, service: Service) -> tuple[int, ...]:
        """The ports of the Service at which a connection succeeds: all of them if it has endpoints, or none."""
        found = await self._client.find(Endpoints, service.metadata.name, service.metadata.namespace)
        if found is None or not any(one.addresses for one in found.subsets):
            return ()
        return tuple(one.port for one in service.spec.ports)

    async def _addresses(self, service: Service, host: str) -> tuple[str, ...]:
        """The cluster IP of the Service; for a headless one the addresses of its pods, or of one by hostname."""
        spec = service.spec
        if spec.cluster_ip not in {"", "None"}:
            return () if host else (spec.cluster_ip,)
        if not spec.selector:
            return ()
        selector = format_labels(spec.selector)
        pods = await self._client.list(Pod, service.metadata.namespace, label_selector=selector)
        return tuple(
            one.status.pod_ip
            for one in pods.items
            if one.status.pod_ip and _serves(one, service) and host in {"", one.spec.hostname or one.metadata.name}
        )


def addresses_behind(
    endpoints: Endpoints, service: Service, hostname: str, port: int, *, headless: bool
) -> Iterator[tuple[EndpointAddress, EndpointPort]]:
    """The endpoints for a connection to a Service's port; for a headless one it is the port of the pods themselves."""
    names = [one.name for one in service.spec.ports if one.port == port]
    for subset in endpoints.subsets:
        for address in subset.addresses:
            named = address.hostname or (address.target_ref.name if address.target_ref is not None else "")
            if hostname not in {"", named}:
                continue
            if headless:
                yield address, EndpointPort(port=port)
            else:
                yield from ((address, one) for one in subset.ports if one.name in names)


def is_address(host: str) -> bool:
    """Whether the host is an address and not a name.

    >>> is_address("10.0.0.1"), is_address("web-0")
    (True, False)
    """
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def candidates(name: str, namespace: str) -> list[tuple[str, str, str]]:
    """The possible meanings of a name: hostname (or empty), Service and namespace.

    >>> candidates("web.svc-1", "shop")
    [('', 'web', 'svc-1'), ('web', 'svc-1', 'shop')]
    >>> candidates("web.other.svc.cluster.local", "shop"), candidates("example.com.", "shop")[:1]
    ([('', 'web', 'other')], [('', 'example', 'com')])
    """
    labels = name.rstrip(".").removesuffix(".cluster.local").split(".")
    if labels[-1] == "svc":
        labels.pop()
        match labels:
            case [service, where]:
                return [("", service, where)]
            case [host, service, where]:
                return [(host, service, where)]
            case _:
                return []
    match labels:
        case [service]:
            return [("", service, namespace)]
        case [one, other]:
            return [("", one, other), (one, other, namespace)]
        case [host, service, where]:
            return [(host, service, where)]
        case _:
            return []


def _serves(pod: Pod, service: Service) -> bool:
    """Whether the Service's name resolves to the pod, among others."""
    ready = any(one.type == "Ready" and one.status == "True" for one in pod.status.conditions)
    return ready or service.spec.publish_not_ready_addresses
