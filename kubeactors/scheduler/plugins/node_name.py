"""NodeName: a pod that names its node runs only there.

Source: pkg/scheduler/framework/plugins/nodename/node_name.go (v1.36).
"""

from kubeactors.scheduler.cluster_event import Action, Hint, Resource
from kubeactors.scheduler.node_info import NodeInfo
from kubeactors.scheduler.pod_info import PodInfo
from kubeactors.scheduler.results import Code, Status

_OTHER = Status(Code.UNSCHEDULABLE_AND_UNRESOLVABLE, ("node(s) didn't match the requested node name",), "NodeName")


class NodeName:
    """Rejects every node but the one that the pod names."""

    name = "NodeName"
    static = True

    def skips(self, pod: PodInfo) -> bool:
        """Skip pods that name no node."""
        return not pod.pod.spec.node_name

    def filter(self, pod: PodInfo, node: NodeInfo) -> Status | None:
        """Compare the names."""
        return None if pod.pod.spec.node_name == node.name else _OTHER

    def hints(self) -> tuple[Hint, ...]:
        """A new node, which may have the name."""
        return (Hint(Resource.NODE, Action.ADD),)
