"""Validation of affinity and topology spread constraints."""

from collections.abc import Iterator

from kubeactors.api.core.v1.affinity import (
    Affinity,
    NodeAffinity,
    NodeSelector,
    NodeSelectorRequirement,
    NodeSelectorTerm,
    PodAffinity,
    PodAffinityTerm,
    PodAntiAffinity,
    TopologySpreadConstraint,
)
from kubeactors.api.core.v1.validation.common import messages, one_of, qualified_name
from kubeactors.apimachinery import names
from kubeactors.apimachinery.field import FieldError, duplicate, forbidden, invalid, required
from kubeactors.apimachinery.labels import validate_selector
from kubeactors.apimachinery.meta import LabelSelector

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
_IN_BOTH = "exists in both matchLabelKeys and labelSelector"
_NO_SELECTOR = "must not be specified when labelSelector is not set"


def validate_affinity(affinity: Affinity, path: str) -> Iterator[FieldError]:
    """Terms are valid, and weights are between 1 and 100."""
    if affinity.node_affinity is not None:
        yield from _node_affinity(affinity.node_affinity, f"{path}.nodeAffinity")
    if affinity.pod_affinity is not None:
        yield from _pod_affinity(affinity.pod_affinity, f"{path}.podAffinity")
    if affinity.pod_anti_affinity is not None:
        yield from _pod_affinity(affinity.pod_anti_affinity, f"{path}.podAntiAffinity")


def _node_affinity(affinity: NodeAffinity, path: str) -> Iterator[FieldError]:
    needed = affinity.required_during_scheduling_ignored_during_execution
    if needed is not None:
        yield from validate_node_selector(needed, f"{path}.{_REQUIRED}")
    for i, term in enumerate(affinity.preferred_during_scheduling_ignored_during_execution):
        at = f"{path}.{_PREFERRED}[{i}]"
        yield from _weight(term.weight, at)
        yield from _node_term(term.preference, f"{at}.preference", check_values=False)


def validate_node_selector(selector: NodeSelector, path: str) -> Iterator[FieldError]:
    """At least one term, each with valid requirements."""
    if not selector.node_selector_terms:
        yield required(f"{path}.nodeSelectorTerms", "must have at least one node selector term")
    for i, term in enumerate(selector.node_selector_terms):
        yield from _node_term(term, f"{path}.nodeSelectorTerms[{i}]", check_values=True)


def _node_term(term: NodeSelectorTerm, path: str, *, check_values: bool) -> Iterator[FieldError]:
    """Values of preferred terms are not validated, for compatibility."""
    for i, requirement in enumerate(term.match_expressions):
        yield from _expression(requirement, f"{path}.matchExpressions[{i}]", check_values=check_values)
    for i, requirement in enumerate(term.match_fields):
        yield from _field(requirement, f"{path}.matchFields[{i}]")


