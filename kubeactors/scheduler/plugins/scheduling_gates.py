"""SchedulingGates: pods with gates wait outside the queue.

Source: pkg/scheduler/framework/plugins/schedulinggates/scheduling_gates.go (v1.36).
"""

from kubeactors.scheduler.cluster_event import Action, Hint, Resource
from kubeactors.scheduler.framework import Code, Status
from kubeactors.scheduler.pod_info import PodInfo


class SchedulingGates:
    """Keeps a pod out of the queue until its last gate is gone."""

    name = "SchedulingGates"

    def pre_enqueue(self, pod: PodInfo) -> Status | None:
        """By `spec.schedulingGates`, whose names are the reason."""
        gates = pod.pod.spec.scheduling_gates
        if not gates:
            return None
        names = " ".join(one.name for one in gates)
        return Status(Code.UNSCHEDULABLE_AND_UNRESOLVABLE, (f"waiting for scheduling gates: [{names}]",), self.name)

    def hints(self) -> tuple[Hint, ...]:
        """Only an update of the pod itself helps."""
        return (Hint(Resource.TARGET_POD, Action.UPDATE_POD_GATES_ELIMINATED),)
