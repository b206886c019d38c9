"""PodTopologySpread: spreads pods evenly over topology domains such as zones, racks and nodes.

Source: pkg/scheduler/framework/plugins/podtopologyspread/{common,filtering,scoring,plugin}.go (v1.36).
"""

from collections.abc import Sequence
from functools import lru_cache
from math import log
from typing import TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt

from kubeactors.api.core.v1 import Node, Pod, TopologySpreadConstraint
from kubeactors.api.core.v1.placement import (
    NO_EXECUTE,
    NO_SCHEDULE,
    matches_required_node_affinity,
    required_node_selector,
    untolerated,
)
from kubeactors.apimachinery.labels import Selector, of_object
from kubeactors.apimachinery.requirement import IN, requirement
from kubeactors.scheduler.cache import Cache
from kubeactors.scheduler.cluster_event import Action, Hint, Resource, Subject
from kubeactors.scheduler.framework import MAX_NODE_SCORE, View
from kubeactors.scheduler.handle import Handle
from kubeactors.scheduler.headcount import HOSTNAME, NOWHERE, DomainCounts, Headcount
from kubeactors.scheduler.pod_info import GroupKey, PodInfo, StaticSignature, group_key
from kubeactors.scheduler.population import Selection
from kubeactors.scheduler.results import Code, Mask, Scores, Status
from kubeactors.scheduler.terms import Labels, Target
from kubeactors.scheduler.views import Views

NAME = "PodTopologySpread"
DO_NOT_SCHEDULE, SCHEDULE_ANYWAY = "DoNotSchedule", "ScheduleAnyway"
ZONE = "topology.kubernetes.io/zone"

_TEXT = "node(s) didn't match pod topology spread constraints"
_UNEVEN = Status(Code.UNSCHEDULABLE, (_TEXT,), NAME)
_UNLABELLED = Status(Code.UNSCHEDULABLE_AND_UNRESOLVABLE, (f"{_TEXT} (missing required label)",), NAME)

SYSTEM_DEFAULTS = (
    TopologySpreadConstraint(topology_key=HOSTNAME, when_unsatisfiable=SCHEDULE_ANYWAY, max_skew=3),
    TopologySpreadConstraint(topology_key=ZONE, when_unsatisfiable=SCHEDULE_ANYWAY, max_skew=5),
)
"""The system default constraints, for pods without constraints that match a Service or an owner's selector."""


class Constraint(msgspec.Struct, frozen=True, kw_only=True):
    """A constraint as it applies to one pod."""

    key: str
    max_skew: int
    min_domains: int
    selector: Selector
    honors_affinity: bool
    honors_taints: bool


_Rules: TypeAlias = tuple[tuple[Constraint, ...], tuple[Constraint, ...], bool]
"""Hard constraints, soft constraints, whether a node must have all keys to be scored."""
_Key: TypeAlias = tuple[GroupKey, StaticSignature, _Rules]

_NO_RULES: _Rules = ((), (), True)


