"""NodeUnschedulable: keeps new pods off cordoned nodes.

Source: pkg/scheduler/framework/plugins/nodeunschedulable/node_unschedulable.go (v1.36).
"""

from kubeactors.api.core.v1 import Node, Taint
from kubeactors.api.core.v1.placement import NO_SCHEDULE, tolerates
from kubeactors.scheduler.cluster_event import Action, Hint, Resource, Subject
from kubeactors.scheduler.node_info import NodeInfo
from kubeactors.scheduler.pod_info import PodInfo
from kubeactors.scheduler.results import Code, Status

_CORDONED = Status(Code.UNSCHEDULABLE_AND_UNRESOLVABLE, ("node(s) were unschedulable",), "NodeUnschedulable")
_TAINT = Taint(key="node.kubernetes.io/unschedulable", effect=NO_SCHEDULE)


class NodeUnschedulable:
    """Rejects nodes with `spec.unschedulable`, unless the pod tolerates the corresponding taint."""

    name = "NodeUnschedulable"
    static = True

    def skips(self, pod: PodInfo) -> bool:
        """Skip no pod: any node may be cordoned."""
        return False

    def filter(self, pod: PodInfo, node: NodeInfo) -> Status | None:
        """Check the Node's spec."""
        return None if node.node is None or _is_open(pod, node.node) else _CORDONED

    def hints(self) -> tuple[Hint, ...]:
        """A node that is new or uncordoned, or a new toleration."""
        return (
            Hint(Resource.NODE, Action.ADD | Action.UPDATE_NODE_TAINT, _node_opened),
            Hint(Resource.TARGET_POD, Action.UPDATE_POD_TOLERATION),
        )


def _is_open(pod: PodInfo, node: Node) -> bool:
    return not node.spec.unschedulable or any(tolerates(one, _TAINT) for one in pod.pod.spec.tolerations)


def _node_opened(pod: PodInfo, old: Subject, new: Subject) -> bool:
    was_open = isinstance(old, Node) and _is_open(pod, old)
    return not was_open and isinstance(new, Node) and _is_open(pod, new)
