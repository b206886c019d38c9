"""SchedulingGates: pods with scheduling gates are kept out of the queue.

Source: pkg/scheduler/framework/plugins/schedulinggates/scheduling_gates.go (v1.36).
"""

from kubeactors.scheduler.cluster_event import Action, Hint, Resource
from kubeactors.scheduler.pod_info import PodInfo
from kubeactors.scheduler.results import Code, Status


class SchedulingGates:
    """Gates a pod until its last scheduling gate is removed."""

    name = "SchedulingGates"

    def pre_enqueue(self, pod: PodInfo) -> Status | None:
        """Check `spec.schedulingGates`, whose names become the reason."""
        gates = pod.pod.spec.scheduling_gates
        if not gates:
            return None
        names = " ".join(one.name for one in gates)
        return Status(Code.UNSCHEDULABLE_AND_UNRESOLVABLE, (f"waiting for scheduling gates: [{names}]",), self.name)

    def hints(self) -> tuple[Hint, ...]:
        """Only an update of the pod itself."""
        return (Hint(Resource.TARGET_POD, Action.UPDATE_POD_GATES_ELIMINATED),)
