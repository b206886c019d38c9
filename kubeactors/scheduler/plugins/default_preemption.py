"""DefaultPreemption: which nodes would have room if pods were removed.

It tells the two kinds of nodes apart and picks no victims: nothing is evicted.

Source: pkg/scheduler/framework/preemption/preemption.go (v1.36).
"""

from kubeactors.scheduler import diagnosis as words
from kubeactors.scheduler.framework import Code, Diagnosis, Status
from kubeactors.scheduler.pod_info import PodInfo

_NOT_HELPFUL = Status(
    Code.UNSCHEDULABLE_AND_UNRESOLVABLE, ("Preemption is not helpful for scheduling",), "DefaultPreemption"
)
_NO_VICTIMS = Status(Code.UNSCHEDULABLE, ("No preemption victims found for incoming pod",), "DefaultPreemption")


class DefaultPreemption:
    """Explains why removing pods does not help."""

    name = "DefaultPreemption"

    def post_filter(self, pod: PodInfo, diagnosis: Diagnosis) -> str:
        """A message of the same form as the filters'."""
        if pod.pod.spec.preemption_policy == "Never":
            return "preemption: not eligible due to preemptionPolicy=Never."
        victims = {name: _NO_VICTIMS for name, one in diagnosis.statuses.items() if one.code == Code.UNSCHEDULABLE}
        return f"preemption: {words.message(Diagnosis(nodes=diagnosis.nodes, statuses=victims, absent=_NOT_HELPFUL))}"