class PodTopologySpread:
    """Filters nodes by hard constraints, and scores them by soft ones.

    Args:
        handle: the scheduler's handle.
        default_constraints: for pods without their own; None means the system defaults.
    """

    name = NAME
    weight = 2

    def __init__(
        self, handle: Handle, *, default_constraints: Sequence[TopologySpreadConstraint] | None = None
    ) -> None:
        self._cache = handle.cache
        self._workloads = handle.workloads
        self._defaults = SYSTEM_DEFAULTS if default_constraints is None else tuple(default_constraints)
        self._requires_all = default_constraints is not None
        self._views: Views[_Key, _SpreadView] = Views()

    def view(self, pod: PodInfo) -> View | None:
        """None if no constraint applies."""
        rules = self._rules(pod)
        if not rules[0] and not rules[1]:
            return None
        return self._views.get((pod.group, pod.signature[0], rules), lambda: _SpreadView(pod, rules, self._cache))

    def hints(self) -> tuple[Hint, ...]:
        """Counted pods that are added, terminate or are relabelled; nodes that are added, deleted or change domain."""
        pod_changes = Action.ADD | Action.DELETE | Action.UPDATE_POD_LABEL | Action.UPDATE_POD_TERMINATING
        node_changes = Action.ADD | Action.DELETE | Action.UPDATE_NODE_LABEL | Action.UPDATE_NODE_TAINT
        return (
            Hint(Resource.ASSIGNED_POD, pod_changes, self._pod_matters),
            Hint(Resource.TARGET_POD, Action.UPDATE_POD_LABEL | Action.UPDATE_POD_TOLERATION),
            Hint(Resource.NODE, node_changes, self._node_matters),
        )

    def _rules(self, pod: PodInfo) -> _Rules:
        constraints = pod.pod.spec.topology_spread_constraints
        if constraints:
            text = msgspec.json.encode(constraints)
            return _read(text, pod.group.labels if b"matchLabelKeys" in text else ())
        if not self._defaults:
            return _NO_RULES
        selector = self._workloads.selector_of(pod)
        return _NO_RULES if selector is None else _defaults(self._defaults, selector, self._requires_all)

    def _pod_matters(self, pod: PodInfo, old: Subject, new: Subject) -> bool:
        groups = [group_key(one) for one in (old, new) if isinstance(one, Pod)]
        return any(
            group.namespace == pod.group.namespace and rule.selector.matches(group.label_map)
            for group in groups
            for rule in self._rules(pod)[0]
        )

    def _node_matters(self, pod: PodInfo, old: Subject, new: Subject) -> bool:
        hard = self._rules(pod)[0]
        return any(isinstance(node, Node) and _has_keys(node, hard) for node in (old, new))


class _SpreadView:
    """The results for all nodes, for pods of one shape."""

    def __init__(self, pod: PodInfo, rules: _Rules, cache: Cache) -> None:
        self._pod = pod.pod
        self._cache = cache
        self._held: list[Selection] = []
        self._hard, self._soft, self._requires_all = rules
        self._self_matches = [int(one.selector.matches(pod.group.label_map)) for one in self._hard]
        self._hard_counts = [self._count(one, self._hard, pod) for one in self._hard]
        among = self._soft if self._requires_all else ()
        self._soft_counts = [self._count(one, among, pod) for one in self._soft]
        self._headcounts = [self._hold(one, pod) for one in self._soft]

    def close(self) -> None:
        """Release all counts."""
        for counts in (*self._hard_counts, *self._soft_counts):
            counts.close()
        for selection in self._held:
            self._cache.population.release(selection)

    def refresh(self) -> None:
        """Catch up with changes of nodes."""
        for counts in self._hard_counts:
            counts.refresh()
        for counts in self._soft_counts:
            counts.refresh()

    def refusals(self) -> list[tuple[Status, Mask]]:
        """For each constraint: nodes without the label, then nodes that would exceed the skew."""
        found: list[tuple[Status, Mask]] = []
        for rule, counts, own in zip(self._hard, self._hard_counts, self._self_matches, strict=True):
            least, domains = counts.least()
            if domains < rule.min_domains:
                least = 0
            found.append((_UNLABELLED, counts.where == NOWHERE))
            found.append((_UNEVEN, counts.by_row() > rule.max_skew + least - own))
        return found

    def scores(self, feasible: Mask) -> Scores | None:
        """The fewer pods in a node's domains the better; small differences do not count."""
        if not self._soft:
            return None
        scored = feasible.copy()
        if self._requires_all:
            for counts in self._soft_counts:
                scored &= counts.where != NOWHERE
        if not scored.any():
            return None
        total = np.zeros(len(feasible))
        for rule, counts, headcount in zip(self._soft, self._soft_counts, self._headcounts, strict=True):
            total += self._share(rule, counts, headcount, scored)
        return _normalized(np.floor(total + 0.5).astype(np.int64), scored)

    def _share(
        self, rule: Constraint, counts: DomainCounts, headcount: Headcount, scored: Mask
    ) -> npt.NDArray[np.float64]:
        has_label = counts.where != NOWHERE
        if rule.key == HOSTNAME:
            pods = np.zeros(len(scored), np.int64)
            rows = headcount.rows
            pods[np.fromiter(rows.keys(), np.intp, len(rows))] = np.fromiter(rows.values(), np.int64, len(rows))
            size = int(np.count_nonzero(scored))
        else:
            pods = counts.by_row()
            size = int(np.count_nonzero(np.bincount(counts.where[scored & has_label])))
        share: npt.NDArray[np.float64] = pods.astype(np.float64) * log(size + 2) + (rule.max_skew - 1)
        share[~has_label] = 0
        return share

    def _count(self, rule: Constraint, among: tuple[Constraint, ...], pod: PodInfo) -> DomainCounts:
        population, spec = self._cache.population, self._pod.spec
        is_choosy = rule.honors_affinity and bool(spec.node_selector or required_node_selector(spec))

        def counts_on(node: Node) -> bool:
            if among and not _has_keys(node, among):
                return False
            if is_choosy and not matches_required_node_affinity(spec, node.metadata.labels, node.metadata.name):
                return False
            taints = node.spec.taints if rule.honors_taints else ()
            return untolerated(taints, spec.tolerations, (NO_SCHEDULE, NO_EXECUTE)) is None

        return DomainCounts(self._cache, self._hold(rule, pod), population.domains(rule.key), counts_on)

    def _hold(self, rule: Constraint, pod: PodInfo) -> Headcount:
        target = Target((pod.group.namespace,), None, rule.selector)
        selection = Selection((target,), terminating=False)
        self._held.append(selection)
        return self._cache.population.hold(selection)


