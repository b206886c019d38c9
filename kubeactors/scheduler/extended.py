"""Scheduling with extenders: plugins first, then each extender in turn.

Source: pkg/scheduler/schedule_one.go, findNodesThatPassExtenders and prioritizeNodes;
pkg/scheduler/framework/preemption/preemption.go, callExtenders (v1.36).
"""

from collections.abc import Mapping, Sequence
from random import Random

import numpy as np
from msgspec.structs import replace

from kubeactors.scheduler.cluster_event import ANYTHING, Hint
from kubeactors.scheduler.extender import EXTENDER, Call, Extender, ExtenderConfig, ExtenderFailed
from kubeactors.scheduler.node_info import NodeInfo
from kubeactors.scheduler.pod_info import PodInfo
from kubeactors.scheduler.preemption import best
from kubeactors.scheduler.profile import Profile
from kubeactors.scheduler.results import Code, Diagnosis, PostFilterResult, Status
from kubeactors.scheduler.verdicts import diagnosis


class Extenders:
    """All extenders, in order."""

    def __init__(self, configs: Sequence[ExtenderConfig], call: Call) -> None:
        self._all = tuple(Extender(one, call) for one in configs)

    def of(self, pod: PodInfo) -> tuple[Extender, ...]:
        """The extenders that are interested in the pod."""
        return tuple(one for one in self._all if one.is_interested(pod)) if self._all else ()

    def hints(self) -> dict[str, tuple[Hint, ...]]:
        """Queueing hints: any event may change an extender's mind."""
        return {EXTENDER: ANYTHING} if self._all else {}

    def preempt_for(self, pod: PodInfo) -> bool:
        """Whether an interested extender takes part in preemption."""
        return any(one.config.preempt_verb for one in self.of(pod))

    async def select(self, pod: PodInfo, profile: Profile, random: Random) -> NodeInfo | Diagnosis:
        """The best node for the pod, or why there is none. The cluster may change while extenders are called.

        Raises:
            ExtenderFailed: an extender that is not ignorable failed, or the nodes it left are no longer feasible.
        """
        found = profile.feasible(pod)
        if isinstance(found, Diagnosis):
            return found
        left = list(found)
        counts: dict[Status, int] = {}
        for extender in self.of(pod):
            left = await _filtered(pod, extender, left, counts)
            if not left:
                return _refused(found, counts)
        for extender in self.of(pod) if len(left) > 1 else ():
            found = await _prioritized(pod, extender, left, found)
        possible = [one for one in left if one.node is not None and profile.refusal(pod, one) is None]
        if not possible:
            raise ExtenderFailed("the nodes that the extenders left have no room any more")
        top = max(found[one] for one in possible)
        ties = [one for one in possible if found[one] == top]
        return ties[random.randrange(len(ties))]

    async def preempt(self, pod: PodInfo, result: PostFilterResult) -> PostFilterResult:
        """Let extenders choose among the preemption candidates.

        Raises:
            ExtenderFailed: an extender that is not ignorable failed.
        """
        candidates = result.candidates
        for extender in self.of(pod):
            if not extender.config.preempt_verb or not candidates:
                continue
            try:
                candidates = await extender.preempt(pod, candidates)
            except ExtenderFailed:
                if not extender.config.ignorable:
                    raise
        if not candidates:
            return PostFilterResult(message=result.message, nominated_node="")
        chosen = best(candidates)
        return replace(result, nominated_node=chosen.info.name, victims=chosen.victims)

    async def bind(self, pod: PodInfo, node_name: str) -> bool:
        """Whether an extender has bound the pod; False if Bind plugins are to do it.

        Raises:
            ExtenderFailed: a binding extender that is not ignorable failed.
        """
        for one in self.of(pod):
            if one.config.bind_verb:
                try:
                    await one.bind(pod, node_name)
                except ExtenderFailed:
                    if not one.config.ignorable:
                        raise
                else:
                    return True
        return False


async def _filtered(
    pod: PodInfo, extender: Extender, nodes: list[NodeInfo], counts: dict[Status, int]
) -> list[NodeInfo]:
    try:
        result = await extender.filter(pod, nodes)
    except ExtenderFailed:
        if extender.config.ignorable:
            return nodes
        raise
    for name, reason in result.unresolvable.items():
        _count(counts, Code.UNSCHEDULABLE_AND_UNRESOLVABLE, reason or name)
    for name, reason in result.failed.items():
        if name not in result.unresolvable:
            _count(counts, Code.UNSCHEDULABLE, reason or name)
    left = dict.fromkeys(result.names)
    return [one for one in nodes if one.name in left]


async def _prioritized(
    pod: PodInfo, extender: Extender, nodes: Sequence[NodeInfo], scores: Mapping[NodeInfo, int]
) -> Mapping[NodeInfo, int]:
    """The scores with those of the extender; unchanged if it fails."""
    try:
        added = await extender.prioritize(pod, nodes)
    except ExtenderFailed:
        return scores
    return {one: scores[one] + added.get(one.name, 0) for one in nodes}


def _count(counts: dict[Status, int], code: Code, reason: str) -> None:
    status = Status(code, (reason,), EXTENDER)
    counts[status] = counts.get(status, 0) + 1


def _refused(nodes: Mapping[NodeInfo, int], counts: dict[Status, int]) -> Diagnosis:
    preemptable = np.zeros(max(one.row for one in nodes) + 1, np.bool_)
    found = diagnosis(counts, len(nodes), preemptable)
    return replace(found, plugins=(*found.plugins, *(() if EXTENDER in found.plugins else (EXTENDER,))))
