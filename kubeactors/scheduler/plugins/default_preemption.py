"""DefaultPreemption: unschedulable pods preempt pods of lower priority.

Source: pkg/scheduler/framework/plugins/defaultpreemption/default_preemption.go, pkg/scheduler/framework/preemption (v1.36).
All nodes are tried, unless the result for a node depends on other nodes; then a sample of nodes, as in the original.
"""

import numpy as np

from kubeactors.scheduler import diagnosis as words
from kubeactors.scheduler.cache import Cache
from kubeactors.scheduler.candidates import Candidates
from kubeactors.scheduler.framework import Trial
from kubeactors.scheduler.handle import Budget, Handle
from kubeactors.scheduler.node_info import NodeInfo
from kubeactors.scheduler.pod_info import PodInfo, Signature
from kubeactors.scheduler.preemption import NO_VICTIMS, best, candidate
from kubeactors.scheduler.results import Candidate, Code, Diagnosis, PostFilterResult, Status
from kubeactors.scheduler.views import Views

NAME = "DefaultPreemption"
PREEMPTION_BY_SCHEDULER = "PreemptionByScheduler"
TERMINATING = "not eligible due to a terminating pod on the nominated node."

_NOT_HELPFUL = Status(Code.UNSCHEDULABLE_AND_UNRESOLVABLE, ("Preemption is not helpful for scheduling",), NAME)


class DefaultPreemption:
    """Selects the least disruptive node and its victims.

    Args:
        handle: the scheduler's handle.
        min_candidate_nodes_percentage: the sample size, in percent of the nodes where preemption may help.
        min_candidate_nodes_absolute: the minimum sample size.
    """

    name = NAME

    def __init__(
        self, handle: Handle, *, min_candidate_nodes_percentage: int = 10, min_candidate_nodes_absolute: int = 100
    ) -> None:
        self._cache: Cache = handle.cache
        self._random = handle.random
        self._budgets = handle.budgets
        self._extenders_ask = handle.extenders_preempt
        self._percentage = min_candidate_nodes_percentage
        self._absolute = min_candidate_nodes_absolute
        self._candidates: Views[Signature, Candidates] = Views()

    def post_filter(self, pod: PodInfo, diagnosis: Diagnosis, trial: Trial) -> PostFilterResult:
        """The victims and the node to nominate; or a message of the same form as the filters'."""
        reason = self._not_eligible(pod, diagnosis)
        if reason:
            return PostFilterResult(message=f"preemption: {reason}")
        budgets = tuple(self._budgets())
        candidates: tuple[Candidate, ...] = ()
        is_nominated = bool(self._cache.nomination(pod.uid))  # cached candidates treat it as another pod's
        if trial.has_views(pod) or self._extenders_ask(pod) or is_nominated:
            sample, refusals = self._sample(pod, diagnosis, trial, budgets)
            found = best(sample) if sample else None
            candidates = tuple(sample) if self._extenders_ask(pod) else ()
        else:
            kept = self._candidates.get(pod.signature, lambda: Candidates(pod, self._cache))
            found, refusals = kept.best(diagnosis, trial, budgets)
        if found is None:
            failed = Diagnosis(nodes=diagnosis.nodes, counts=_completed(refusals, diagnosis.nodes))
            return PostFilterResult(message=f"preemption: {words.message(failed)}", nominated_node="")
        return PostFilterResult(nominated_node=found.info.name, victims=found.victims, candidates=candidates)

    def _not_eligible(self, pod: PodInfo, diagnosis: Diagnosis) -> str:
        if pod.pod.spec.preemption_policy == "Never":
            return "not eligible due to preemptionPolicy=Never."
        name = self._cache.nomination(pod.uid)
        info = self._cache.get(name) if name else None
        if info is None or diagnosis.preemptable is None or not diagnosis.preemptable[info.row]:
            return ""
        if any(one.priority < pod.priority and _is_being_preempted(one) for one in info.pods.values()):
            return TERMINATING
        return ""

    def _sample(
        self, pod: PodInfo, diagnosis: Diagnosis, trial: Trial, budgets: tuple[Budget, ...]
    ) -> tuple[list[Candidate], dict[Status, int]]:
        """Try nodes from a random offset on, until there are enough candidates."""
        rows = np.zeros(0, np.intp) if diagnosis.preemptable is None else np.flatnonzero(diagnosis.preemptable)
        enough = max(len(rows) * self._percentage // 100, self._absolute)
        start = self._random.randrange(len(rows)) if len(rows) else 0
        found: list[Candidate] = []
        refusals: dict[Status, int] = {}
        for row in (*rows[start:], *rows[:start]):
            info = self._cache.rows[int(row)]
            assert info is not None  # it has rejected the pod
            one = self._try(pod, info, trial, budgets)
            if isinstance(one, Status):
                refusals[one] = refusals.get(one, 0) + 1
            else:
                found.append(one)
                if len(found) >= enough:
                    break
        return found, refusals

    def _try(self, pod: PodInfo, info: NodeInfo, trial: Trial, budgets: tuple[Budget, ...]) -> Candidate | Status:
        population = self._cache.population

        def moves(one: PodInfo, change: int) -> None:
            population.add(one, info.row, change)

        return candidate(pod, info, lambda changed: trial.refusal(pod, changed), budgets, moves)


def _completed(refusals: dict[Status, int], nodes: int) -> dict[Status, int]:
    """Add the nodes that were not tried: those on which preemption does not help."""
    rest = nodes - sum(refusals.values())
    return {**refusals, _NOT_HELPFUL: rest} if rest > 0 else refusals


def _is_being_preempted(pod: PodInfo) -> bool:
    if pod.pod.metadata.deletion_timestamp is None:
        return False
    found = next((one for one in pod.pod.status.conditions if one.type == "DisruptionTarget"), None)
    return found is not None and found.status == "True" and found.reason == PREEMPTION_BY_SCHEDULER


__all__ = ["NAME", "NO_VICTIMS", "PREEMPTION_BY_SCHEDULER", "TERMINATING", "DefaultPreemption"]
