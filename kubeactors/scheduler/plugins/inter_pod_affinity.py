"""InterPodAffinity: affinity and anti-affinity between pods, including the anti-affinity of existing pods.

Source: pkg/scheduler/framework/plugins/interpodaffinity/{filtering,scoring,plugin}.go (v1.36).
"""

from typing import TypeAlias

import numpy as np

from kubeactors.api.core.v1 import Node, Pod
from kubeactors.scheduler.cache import Cache
from kubeactors.scheduler.cluster_event import Action, Hint, Resource, Subject
from kubeactors.scheduler.framework import MAX_NODE_SCORE, View
from kubeactors.scheduler.handle import Handle
from kubeactors.scheduler.headcount import NOWHERE, DomainCounts, Headcount
from kubeactors.scheduler.pod_info import GroupKey, PodInfo, pod_info
from kubeactors.scheduler.population import Population, Selection
from kubeactors.scheduler.results import Code, Mask, Scores, Status
from kubeactors.scheduler.terms import Term, TermKind
from kubeactors.scheduler.views import Views

NAME = "InterPodAffinity"

_AFFINITY = Status(Code.UNSCHEDULABLE_AND_UNRESOLVABLE, ("node(s) didn't match pod affinity rules",), NAME)
_ANTI_AFFINITY = Status(Code.UNSCHEDULABLE, ("node(s) didn't match pod anti-affinity rules",), NAME)
_OTHERS = Status(Code.UNSCHEDULABLE, ("node(s) didn't satisfy existing pods anti-affinity rules",), NAME)

_Key: TypeAlias = tuple[GroupKey, tuple[Term, ...]]


class InterPodAffinity:
    """Filters nodes by required terms, of the pod and of existing pods, and scores by preferred ones.

    Args:
        handle: the scheduler's handle.
        hard_pod_affinity_weight: the weight of a required affinity of an existing pod in scores.
        ignore_preferred_terms_of_existing_pods: leave these out for pods without preferred terms of their own.
    """

    name = NAME
    weight = 2

    def __init__(
        self,
        handle: Handle,
        *,
        hard_pod_affinity_weight: int = 1,
        ignore_preferred_terms_of_existing_pods: bool = False,
    ) -> None:
        self._cache = handle.cache
        self._population = handle.cache.population
        self._population.namespace_labels = handle.namespace_labels
        self._hard_weight = hard_pod_affinity_weight
        self._ignores_preferences = ignore_preferred_terms_of_existing_pods
        self._views: Views[_Key, _AffinityView] = Views()

    def view(self, pod: PodInfo) -> View | None:
        """None if neither the pod nor any pod on a node has terms."""
        if not pod.terms and not self._population.terms:
            return None
        return self._views.get((pod.group, pod.terms), lambda: self._view(pod))

    def namespaces_changed(self) -> None:
        """Namespace selectors may match other namespaces now."""
        self._views.clear()

    def hints(self) -> tuple[Hint, ...]:
        """Pods or nodes that are added, deleted or relabelled."""
        changed = Action.ADD | Action.DELETE | Action.UPDATE_POD_LABEL
        return (
            Hint(Resource.ASSIGNED_POD, changed, self._pod_matters),
            Hint(Resource.TARGET_POD, Action.UPDATE_POD_LABEL),
            Hint(Resource.NODE, Action.ADD | Action.DELETE | Action.UPDATE_NODE_LABEL, _node_matters),
        )

    def _view(self, pod: PodInfo) -> "_AffinityView":
        return _AffinityView(pod, self._cache, self._hard_weight, ignores_preferences=self._ignores_preferences)

    def _pod_matters(self, pod: PodInfo, old: Subject, new: Subject) -> bool:
        return any(self._touches(pod, pod_info(one), new is not None) for one in (old, new) if isinstance(one, Pod))

    def _touches(self, pod: PodInfo, other: PodInfo, is_there: bool) -> bool:  # noqa: FBT001 - of the other pod
        """A pod with affinity to its own kind may run anywhere once that is gone (kube-scheduler misses it)."""
        population = self._population
        wanted = TermKind.REQUIRED_AFFINITY
        near = [one for one in pod.terms if one.kind == wanted and population.is_target(one.target, other.group)]
        if any(is_there or population.is_target(one.target, pod.group) for one in near):
            return True
        unwanted = TermKind.REQUIRED_ANTI_AFFINITY
        return any(one.kind == unwanted and population.is_target(one.target, other.group) for one in pod.terms) or any(
            one.kind == unwanted and population.is_target(one.target, pod.group) for one in other.terms
        )


