"""Scheduling constraints: affinity, host ports and topology spread, computed without the scheduler's code.

Only as far as the grammar uses them: the only topology key is the host name.

Source: the documentation of Affinity, TopologySpreadConstraint and ContainerPort in api/core/v1/types.go, and
`satisfyPodAffinity` and `satisfyPodAntiAffinity` in pkg/scheduler/framework/plugins/interpodaffinity/filtering.go (v1.36).
"""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

from kubeactors.api.core.v1 import Node, NodeSelectorTerm, Pod, PodAffinityTerm, TopologySpreadConstraint
from kubeactors.apimachinery.labels import of_object
from kubeactors.sim.bounds.capacity import has_capacity, is_schedulable
from kubeactors.sim.bounds.rollouts import FINISHED
from kubeactors.sim.world import World

HOST = "kubernetes.io/hostname"
MANDATORY = "DoNotSchedule"


class _Evenness(NamedTuple):
    """A topology spread constraint."""

    counts: dict[str, int]
    """The number of matching pods, by name of each eligible node."""
    most: int
    """The highest count of a node to which the pod may still be bound."""


class Search:
    """Which nodes a pod may be bound to in the present state.

    What depends on all nodes is computed once and only if needed; for each node only its own pods are looked at.
    """

    def __init__(self, world: World, pod: Pod) -> None:
        self._world = world
        self._pod = pod

    def takes(self, node: Node) -> bool:
        """Whether a node is schedulable for the pod and fits it."""
        return is_schedulable(node, self._pod) and self.fits(node)

    def fits(self, node: Node) -> bool:
        """Whether a node has the capacity for the pod and meets its constraints."""
        return has_capacity(node, (*self.on(node), self._pod)) and self.suits(node)

    def suits(self, node: Node) -> bool:
        """Whether a node meets the constraints of the pod and of the pods on the node."""
        here = self.on(node)
        return (
            is_chosen(node, self._pod)
            and not any(conflicts(node, self._pod, one) for one in here)
            and self._is_near(node, here)
            and all(rule.counts.get(node.metadata.name, rule.most + 1) <= rule.most for rule in self._rules)
        )

    def on(self, node: Node) -> list[Pod]:
        """The other unfinished pods on a node."""
        return list(filter(self._counts, self._world.pods_on(node.metadata.name)))

    def _counts(self, one: Pod) -> bool:
        return one.status.phase not in FINISHED and one.metadata.uid != self._pod.metadata.uid

    @cached_property
    def placed(self) -> tuple[Pod, ...]:
        """The other unfinished pods on all nodes."""
        return tuple(one for one in self._world.of(Pod).values() if one.spec.node_name and self._counts(one))

    @cached_property
    def _company(self) -> list[PodAffinityTerm]:
        """The affinity terms that a pod on the node must match; one that only the pod itself matches does not count."""
        pod = self._pod
        return [
            term
            for term in _near(pod)
            if not _selects(pod, term, pod) or any(_selects(pod, term, one) for one in self.placed)
        ]

    def _is_near(self, node: Node, here: Sequence[Pod]) -> bool:
        """Whether its required pod affinity is met; the node must have the host name label."""
        if not _near(self._pod):
            return True
        there = (any(_selects(self._pod, term, one) for one in here) for term in self._company)
        return HOST in node.metadata.labels and all(there)

    @cached_property
    def _rules(self) -> list[_Evenness]:
        pod = self._pod
        return [
            self._evenness(rule)
            for rule in pod.spec.topology_spread_constraints
            if rule.when_unsatisfiable == MANDATORY
        ]

    def _evenness(self, rule: TopologySpreadConstraint) -> _Evenness:
        pod, nodes, matches = self._pod, self._world.of(Node).values(), of_object(rule.label_selector).matches
        domains = [one.metadata.name for one in nodes if HOST in one.metadata.labels and is_chosen(one, pod)]
        counts = dict.fromkeys(domains, 0)
        for one in self.placed:
            same = one.metadata.namespace == pod.metadata.namespace and one.metadata.deletion_timestamp is None
            if same and one.spec.node_name in counts and matches(one.metadata.labels):
                counts[one.spec.node_name] += 1
        own = int(matches(pod.metadata.labels))
        return _Evenness(counts, rule.max_skew + min(counts.values(), default=0) - own)


