"""Placement of pods on nodes: node selectors, node affinity, taints and tolerations.

Source: k8s.io/component-helpers/scheduling/corev1 (v1.36).
"""

from collections.abc import Iterable, Mapping

from kubeactors.api.core.v1.affinity import (
    NodeSelector,
    NodeSelectorRequirement,
    NodeSelectorTerm,
    PreferredSchedulingTerm,
    Taint,
    Toleration,
)
from kubeactors.api.core.v1.podspec import PodSpec

NO_SCHEDULE, PREFER_NO_SCHEDULE, NO_EXECUTE = "NoSchedule", "PreferNoSchedule", "NoExecute"


def tolerates(toleration: Toleration, taint: Taint) -> bool:
    """Whether the toleration matches the taint. An empty key with Exists matches every key, an empty effect every effect.

    >>> tolerates(Toleration(key="a", operator="Exists"), Taint(key="a", value="x", effect=NO_EXECUTE))
    True
    >>> tolerates(Toleration(key="a", value="y"), Taint(key="a", value="x", effect=NO_EXECUTE))
    False
    """
    if toleration.effect and toleration.effect != taint.effect:
        return False
    if toleration.key and toleration.key != taint.key:
        return False
    if toleration.operator in {"", "Equal"}:
        return toleration.value == taint.value
    return toleration.operator == "Exists"


def untolerated(taints: Iterable[Taint], tolerations: tuple[Toleration, ...], effects: tuple[str, ...]) -> Taint | None:
    """The first taint with one of the effects that no toleration matches.

    >>> taint = Taint(key="a", effect=NO_SCHEDULE)
    >>> untolerated((taint,), (), (NO_SCHEDULE, NO_EXECUTE)) is taint
    True
    """
    for taint in taints:
        if taint.effect in effects and not any(tolerates(one, taint) for one in tolerations):
            return taint
    return None


def matches_required_node_affinity(spec: PodSpec, labels: Mapping[str, str], node_name: str) -> bool:
    """Whether the node selector and the required node affinity of a pod let it be on a node.

    >>> matches_required_node_affinity(PodSpec(node_selector={"disk": "ssd"}), {"disk": "hdd"}, "n")
    False
    """
    for key, value in spec.node_selector.items():
        if labels.get(key) != value:
            return False
    required = required_node_selector(spec)
    return required is None or matches_node_selector(required, labels, node_name)


def required_node_selector(spec: PodSpec) -> NodeSelector | None:
    """The required part of the pod's node affinity."""
    if spec.affinity is None or spec.affinity.node_affinity is None:
        return None
    return spec.affinity.node_affinity.required_during_scheduling_ignored_during_execution


def preferred_terms(spec: PodSpec) -> tuple[PreferredSchedulingTerm, ...]:
    """The preferred part of the pod's node affinity."""
    if spec.affinity is None or spec.affinity.node_affinity is None:
        return ()
    return spec.affinity.node_affinity.preferred_during_scheduling_ignored_during_execution


def matches_node_selector(selector: NodeSelector, labels: Mapping[str, str], node_name: str) -> bool:
    """Whether one of the terms matches the node."""
    return any(matches_term(term, labels, node_name) for term in selector.node_selector_terms)


def matches_term(term: NodeSelectorTerm, labels: Mapping[str, str], node_name: str) -> bool:
    """Whether all requirements of the term hold; a term without any matches nothing.

    >>> matches_term(NodeSelectorTerm(), {}, "n")
    False
    """
    if not (term.match_expressions or term.match_fields):
        return False
    fields = {"metadata.name": node_name}
    return all(_holds(one, labels) for one in term.match_expressions) and all(
        _holds(one, fields) for one in term.match_fields
    )


def _holds(requirement: NodeSelectorRequirement, labels: Mapping[str, str]) -> bool:
    actual = labels.get(requirement.key)
    match requirement.operator:
        case "In":
            return actual is not None and actual in requirement.values
        case "NotIn":
            return actual is None or actual not in requirement.values
        case "Exists":
            return actual is not None
        case "DoesNotExist":
            return actual is None
        case "Gt" | "Lt":
            return actual is not None and _compares(requirement, actual)
        case _:
            return False


def _compares(requirement: NodeSelectorRequirement, actual: str) -> bool:
    """Whether the label's value is a number greater (less) than the requirement's; no number never is."""
    try:
        number, bound = int(actual), int(requirement.values[0])
    except (ValueError, IndexError):
        return False
    return number > bound if requirement.operator == "Gt" else number < bound
