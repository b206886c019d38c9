"""The label keys of affinity terms and spread constraints, merged into the selectors of a new pod.

Source: mutatePodAffinity, mutateTopologySpreadConstraints in pkg/registry/core/pod/strategy.go (v1.36).
"""

from collections.abc import Iterator, Mapping
from typing import TypeVar

from msgspec.structs import replace

from kubeactors.api.core.v1.affinity import (
    Affinity,
    PodAffinity,
    PodAffinityTerm,
    PodAntiAffinity,
    TopologySpreadConstraint,
    WeightedPodAffinityTerm,
)
from kubeactors.api.core.v1.podspec import PodSpec
from kubeactors.apimachinery.meta import LabelSelector, LabelSelectorRequirement

A = TypeVar("A", PodAffinity, PodAntiAffinity)


def with_label_keys(spec: PodSpec, labels: Mapping[str, str]) -> PodSpec:
    """The spec whose selectors require the pod's own values of the labels that are to match.

    >>> constraint = TopologySpreadConstraint(label_selector=LabelSelector(), match_label_keys=("app",))
    >>> made = with_label_keys(PodSpec(topology_spread_constraints=(constraint,)), {"app": "web"})
    >>> made.topology_spread_constraints[0].label_selector.match_expressions
    (LabelSelectorRequirement(key='app', operator='In', values=('web',)),)
    """
    affinity, spread = spec.affinity, spec.topology_spread_constraints
    if affinity is not None and (affinity.pod_affinity is not None or affinity.pod_anti_affinity is not None):
        affinity = _affinity(affinity, labels)
    if any(one.match_label_keys for one in spread):
        spread = tuple(_constraint(one, labels) for one in spread)
    same = affinity == spec.affinity and spread == spec.topology_spread_constraints
    return spec if same else replace(spec, affinity=affinity, topology_spread_constraints=spread)


def _affinity(affinity: Affinity, labels: Mapping[str, str]) -> Affinity:
    near, away = affinity.pod_affinity, affinity.pod_anti_affinity
    return replace(
        affinity,
        pod_affinity=None if near is None else _terms(near, labels),
        pod_anti_affinity=None if away is None else _terms(away, labels),
    )


def _terms(affinity: A, labels: Mapping[str, str]) -> A:
    required = affinity.required_during_scheduling_ignored_during_execution
    preferred = affinity.preferred_during_scheduling_ignored_during_execution
    return replace(
        affinity,
        required_during_scheduling_ignored_during_execution=tuple(_term(one, labels) for one in required),
        preferred_during_scheduling_ignored_during_execution=tuple(_weighted(one, labels) for one in preferred),
    )


def _weighted(weighted: WeightedPodAffinityTerm, labels: Mapping[str, str]) -> WeightedPodAffinityTerm:
    return replace(weighted, pod_affinity_term=_term(weighted.pod_affinity_term, labels))


def _term(term: PodAffinityTerm, labels: Mapping[str, str]) -> PodAffinityTerm:
    added = (*_required("In", term.match_label_keys, labels), *_required("NotIn", term.mismatch_label_keys, labels))
    return replace(term, label_selector=_narrowed(term.label_selector, added)) if added else term


def _constraint(constraint: TopologySpreadConstraint, labels: Mapping[str, str]) -> TopologySpreadConstraint:
    added = tuple(_required("In", constraint.match_label_keys, labels))
    return replace(constraint, label_selector=_narrowed(constraint.label_selector, added)) if added else constraint


def _required(operator: str, keys: tuple[str, ...], labels: Mapping[str, str]) -> Iterator[LabelSelectorRequirement]:
    """Labels that the pod does not have are ignored."""
    for key in keys:
        if key in labels:
            yield LabelSelectorRequirement(key=key, operator=operator, values=(labels[key],))


def _narrowed(selector: LabelSelector | None, added: tuple[LabelSelectorRequirement, ...]) -> LabelSelector | None:
    """A selector that is not set matches nothing, and so it stays."""
    if selector is None:
        return None
    return replace(selector, match_expressions=(*selector.match_expressions, *added))
