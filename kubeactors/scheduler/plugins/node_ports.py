"""NodePorts: two pods cannot use the same host port of a node.

Source: pkg/scheduler/framework/plugins/nodeports/node_ports.go (v1.36).
"""

from kubeactors.api.core.v1 import Pod
from kubeactors.scheduler.cluster_event import Action, Hint, Resource, Subject
from kubeactors.scheduler.node_info import NodeInfo
from kubeactors.scheduler.pod_info import PodInfo, host_ports
from kubeactors.scheduler.results import Code, Status

_TAKEN = Status(Code.UNSCHEDULABLE, ("node(s) didn't have free ports for the requested pod ports",), "NodePorts")


class NodePorts:
    """Rejects nodes on which a requested host port is in use."""

    name = "NodePorts"
    static = False

    def skips(self, pod: PodInfo) -> bool:
        """Skip pods without host ports."""
        return not pod.host_ports

    def filter(self, pod: PodInfo, node: NodeInfo) -> Status | None:
        """Compare with the ports of the pods on the node."""
        return _TAKEN if any(node.conflicts(one) for one in pod.host_ports) else None

    def hints(self) -> tuple[Hint, ...]:
        """A new node, or the deletion of a pod that uses one of the ports."""
        return (
            Hint(Resource.ASSIGNED_POD, Action.DELETE, _freed_a_port),
            Hint(Resource.NODE, Action.ADD),
        )


def _freed_a_port(pod: PodInfo, old: Subject, _: Subject) -> bool:
    freed = {one[1:]: None for one in host_ports(old.spec)} if isinstance(old, Pod) else {}
    return any(one[1:] in freed for one in pod.host_ports)
