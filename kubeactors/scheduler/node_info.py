"""The scheduler's information about a node: the Node, the pods on it, and their totals."""

from collections.abc import Mapping
from typing import TypeVar

from kubeactors.api.core.v1 import Node
from kubeactors.api.core.v1.demand import CPU, EPHEMERAL_STORAGE, MEMORY, PODS, amount, is_counted
from kubeactors.scheduler.pod_info import ANY_ADDRESS, HostPort, PodInfo

K = TypeVar("K")


class NodeInfo:
    """A node. `node` is None while only pods assigned to it are known.

    `allocatable` and `requested` are by resource name, in the units of `Demand`; `requested["pods"]` counts pods.
    """

    __slots__ = (
        "allocatable",
        "floor_memory",
        "floor_milli_cpu",
        "name",
        "node",
        "nominated",
        "pods",
        "requested",
        "row",
        "used_ports",
    )

    def __init__(self, name: str, row: int) -> None:
        self.name: str = name
        self.row: int = row
        self.node: Node | None = None
        self.pods: dict[str, PodInfo] = {}
        self.nominated: dict[str, PodInfo] = {}
        """The nominated pods. They are in no total."""
        self.allocatable: dict[str, int] = {}
        self.requested: dict[str, int] = {CPU: 0, MEMORY: 0, EPHEMERAL_STORAGE: 0, PODS: 0}
        self.floor_milli_cpu: int = 0
        self.floor_memory: int = 0
        self.used_ports: dict[HostPort, int] = {}

    def set_node(self, node: Node | None) -> None:
        """Set the Node."""
        self.node = node
        self.allocatable = {} if node is None else allocatable(node.status.allocatable)

    def add(self, pod: PodInfo) -> None:
        """Add a pod to the node."""
        self.pods[pod.uid] = pod
        self._count(pod, 1)

    def remove(self, uid: str) -> PodInfo:
        """Remove a pod. KeyError if it was not there, which is a bug of the caller."""
        pod = self.pods.pop(uid)
        self._count(pod, -1)
        return pod

    def copy(self) -> "NodeInfo":
        """A copy for hypothetical changes."""
        other = NodeInfo(self.name, self.row)
        other.node, other.allocatable = self.node, self.allocatable
        other.pods, other.requested, other.used_ports = dict(self.pods), dict(self.requested), dict(self.used_ports)
        other.floor_milli_cpu, other.floor_memory = self.floor_milli_cpu, self.floor_memory
        return other

    def for_pod(self, pod: PodInfo) -> "NodeInfo":
        """The node as this pod must see it: with the nominated pods of equal or higher priority."""
        ahead = self.nominated_ahead_of(pod)
        if not ahead:
            return self
        other = self.copy()
        for one in ahead:
            other.add(one)
        return other

    def nominated_ahead_of(self, pod: PodInfo) -> list[PodInfo]:
        """The nominated pods of equal or higher priority."""
        return [one for one in self.nominated.values() if one.priority >= pod.priority and one.uid != pod.uid]

    def conflicts(self, port: HostPort) -> bool:
        """Whether a pod on the node uses the host port, on the same address or on all addresses.

        Source: pkg/scheduler/framework/types.go, HostPortInfo.CheckConflict (v1.36).
        """
        address, protocol, number = port
        if address != ANY_ADDRESS:
            return port in self.used_ports or (ANY_ADDRESS, protocol, number) in self.used_ports
        return any(used[1:] == (protocol, number) for used in self.used_ports)

    def _count(self, pod: PodInfo, sign: int) -> None:
        demand, requested = pod.demand, self.requested
        requested[CPU] += sign * demand.milli_cpu
        requested[MEMORY] += sign * demand.memory
        requested[EPHEMERAL_STORAGE] += sign * demand.ephemeral_storage
        requested[PODS] += sign
        self.floor_milli_cpu += sign * demand.floor_milli_cpu
        self.floor_memory += sign * demand.floor_memory
        for name, size in demand.others:
            requested[name] = requested.get(name, 0) + sign * size
        for port in pod.host_ports:
            _tally(self.used_ports, port, sign)


def allocatable(quantities: Mapping[str, str]) -> dict[str, int]:
    """A node's allocatable resources.

    >>> allocatable({"cpu": "4", "pods": "110"})
    {'cpu': 4000, 'pods': 110}
    """
    return {name: amount(name, text) for name, text in quantities.items() if name == PODS or is_counted(name)}


def _tally(counts: dict[K, int], key: K, change: int) -> None:
    count = counts.get(key, 0) + change
    if count:
        counts[key] = count
    else:
        del counts[key]
