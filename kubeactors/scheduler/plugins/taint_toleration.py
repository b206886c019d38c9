"""TaintToleration: taints repel pods that do not tolerate them.

Source: pkg/scheduler/framework/plugins/tainttoleration/taint_toleration.go (v1.36).
"""

from kubeactors.api.core.v1 import Node
from kubeactors.api.core.v1.placement import NO_EXECUTE, NO_SCHEDULE, PREFER_NO_SCHEDULE, tolerates, untolerated
from kubeactors.scheduler.cluster_event import Action, Hint, Resource, Subject
from kubeactors.scheduler.framework import default_normalize
from kubeactors.scheduler.node_info import NodeInfo
from kubeactors.scheduler.pod_info import PodInfo
from kubeactors.scheduler.results import Code, Scores, Status

_TAINTED = Status(Code.UNSCHEDULABLE_AND_UNRESOLVABLE, ("node(s) had untolerated taint(s)",), "TaintToleration")


class TaintToleration:
    """Rejects nodes with NoSchedule and NoExecute taints that the pod does not tolerate; avoids PreferNoSchedule."""

    name = "TaintToleration"
    static = True
    weight = 3

    def skips(self, pod: PodInfo) -> bool:
        """Skip no pod: any node may be tainted."""
        return False

    def filter(self, pod: PodInfo, node: NodeInfo) -> Status | None:
        """Check the Node's taints."""
        return None if node.node is None or _is_tolerated(pod, node.node) else _TAINTED

    def score(self, pod: PodInfo, node: NodeInfo) -> int:
        """The number of PreferNoSchedule taints that are not tolerated."""
        assert node.node is not None  # promised by the framework
        return sum(
            taint.effect == PREFER_NO_SCHEDULE
            and not any(
                tolerates(one, taint) for one in pod.pod.spec.tolerations if one.effect in {"", PREFER_NO_SCHEDULE}
            )
            for taint in node.node.spec.taints
        )

    def normalize(self, scores: Scores) -> Scores:
        """The more such taints, the lower the score."""
        return default_normalize(scores, reverse=True)

    def hints(self) -> tuple[Hint, ...]:
        """A node whose taints are tolerated now and were not before, or a new toleration."""
        return (
            Hint(Resource.NODE, Action.ADD | Action.UPDATE_NODE_TAINT, _became_tolerable),
            Hint(Resource.TARGET_POD, Action.UPDATE_POD_TOLERATION),
        )


def _is_tolerated(pod: PodInfo, node: Node) -> bool:
    taints = node.spec.taints
    return not taints or untolerated(taints, pod.pod.spec.tolerations, (NO_SCHEDULE, NO_EXECUTE)) is None


def _became_tolerable(pod: PodInfo, old: Subject, new: Subject) -> bool:
    was = isinstance(old, Node) and _is_tolerated(pod, old)
    return not was and isinstance(new, Node) and _is_tolerated(pod, new)
