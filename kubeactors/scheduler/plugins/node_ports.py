"""NodePorts: two pods cannot have the same port of a node.

Source: pkg/scheduler/framework/plugins/nodeports/node_ports.go (v1.36).
"""

from kubeactors.api.core.v1 import Pod
from kubeactors.scheduler.cluster_event import Action, Hint, Resource, Subject
from kubeactors.scheduler.framework import Code, Status
from kubeactors.scheduler.node_info import NodeInfo
from kubeactors.scheduler.pod_info import PodInfo, host_ports

_TAKEN = Status(Code.UNSCHEDULABLE, ("node(s) didn't have free ports for the requested pod ports",), "NodePorts")


class NodePorts:
    """Refuses nodes where a port that the pod wants is taken."""

    name = "NodePorts"
    static = False

    def skips(self, pod: PodInfo) -> bool:
        """Most pods want none."""
        return not pod.host_ports

    def filter(self, pod: PodInfo, node: NodeInfo) -> Status | None:
        """By the ports of the pods there."""
        return _TAKEN if any(node.conflicts(one) for one in pod.host_ports) else None

    def hints(self) -> tuple[Hint, ...]:
        """A new node, or the end of a pod that has one of the ports."""
        return (
            Hint(Resource.ASSIGNED_POD, Action.DELETE, _freed_a_port),
            Hint(Resource.NODE, Action.ADD),
        )


def _freed_a_port(pod: PodInfo, old: Subject, _: Subject) -> bool:
    freed = {one[1:]: None for one in host_ports(old.spec)} if isinstance(old, Pod) else {}
    return any(one[1:] in freed for one in pod.host_ports)
