"""Where choosy pods may be: the rules of affinity, of ports and of even spreading, reckoned without the scheduler's code.

Only what the grammar makes use of: pods are near one another if they are on one node, and its label says which it is.

Source: the documentation of Affinity, TopologySpreadConstraint and ContainerPort in api/core/v1/types.go, and
`satisfyPodAffinity` and `satisfyPodAntiAffinity` in pkg/scheduler/framework/plugins/interpodaffinity/filtering.go (v1.36).
"""

from collections.abc import Iterable, Iterator, Sequence

from kubeactors.api.core.v1 import Node, NodeSelectorTerm, Pod, PodAffinityTerm
from kubeactors.apimachinery.labels import of_object
from kubeactors.sim.bounds.rollouts import FINISHED

HOST = "kubernetes.io/hostname"
MANDATORY = "DoNotSchedule"


def suits(node: Node, nodes: Iterable[Node], pods: Iterable[Pod], pod: Pod) -> bool:
    """Whether a pod may come to a node as far as its own wishes, and those of the pods that are there, go."""
    placed = [one for one in pods if one.spec.node_name and one.status.phase not in FINISHED and one is not pod]
    here = [one for one in placed if one.spec.node_name == node.metadata.name]
    return (
        is_chosen(node, pod)
        and not any(clashes(node, pod, one) for one in here)
        and _is_near(node, pod, here, placed)
        and _is_even(node, nodes, placed, pod)
    )


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


def _is_near(node: Node, pod: Pod, here: Sequence[Pod], placed: Sequence[Pod]) -> bool:
    """The first of pods that want to be near one another may be on any node that says which it is."""
    for term in _near(pod):
        if HOST not in node.metadata.labels:
            return False
        anywhere = any(_selects(pod, term, one) for one in placed) or not _selects(pod, term, pod)
        if anywhere and not any(_selects(pod, term, one) for one in here):
            return False
    return True


def _is_even(node: Node, nodes: Iterable[Node], placed: Sequence[Pod], pod: Pod) -> bool:
    domains = [one.metadata.name for one in nodes if HOST in one.metadata.labels and is_chosen(one, pod)]
    for rule in pod.spec.topology_spread_constraints:
        if rule.when_unsatisfiable != MANDATORY:
            continue
        matches = of_object(rule.label_selector).matches
        counts = dict.fromkeys(domains, 0)
        for one in placed:
            same = one.metadata.namespace == pod.metadata.namespace and one.metadata.deletion_timestamp is None
            if same and one.spec.node_name in counts and matches(one.metadata.labels):
                counts[one.spec.node_name] += 1
        own = int(matches(pod.metadata.labels))
        if node.metadata.name not in counts or counts[node.metadata.name] + own - min(counts.values()) > rule.max_skew:
            return False
    return True