def is_chosen(node: Node, pod: Pod) -> bool:
    """Whether a node matches the pod's required node affinity."""
    affinity = pod.spec.affinity.node_affinity if pod.spec.affinity is not None else None
    required = affinity.required_during_scheduling_ignored_during_execution if affinity is not None else None
    return required is None or any(_matches(node, term) for term in required.node_selector_terms)


def _matches(node: Node, term: NodeSelectorTerm) -> bool:
    labels = node.metadata.labels
    return all((labels.get(one.key) in one.values) is (one.operator == "In") for one in term.match_expressions)


def node_preference(node: Node, pod: Pod) -> int:
    """The weight of the pod's preferred node affinity for a node.

    >>> node_preference(Node(), Pod())
    0
    """
    affinity = pod.spec.affinity.node_affinity if pod.spec.affinity is not None else None
    preferred = affinity.preferred_during_scheduling_ignored_during_execution if affinity is not None else ()
    return sum(one.weight for one in preferred if _matches(node, one.preference))


def is_constrained(pod: Pod) -> bool:
    """Whether it has affinity, spread constraints or host ports.

    >>> is_constrained(Pod())
    False
    """
    return pod.spec.affinity is not None or bool(pod.spec.topology_spread_constraints) or any(_ports(pod))


def conflicts(node: Node, pod: Pod, other: Pod) -> bool:
    """Whether two pods cannot share a node: they use the same host port, or one has anti-affinity to the other.

    Anti-affinity does not apply on a node without the host name label.
    """
    ports = list(_ports(other))
    if any(one in ports for one in _ports(pod)):
        return True
    if HOST not in node.metadata.labels:
        return False
    return any(_selects(pod, term, other) for term in _away(pod)) or any(
        _selects(other, term, pod) for term in _away(other)
    )


def _ports(pod: Pod) -> Iterator[tuple[str, int]]:
    return ((port.protocol, port.host_port) for one in pod.spec.containers for port in one.ports if port.host_port)


def _away(pod: Pod) -> Sequence[PodAffinityTerm]:
    found = pod.spec.affinity.pod_anti_affinity if pod.spec.affinity is not None else None
    return found.required_during_scheduling_ignored_during_execution if found is not None else ()


def _near(pod: Pod) -> Sequence[PodAffinityTerm]:
    found = pod.spec.affinity.pod_affinity if pod.spec.affinity is not None else None
    return found.required_during_scheduling_ignored_during_execution if found is not None else ()


def wants_near(pod: Pod, other: Pod) -> bool:
    """Whether a pod has required affinity to another one.

    >>> wants_near(Pod(), Pod())
    False
    """
    return any(_selects(pod, term, other) for term in _near(pod))


def pod_preference(pod: Pod, other: Pod) -> int:
    """The weight of a pod's preferred affinity to another one; negative for anti-affinity.

    >>> pod_preference(Pod(), Pod())
    0
    """
    affinity = pod.spec.affinity
    near = affinity.pod_affinity if affinity is not None else None
    away = affinity.pod_anti_affinity if affinity is not None else None
    liked = near.preferred_during_scheduling_ignored_during_execution if near is not None else ()
    disliked = away.preferred_during_scheduling_ignored_during_execution if away is not None else ()
    return sum(one.weight for one in liked if _selects(pod, one.pod_affinity_term, other)) - sum(
        one.weight for one in disliked if _selects(pod, one.pod_affinity_term, other)
    )


def _selects(pod: Pod, term: PodAffinityTerm, other: Pod) -> bool:
    same = pod.metadata.namespace == other.metadata.namespace
    return same and of_object(term.label_selector).matches(other.metadata.labels)
