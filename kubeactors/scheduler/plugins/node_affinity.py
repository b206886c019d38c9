"""NodeAffinity: node selectors and node affinity, required and preferred.

Source: pkg/scheduler/framework/plugins/nodeaffinity/node_affinity.go (v1.36).
"""

from kubeactors.api.core.v1 import Node, NodeSelectorTerm
from kubeactors.api.core.v1 import NodeAffinity as Wishes
from kubeactors.api.core.v1.placement import (
    matches_node_selector,
    matches_required_node_affinity,
    matches_term,
    preferred_terms,
    required_node_selector,
)
from kubeactors.scheduler.cluster_event import Action, Hint, Resource, Subject
from kubeactors.scheduler.framework import default_normalize
from kubeactors.scheduler.node_info import NodeInfo
from kubeactors.scheduler.pod_info import PodInfo
from kubeactors.scheduler.results import Code, Scores, Status

_MISMATCH = Status(
    Code.UNSCHEDULABLE_AND_UNRESOLVABLE, ("node(s) didn't match Pod's node affinity/selector",), "NodeAffinity"
)
_ENFORCED = Status(
    Code.UNSCHEDULABLE_AND_UNRESOLVABLE, ("node(s) didn't match scheduler-enforced node affinity",), "NodeAffinity"
)
_CONFLICT = Status(Code.UNSCHEDULABLE_AND_UNRESOLVABLE, ("pod affinity terms conflict",), "NodeAffinity")


class NodeAffinity:
    """Filters nodes by node selector and required affinity, and scores them by preferred affinity.

    Args:
        added: an affinity that applies to all pods of the profile besides their own.
    """

    name = "NodeAffinity"
    static = True
    weight = 2

    def __init__(self, added: Wishes | None = None) -> None:
        self._required = None if added is None else added.required_during_scheduling_ignored_during_execution
        self._preferred = () if added is None else added.preferred_during_scheduling_ignored_during_execution
        self._adds_nothing = self._required is None and not self._preferred

    def pre_filter(self, pod: PodInfo) -> tuple[str, ...] | Status | None:
        """If every term names nodes by `metadata.name`, only those nodes."""
        required = required_node_selector(pod.pod.spec)
        if required is None or not required.node_selector_terms:
            return None
        names: dict[str, None] = {}
        for term in required.node_selector_terms:
            named = _names(term)
            if named is None:
                return None
            names.update(dict.fromkeys(named))
        return tuple(names) or _CONFLICT

    def skips(self, pod: PodInfo) -> bool:
        """Skip pods without node selector and affinity."""
        return self._adds_nothing and not pod.pod.spec.node_selector and pod.pod.spec.affinity is None

    def filter(self, pod: PodInfo, node: NodeInfo) -> Status | None:
        """Match the labels and the name of the node."""
        if node.node is None:
            return None
        if not self._is_allowed(node.node):
            return _ENFORCED
        return None if _matches(pod, node.node) else _MISMATCH

    def score(self, pod: PodInfo, node: NodeInfo) -> int:
        """The sum of the weights of the matching preferred terms."""
        assert node.node is not None  # promised by the framework
        metadata = node.node.metadata
        return sum(
            one.weight
            for one in (*self._preferred, *preferred_terms(pod.pod.spec))
            if matches_term(one.preference, metadata.labels, metadata.name)
        )

    def normalize(self, scores: Scores) -> Scores:
        """The best feasible node gets 100."""
        return default_normalize(scores, reverse=False)

    def hints(self) -> tuple[Hint, ...]:
        """A node that matches now and did not before."""
        return (Hint(Resource.NODE, Action.ADD | Action.UPDATE_NODE_LABEL, self._began_to_match),)

    def _is_allowed(self, node: Node) -> bool:
        required = self._required
        return required is None or matches_node_selector(required, node.metadata.labels, node.metadata.name)

    def _takes(self, pod: PodInfo, node: Subject) -> bool:
        return isinstance(node, Node) and self._is_allowed(node) and _matches(pod, node)

    def _began_to_match(self, pod: PodInfo, old: Subject, new: Subject) -> bool:
        return not self._takes(pod, old) and self._takes(pod, new)


def _matches(pod: PodInfo, node: Node) -> bool:
    return matches_required_node_affinity(pod.pod.spec, node.metadata.labels, node.metadata.name)


def _names(term: NodeSelectorTerm) -> tuple[str, ...] | None:
    """The nodes that satisfy all requirements on `metadata.name`; None if there is no such requirement."""
    names: tuple[str, ...] | None = None
    for one in term.match_fields:
        if one.key == "metadata.name" and one.operator == "In":
            names = one.values if names is None else tuple(name for name in names if name in one.values)
    return names