def _expression(requirement: NodeSelectorRequirement, path: str, *, check_values: bool) -> Iterator[FieldError]:
    values = requirement.values
    match requirement.operator:
        case "In" | "NotIn":
            if not values:
                yield required(f"{path}.values", "must be specified when `operator` is 'In' or 'NotIn'")
        case "Exists" | "DoesNotExist":
            if values:
                yield forbidden(f"{path}.values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
        case "Gt" | "Lt":
            if len(values) != 1:
                yield required(f"{path}.values", "must be specified single value when `operator` is 'Lt' or 'Gt'")
        case _:
            yield invalid(f"{path}.operator", requirement.operator, "not a valid selector operator")
    yield from qualified_name(f"{path}.key", requirement.key)
    if check_values:
        for i, value in enumerate(values):
            yield from messages(f"{path}.values[{i}]", value, names.label_value(value))


def _field(requirement: NodeSelectorRequirement, path: str) -> Iterator[FieldError]:
    if requirement.operator not in {"In", "NotIn"}:
        yield invalid(f"{path}.operator", requirement.operator, "not a valid selector operator")
    elif len(requirement.values) != 1:
        why = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"
        yield required(f"{path}.values", why)
    if requirement.key != "metadata.name":
        yield invalid(f"{path}.key", requirement.key, "not a valid field selector key")
        return
    for i, value in enumerate(requirement.values):
        yield from messages(f"{path}.values[{i}]", value, names.name_is_dns_subdomain(value))


def _pod_affinity(affinity: PodAffinity | PodAntiAffinity, path: str) -> Iterator[FieldError]:
    for i, term in enumerate(affinity.required_during_scheduling_ignored_during_execution):
        yield from _pod_term(term, f"{path}.{_REQUIRED}[{i}]")
    for i, weighted in enumerate(affinity.preferred_during_scheduling_ignored_during_execution):
        at = f"{path}.{_PREFERRED}[{i}]"
        yield from _weight(weighted.weight, at)
        yield from _pod_term(weighted.pod_affinity_term, f"{at}.podAffinityTerm")


def _pod_term(term: PodAffinityTerm, path: str) -> Iterator[FieldError]:
    yield from validate_selector(term.label_selector, f"{path}.labelSelector")
    yield from validate_selector(term.namespace_selector, f"{path}.namespaceSelector")
    for name in term.namespaces:
        yield from messages(f"{path}.namespace", name, names.dns1123_label(name))
    if term.match_label_keys or term.mismatch_label_keys:
        yield from _label_keys(term.match_label_keys, term.mismatch_label_keys, term.label_selector, path)
    if not term.topology_key:
        yield required(f"{path}.topologyKey", "can not be empty")
    yield from qualified_name(f"{path}.topologyKey", term.topology_key)


def _label_keys(
    match: tuple[str, ...], mismatch: tuple[str, ...], selector: LabelSelector | None, path: str
) -> Iterator[FieldError]:
    """By now the keys have been merged into the selector, which contains each once."""
    for field, keys in (("matchLabelKeys", match), ("mismatchLabelKeys", mismatch)):
        if keys and selector is None:
            yield forbidden(f"{path}.{field}", _NO_SELECTOR)
        elif keys:
            for i, key in enumerate(keys):
                yield from qualified_name(f"{path}.{field}[{i}]", key)
    yield from _selected_twice(match, selector, path)
    for i, key in enumerate(match):
        if key in mismatch:
            yield invalid(f"{path}.matchLabelKeys[{i}]", key, "exists in both matchLabelKeys and mismatchLabelKeys")


def _selected_twice(keys: tuple[str, ...], selector: LabelSelector | None, path: str) -> Iterator[FieldError]:
    if selector is None:
        return
    seen = dict.fromkeys(selector.match_labels)
    for requirement in selector.match_expressions:
        key = requirement.key
        if key in keys and key in seen:
            yield invalid(f"{path}[{keys.index(key)}]", key, _IN_BOTH)
        seen[key] = None


def _weight(weight: int, path: str) -> Iterator[FieldError]:
    if not 1 <= weight <= 100:
        yield invalid(f"{path}.weight", weight, "must be in the range 1-100")


def validate_spread(constraints: tuple[TopologySpreadConstraint, ...], path: str) -> Iterator[FieldError]:
    """Pairs of topology key and action are unique."""
    for i, constraint in enumerate(constraints):
        at = f"{path}[{i}]"
        if constraint.max_skew <= 0:
            yield invalid(f"{at}.maxSkew", constraint.max_skew, "must be greater than zero")
        if not constraint.topology_key:
            yield required(f"{at}.topologyKey", "can not be empty")
        action = constraint.when_unsatisfiable
        yield from one_of(f"{at}.whenUnsatisfiable", action, ("DoNotSchedule", "ScheduleAnyway"))
        pair = (constraint.topology_key, action)
        if any(pair == (other.topology_key, other.when_unsatisfiable) for other in constraints[i + 1 :]):
            text = f"{{{constraint.topology_key}, {action}}}"
            yield duplicate(f"{at}.{{topologyKey, whenUnsatisfiable}}", text)
        yield from _spread_options(constraint, at)
        if constraint.match_label_keys:
            yield from _label_keys(constraint.match_label_keys, (), constraint.label_selector, at)
        yield from validate_selector(constraint.label_selector, f"{at}.labelSelector")


def _spread_options(constraint: TopologySpreadConstraint, path: str) -> Iterator[FieldError]:
    least, action = constraint.min_domains, constraint.when_unsatisfiable
    if least is not None:
        if least <= 0:
            yield invalid(f"{path}.minDomains", least, "must be greater than zero")
        if action != "DoNotSchedule":
            why = f"can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {action}"
            yield invalid(f"{path}.minDomains", least, why)
    if constraint.node_affinity_policy is not None:
        yield from one_of(f"{path}.nodeAffinityPolicy", constraint.node_affinity_policy, ("Honor", "Ignore"))
    if constraint.node_taints_policy is not None:
        yield from one_of(f"{path}.nodeTaintsPolicy", constraint.node_taints_policy, ("Honor", "Ignore"))