def _normalized(scores: Scores, scored: Mask) -> Scores:
    among = scores[scored]
    least, most = int(among.min()), int(among.max())
    if most == 0:
        found = np.full(len(scores), MAX_NODE_SCORE, np.int64)
    else:
        found = MAX_NODE_SCORE * (most + least - scores) // most
    found[~scored] = 0
    return found


def _has_keys(node: Node, constraints: tuple[Constraint, ...]) -> bool:
    return all(one.key in node.metadata.labels for one in constraints)


@lru_cache(maxsize=4096)
def _read(text: bytes, labels: Labels) -> _Rules:
    """The rules of constraints given as JSON, so that equal constraints are parsed once."""
    constraints = msgspec.json.decode(text, type=tuple[TopologySpreadConstraint, ...])
    hard = tuple(_constraint(one, labels) for one in constraints if one.when_unsatisfiable == DO_NOT_SCHEDULE)
    soft = tuple(_constraint(one, labels) for one in constraints if one.when_unsatisfiable == SCHEDULE_ANYWAY)
    return hard, soft, True


@lru_cache(maxsize=1024)
def _defaults(
    constraints: tuple[TopologySpreadConstraint, ...],
    selector: Selector,
    requires_all: bool,  # noqa: FBT001 - the cache's key
) -> _Rules:
    def of(kind: str) -> tuple[Constraint, ...]:
        return tuple(
            msgspec.structs.replace(_constraint(one, ()), selector=selector)
            for one in constraints
            if one.when_unsatisfiable == kind
        )

    return of(DO_NOT_SCHEDULE), of(SCHEDULE_ANYWAY), requires_all


def _constraint(one: TopologySpreadConstraint, labels: Labels) -> Constraint:
    selector = of_object(one.label_selector)
    if one.match_label_keys and one.label_selector is not None:
        own = dict(labels)
        added = [requirement(key, IN, (own[key],)) for key in one.match_label_keys if key in own]
        selector = Selector((*selector.requirements, *(each for each in added if each not in selector.requirements)))
    return Constraint(
        key=one.topology_key,
        max_skew=one.max_skew,
        min_domains=one.min_domains or 1,
        selector=selector,
        honors_affinity=one.node_affinity_policy != "Ignore",
        honors_taints=one.node_taints_policy == "Honor",
    )
