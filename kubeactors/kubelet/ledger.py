"""The requests and host ports of a node's pods, maintained pod by pod."""

from collections.abc import Mapping

from kubeactors.api.core.v1 import Container, PodSpec
from kubeactors.api.core.v1.demand import CPU, EPHEMERAL_STORAGE, MEMORY, PODS, Demand, demand
from kubeactors.apimachinery.shared import Shared

Port = tuple[str, str, int]
"""Address of the node (empty for all), protocol, number."""


class Ledger:
    """Sums of requests, and host ports in use."""

    __slots__ = ("_ports", "_wanted", "used")

    def __init__(self) -> None:
        self._wanted: dict[str, Mapping[str, int]] = {}
        self._ports: dict[str, tuple[Port, ...]] = {}
        """By pod, for those that have any."""
        self.used: dict[str, int] = {}
        """Sums by resource, in the units of `Demand`."""

    def __contains__(self, uid: str) -> bool:
        return uid in self._wanted

    def add(self, uid: str, spec: PodSpec) -> None:
        """Add a pod."""
        self.remove(uid)
        wanted = self._wanted[uid] = wanted_by(spec)
        for name, size in wanted.items():
            self.used[name] = self.used.get(name, 0) + size
        ports = ports_of(spec)
        if ports:
            self._ports[uid] = ports

    def remove(self, uid: str) -> None:
        """Remove a pod."""
        for name, size in self._wanted.pop(uid, {}).items():
            self.used[name] -= size
        self._ports.pop(uid, None)

    def wanted(self, uid: str) -> Mapping[str, int]:
        """The pod's requests by resource; empty if it is not in the ledger."""
        return self._wanted.get(uid, {})

    def has_port(self, port: Port) -> bool:
        """Whether a pod uses the port, on the same address or on all addresses.

        >>> ledger = Ledger()
        >>> ledger.has_port(("", "TCP", 80))
        False
        """
        address, *rest = port
        return any(
            taken[1:] == tuple(rest) and (not address or not taken[0] or taken[0] == address)
            for ports in self._ports.values()
            for taken in ports
        )


def wanted_by(spec: PodSpec) -> Mapping[str, int]:
    """A pod's requests by resource, `pods` included. Pods of one template share the result.

    >>> wanted_by(PodSpec())
    {'pods': 1, 'cpu': 0, 'memory': 0, 'ephemeral-storage': 0}
    """
    return _by_resource(demand(spec))


@Shared
def _by_resource(wanted: Demand) -> dict[str, int]:
    return {
        PODS: 1,
        CPU: wanted.milli_cpu,
        MEMORY: wanted.memory,
        EPHEMERAL_STORAGE: wanted.ephemeral_storage,
        **dict(wanted.others),
    }


def ports_of(spec: PodSpec) -> tuple[Port, ...]:
    """The host ports of a pod."""
    return _ports_of(spec.containers)


@Shared
def _ports_of(containers: tuple[Container, ...]) -> tuple[Port, ...]:
    return tuple(
        ("" if port.host_ip == "0.0.0.0" else port.host_ip, port.protocol or "TCP", port.host_port)  # noqa: S104 - compared, not bound
        for container in containers
        for port in container.ports
        if port.host_port
    )
