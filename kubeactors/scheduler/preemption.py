"""Which pods would have to go so that a pod fits on a node, and which node is the best choice.

Source: pkg/scheduler/framework/preemption/preemption.go, SelectCandidate;
pkg/scheduler/framework/plugins/defaultpreemption/default_preemption.go, SelectVictimsOnNode (v1.36).
"""

from collections.abc import Callable, Iterable, Sequence

from kubeactors.scheduler.framework import Candidate, Code, Status
from kubeactors.scheduler.handle import Budget
from kubeactors.scheduler.node_info import NodeInfo
from kubeactors.scheduler.pod_info import PodInfo

NO_VICTIMS = Status(
    Code.UNSCHEDULABLE_AND_UNRESOLVABLE, ("No preemption victims found for incoming pod",), "DefaultPreemption"
)

Refuses = Callable[[NodeInfo], Status | None]
"""What filters say of the node as it would be."""
Moves = Callable[[PodInfo, int], None]
"""Tells those who count pods over several nodes that this one would leave (-1) or stay (1)."""


def no_moves(_: PodInfo, __: int) -> None:
    """Nobody counts."""


def candidate(
    pod: PodInfo, info: NodeInfo, refuses: Refuses, budgets: Sequence[Budget], moves: Moves = no_moves
) -> Candidate | Status:
    """The fewest and least important pods whose removal lets the pod in, or why there are none.

    All pods below it are taken away; then each, the most important first, is put back if the pod still fits.
    """
    lower = sorted((one for one in info.pods.values() if one.priority < pod.priority), key=importance)
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
    """The candidate that disrupts least; among equals the first."""
    return min(candidates, key=lambda one: one.rank)


def importance(pod: PodInfo) -> tuple[int, int]:
    """Sorts the most important pods first: by priority, then by how long they have run."""
    return (-pod.priority, pod.start_time)


def by_budget(pods: Iterable[PodInfo], budgets: Sequence[Budget]) -> tuple[list[PodInfo], list[PodInfo]]:
    """Pods whose disruption a budget forbids, and the others, in order. Each pod that a budget counts uses it up."""
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
