"""Whether NetworkPolicies allow a connection.

In a direction in which no policy selects a pod, all its connections are allowed. Otherwise a rule of one of the policies
must allow them. Both ends must allow a connection.

Source: api/networking/v1/types.go (v1.36).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from ipaddress import ip_address, ip_network

import msgspec

from kubeactors.api.core.v1 import Pod
from kubeactors.api.networking.v1.networkpolicy import (
    EGRESS,
    INGRESS,
    IPBlock,
    NetworkPolicy,
    NetworkPolicyPeer,
    NetworkPolicyPort,
)
from kubeactors.apimachinery.labels import Labels, of_object

Rule = tuple[tuple[NetworkPolicyPort, ...], tuple[NetworkPolicyPeer, ...]]
"""Ports and peers; empty ones mean all."""


class End(msgspec.Struct, frozen=True):
    """One end of a connection: an address, and its pod, if it is a pod's."""

    address: str
    pod: Pod | None = None


class Connection(msgspec.Struct, frozen=True):
    """A connection to be made, or a datagram to be sent (`UDP`)."""

    source: End
    target: End
    port: int
    protocol: str = "TCP"


def allows(
    policies: Callable[[str], Iterable[NetworkPolicy]], namespaces: Mapping[str, Labels], connection: Connection
) -> bool:
    """Whether both ends allow a connection.

    Args:
        policies: returns the policies of a namespace.
        namespaces: the labels of each namespace.
        connection: the connection.
    """
    source, target = connection.source, connection.target
    leaves = _passes(policies, namespaces, EGRESS, source, target, connection)
    return leaves and _passes(policies, namespaces, INGRESS, target, source, connection)


def _passes(  # noqa: PLR0913, PLR0917 -- the two ends are what differs
    policies: Callable[[str], Iterable[NetworkPolicy]],
    namespaces: Mapping[str, Labels],
    direction: str,
    isolated: End,
    other: End,
    connection: Connection,
) -> bool:
    """Whether one end allows it, in its direction."""
    if isolated.pod is None:
        return True
    namespace = isolated.pod.metadata.namespace
    found = [one for one in policies(namespace) if _isolates(one, direction, isolated.pod)]
    if not found:
        return True
    return any(
        _fits_ports(ports, connection) and _fits_peers(peers, other, namespace, namespaces)
        for one in found
        for ports, peers in _rules(one, direction)
    )


def _isolates(policy: NetworkPolicy, direction: str, pod: Pod) -> bool:
    spec = policy.spec
    return direction in spec.policy_types and of_object(spec.pod_selector).matches(pod.metadata.labels)


def _rules(policy: NetworkPolicy, direction: str) -> Iterator[Rule]:
    if direction == INGRESS:
        yield from ((one.ports, one.from_) for one in policy.spec.ingress)
    else:
        yield from ((one.ports, one.to) for one in policy.spec.egress)


def _fits_ports(ports: tuple[NetworkPolicyPort, ...], connection: Connection) -> bool:
    return not ports or any(_fits_port(one, connection) for one in ports)


def _fits_port(one: NetworkPolicyPort, connection: Connection) -> bool:
    if (one.protocol or "TCP") != connection.protocol:
        return False
    if one.port is None:
        return True
    if isinstance(one.port, str):
        return connection.port in _named(connection.target.pod, one.port)
    return one.port <= connection.port <= (one.end_port or one.port)


def _named(pod: Pod | None, name: str) -> tuple[int, ...]:
    """The ports of a pod's containers with this name."""
    if pod is None:
        return ()
    return tuple(
        port.container_port for container in pod.spec.containers for port in container.ports if port.name == name
    )


def _fits_peers(
    peers: tuple[NetworkPolicyPeer, ...], other: End, namespace: str, namespaces: Mapping[str, Labels]
) -> bool:
    return not peers or any(_fits_peer(one, other, namespace, namespaces) for one in peers)


def _fits_peer(one: NetworkPolicyPeer, other: End, namespace: str, namespaces: Mapping[str, Labels]) -> bool:
    if one.ip_block is not None:
        return _is_in(one.ip_block, other.address)
    pod = other.pod
    if pod is None:
        return False
    if one.namespace_selector is None:
        inside = pod.metadata.namespace == namespace
    else:
        inside = of_object(one.namespace_selector).matches(namespaces.get(pod.metadata.namespace, {}))
    return inside and (one.pod_selector is None or of_object(one.pod_selector).matches(pod.metadata.labels))


def _is_in(block: IPBlock, address: str) -> bool:
    found = ip_address(address)
    return found in ip_network(block.cidr) and not any(found in ip_network(one) for one in block.except_)
