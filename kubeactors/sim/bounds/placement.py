"""Where choosy pods may be: the rules of affinity, of ports and of even spreading, reckoned without the scheduler's code.

Only what the grammar makes use of: pods are near one another if they are on one node, and its label says which it is.

Source: the documentation of Affinity, TopologySpreadConstraint and ContainerPort in api/core/v1/types.go, and
`satisfyPodAffinity` and `satisfyPodAntiAffinity` in pkg/scheduler/framework/plugins/interpodaffinity/filtering.go (v1.36).
"""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

from kubeactors.api.core.v1 import Node, NodeSelectorTerm, Pod, PodAffinityTerm, TopologySpreadConstraint
from kubeactors.apimachinery.labels import of_object
from kubeactors.sim.bounds.capacity import has_room, takes_pods
from kubeactors.sim.bounds.rollouts import FINISHED
from kubeactors.sim.world import World

HOST = "kubernetes.io/hostname"
MANDATORY = "DoNotSchedule"


class _Evenness(NamedTuple):
    """How evenly pods are to be spread."""

    counts: dict[str, int]
    """How many there are, by name of node, where they may be."""
    most: int
    """Where there are so many already may come another one."""


class Search:
    """Where a pod may come to, as things are now.

    What concerns all nodes is found out once, and only if the pod asks for it; of each node, only the pods on it are looked at.
    """

    def __init__(self, world: World, pod: Pod) -> None:
        self._world = world
        self._pod = pod

    def takes(self, node: Node) -> bool:
        """Whether a node takes new pods, and this one fits."""
        return takes_pods(node, self._pod) and self.fits(node)

    def fits(self, node: Node) -> bool:
        """Whether a node has room for the pod, and suits it."""
        return has_room(node, (*self.on(node), self._pod)) and self.suits(node)

    def suits(self, node: Node) -> bool:
        """Whether the pod may come to a node as far as its own wishes, and those of the pods that are there, go."""
        here = self.on(node)
        return (
            is_chosen(node, self._pod)
            and not any(clashes(node, self._pod, one) for one in here)
            and self._is_near(node, here)
            and all(rule.counts.get(node.metadata.name, rule.most + 1) <= rule.most for rule in self._rules)
        )

    def on(self, node: Node) -> list[Pod]:
        """The other pods on a node that have not ended."""
        return list(filter(self._counts, self._world.pods_on(node.metadata.name)))

    def _counts(self, one: Pod) -> bool:
        return one.status.phase not in FINISHED and one.metadata.uid != self._pod.metadata.uid

    @cached_property
    def placed(self) -> tuple[Pod, ...]:
        """The same of all nodes."""
        return tuple(one for one in self._world.of(Pod).values() if one.spec.node_name and self._counts(one))

    @cached_property
    def _company(self) -> list[PodAffinityTerm]:
        """What must hold of somebody on the node: the first of pods that want to be near one another may be on any."""
        pod = self._pod
        return [
            term
            for term in _near(pod)
            if not _selects(pod, term, pod) or any(_selects(pod, term, one) for one in self.placed)
        ]

    def _is_near(self, node: Node, here: Sequence[Pod]) -> bool:
        """Whether those are there that it wants near it, on a node that says which it is."""
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
    """Whether the labels of a node are those that a pod asks for."""
    affinity = pod.spec.affinity.node_affinity if pod.spec.affinity is not None else None
    required = affinity.required_during_scheduling_ignored_during_execution if affinity is not None else None
    return required is None or any(_matches(node, term) for term in required.node_selector_terms)


def _matches(node: Node, term: NodeSelectorTerm) -> bool:
    labels = node.metadata.labels
    return all((labels.get(one.key) in one.values) is (one.operator == "In") for one in term.match_expressions)


def liking(node: Node, pod: Pod) -> int:
    """How much a pod would rather be on a node, by what its labels say.

    >>> liking(Node(), Pod())
    0
    """
    affinity = pod.spec.affinity.node_affinity if pod.spec.affinity is not None else None
    preferred = affinity.preferred_during_scheduling_ignored_during_execution if affinity is not None else ()
    return sum(one.weight for one in preferred if _matches(node, one.preference))


def is_choosy(pod: Pod) -> bool:
    """Whether it asks for anything but room.

    >>> is_choosy(Pod())
    False
    """
    return pod.spec.affinity is not None or bool(pod.spec.topology_spread_constraints) or any(_ports(pod))


def clashes(node: Node, pod: Pod, other: Pod) -> bool:
    """Whether two pods cannot be on one node: they want the same port, or one of them will not have the other near.

    On a node that does not say which it is nobody is near anybody.
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
    """Whether a pod wants to be near another one.

    >>> wants_near(Pod(), Pod())
    False
    """
    return any(_selects(pod, term, other) for term in _near(pod))


def fondness(pod: Pod, other: Pod) -> int:
    """How much a pod would rather be near another one; less than nothing if it would rather not.

    >>> fondness(Pod(), Pod())
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