class _AffinityView:
    """The results for all nodes, for pods of one group with the same terms."""

    def __init__(self, pod: PodInfo, cache: Cache, hard_weight: int, *, ignores_preferences: bool) -> None:
        self._pod = pod
        self._cache = cache
        self._population: Population = cache.population
        self._hard_weight = hard_weight
        own_preferences = any(one.weight for one in pod.terms)
        self._ignores = ignores_preferences and not own_preferences
        self._held: list[Selection] = []
        near = self._own(TermKind.REQUIRED_AFFINITY)
        everything = Selection(tuple(one.target for one in near))
        self._near = [self._count(everything, one) for one in near]
        self._is_its_own_company = bool(near) and self._population.matches(everything, pod.group)
        self._away = [self._count_target(one) for one in self._own(TermKind.REQUIRED_ANTI_AFFINITY)]
        self._preferred = [
            *((one.weight, self._count_target(one)) for one in self._own(TermKind.PREFERRED_AFFINITY)),
            *((-one.weight, self._count_target(one)) for one in self._own(TermKind.PREFERRED_ANTI_AFFINITY)),
        ]
        self._version = -1
        self._others: dict[Term, tuple[Headcount, DomainCounts]] = {}
        """The terms of existing pods that match pods like this one."""
        self.refresh()

    def close(self) -> None:
        """Release all counts."""
        for counts in (*self._near, *self._away, *(one for _, one in self._preferred)):
            counts.close()
        for _, counts in self._others.values():
            counts.close()
        for selection in self._held:
            self._population.release(selection)

    def refresh(self) -> None:
        """Catch up with changes of nodes and of the terms of existing pods."""
        if self._version != self._population.terms_version:
            self._find_others()
        for counts in (*self._near, *self._away):
            counts.refresh()
        for _, counts in self._preferred:
            counts.refresh()
        for _, counts in self._others.values():
            counts.refresh()

    def refusals(self) -> list[tuple[Status, Mask]]:
        """By the pod's affinity, its anti-affinity, and the anti-affinity of existing pods."""
        found: list[tuple[Status, Mask]] = []
        if self._near:
            found.append((_AFFINITY, self._too_far()))
        found += [(_ANTI_AFFINITY, counts.by_row() > 0) for counts in self._away]
        found += [
            (_OTHERS, counts.by_row() > 0)
            for term, (_, counts) in self._others.items()
            if term.kind == TermKind.REQUIRED_ANTI_AFFINITY
        ]
        return found

    def scores(self, feasible: Mask) -> Scores | None:
        """The sums of the weights of satisfied preferences, scaled from least to most."""
        total: Scores | None = None
        for weight, counts in (*self._preferred, *self._others_preferred()):
            share = weight * counts.by_row()
            total = share if total is None else total + share
        if total is None:
            return None
        among = total[feasible]
        least, most = int(among.min()), int(among.max())
        if least == most:
            return None
        scores: Scores = (MAX_NODE_SCORE * ((total - least) / (most - least))).astype(np.int64)
        return scores

    def _own(self, kind: TermKind) -> list[Term]:
        return [one for one in self._pod.terms if one.kind == kind]

    def _count_target(self, term: Term) -> DomainCounts:
        return self._count(Selection((term.target,)), term)

    def _count(self, selection: Selection, term: Term) -> DomainCounts:
        self._held.append(selection)
        headcount = self._population.hold(selection)
        return DomainCounts(self._cache, headcount, self._population.domains(term.topology_key))

    def _too_far(self) -> Mask:
        if self._is_its_own_company and not any(bool(one.counts.any()) for one in self._near):
            refused: Mask = self._near[0].where == NOWHERE
            for counts in self._near[1:]:
                refused |= counts.where == NOWHERE
            return refused
        refused = self._near[0].by_row() <= 0
        for counts in self._near[1:]:
            refused |= counts.by_row() <= 0
        return refused

    def _find_others(self) -> None:
        """Check new terms of existing pods, and drop those that have disappeared."""
        self._version = self._population.terms_version
        terms, kept = self._population.terms, self._others
        for term in [one for one, (headcount, _) in kept.items() if terms.get(one) is not headcount]:
            kept.pop(term)[1].close()
        for term, headcount in terms.items():
            if term not in kept and self._population.is_target(term.target, self._pod.group):
                domains = self._population.domains(term.topology_key)
                kept[term] = (headcount, DomainCounts(self._cache, headcount, domains))

    def _others_preferred(self) -> list[tuple[int, DomainCounts]]:
        if self._ignores:
            return []
        weights = {TermKind.REQUIRED_AFFINITY: self._hard_weight, TermKind.REQUIRED_ANTI_AFFINITY: 0}
        found = [
            (
                weights.get(term.kind, -term.weight if term.kind == TermKind.PREFERRED_ANTI_AFFINITY else term.weight),
                one,
            )
            for term, (_, one) in self._others.items()
        ]
        return [(weight, one) for weight, one in found if weight]


def _node_matters(pod: PodInfo, old: Subject, new: Subject) -> bool:
    """Whether the node has, or had, a topology key of the pod's terms; without terms, existing pods' terms may matter.

    The pods of a deleted node no longer count: a pod with affinity to its own kind may run anywhere if they were the
    last. kube-scheduler reacts only when these pods are deleted.
    """
    keys = [one.topology_key for one in pod.terms if not one.weight]
    nodes = [one for one in (old, new) if isinstance(one, Node)]
    return not keys or any(key in node.metadata.labels for node in nodes for key in keys)
