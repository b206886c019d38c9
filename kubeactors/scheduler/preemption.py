"""Preemption: the victims on a node whose removal makes a pod fit, and the best node for that.

Source: pkg/scheduler/framework/preemption/preemption.go, SelectCandidate;
pkg/scheduler/framework/plugins/defaultpreemption/default_preemption.go, SelectVictimsOnNode (v1.36).
"""

from collections.abc import Callable, Iterable, Sequence

from kubeactors.scheduler.handle import Budget
from kubeactors.scheduler.node_info import NodeInfo
from kubeactors.scheduler.pod_info import PodInfo
from kubeactors.scheduler.results import Candidate, Code, Status

NO_VICTIMS = Status(
    Code.UNSCHEDULABLE_AND_UNRESOLVABLE, ("No preemption victims found for incoming pod",), "DefaultPreemption"
)

Refuses = Callable[[NodeInfo], Status | None]
"""The first rejection of a hypothetical node state."""
Moves = Callable[[PodInfo, int], None]
"""Applies a hypothetical removal (-1) or return (1) of a pod to counts over several nodes."""


def no_moves(_: PodInfo, __: int) -> None:
    """Do nothing: there are no such counts."""


def candidate(
    pod: PodInfo, info: NodeInfo, refuses: Refuses, budgets: Sequence[Budget], moves: Moves = no_moves
) -> Candidate | Status:
    """The fewest and least important victims with which the pod fits, or why there are none.

    All pods of lower priority are removed; then each, the most important first, is put back if the pod still fits. Mirror
    pods stay, unlike in Kubernetes: to delete one frees nothing, as its static pod runs on, and its kubelet recreates it.
    """
    lower = sorted(
        (one for one in info.pods.values() if one.priority < pod.priority and not one.is_mirror), key=importance
    )
    if not lower:
        return NO_VICTIMS
    trial = info.copy()
    trial.nominated = info.nominated
    for one in lower:
        trial.remove(one.uid)
        moves(one, -1)
    victims: list[PodInfo] = []
    try:
        refusal = refuses(trial)
        if refusal is not None:
            victims = lower
            return refusal
        violating, others = by_budget(lower, budgets)
        violations = 0
        for one in (*violating, *others):
            trial.add(one)
            moves(one, 1)
            if refuses(trial) is not None:
                trial.remove(one.uid)
                moves(one, -1)
                victims.append(one)
                violations += one in violating
    finally:
        for one in victims:
            moves(one, 1)
    return Candidate(info, tuple(sorted(victims, key=importance)), violations)


def best(candidates: Iterable[Candidate]) -> Candidate:
    """The least disruptive candidate; the first among equals."""
    return min(candidates, key=lambda one: one.rank)


def importance(pod: PodInfo) -> tuple[int, int]:
    """Sort key, the most important first: by priority, then by start time."""
    return (-pod.priority, pod.start_time)


def by_budget(pods: Iterable[PodInfo], budgets: Sequence[Budget]) -> tuple[list[PodInfo], list[PodInfo]]:
    """The pods whose disruption would violate a budget, and the others, in order. Each pod uses up its budgets."""
    left = [one.disruptions_allowed for one in budgets]
    violating: list[PodInfo] = []
    others: list[PodInfo] = []
    for pod in pods:
        violates = False
        for index, budget in enumerate(budgets):
            if _counts(budget, pod):
                left[index] -= 1
                violates = violates or left[index] < 0
        (violating if violates else others).append(pod)
    return violating, others


def _counts(budget: Budget, pod: PodInfo) -> bool:
    metadata = pod.pod.metadata
    return (
        bool(metadata.labels)
        and budget.namespace == metadata.namespace
        and not budget.selector.empty
        and budget.selector.matches(metadata.labels)
        and metadata.name not in budget.disrupted_pods
    )
