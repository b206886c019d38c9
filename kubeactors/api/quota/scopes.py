"""The objects that match the scopes of a quota.

Source: pkg/quota/v1/evaluator/core/{pods,persistent_volume_claims}.go (v1.36).
"""

from collections.abc import Iterable, Iterator

from kubeactors.api.core.v1.affinity import PodAffinityTerm
from kubeactors.api.core.v1.persistentvolumeclaim import PersistentVolumeClaim
from kubeactors.api.core.v1.pod import Pod
from kubeactors.api.core.v1.resourcequota import (
    BEST_EFFORT,
    CROSS_NAMESPACE_POD_AFFINITY,
    DOES_NOT_EXIST,
    EXISTS,
    IN,
    NOT_BEST_EFFORT,
    NOT_TERMINATING,
    PRIORITY_CLASS,
    TERMINATING,
    VOLUME_ATTRIBUTES_CLASS,
    ScopedResourceSelectorRequirement,
)
from kubeactors.api.core.v1.resources import qos_class
from kubeactors.apimachinery.meta import TypedObject


def in_scopes(value: TypedObject, selectors: Iterable[ScopedResourceSelectorRequirement]) -> bool:
    """Whether the object matches all scopes. Scopes apply to pods, one of them to claims."""
    return all(_is_meant(value, one) for one in selectors)


def _is_meant(value: TypedObject, selector: ScopedResourceSelectorRequirement) -> bool:
    if isinstance(value, Pod):
        return _is_pod_meant(value, selector)
    if isinstance(value, PersistentVolumeClaim) and selector.scope_name == VOLUME_ATTRIBUTES_CLASS:
        return _selects(selector, _classes(value))
    return False


def _is_pod_meant(pod: Pod, selector: ScopedResourceSelectorRequirement) -> bool:
    scope = selector.scope_name
    if scope in (TERMINATING, NOT_TERMINATING):
        return (pod.spec.active_deadline_seconds is not None) == (scope == TERMINATING)
    if scope in (BEST_EFFORT, NOT_BEST_EFFORT):
        return ((pod.status.qos_class or qos_class(pod)) == "BestEffort") == (scope == BEST_EFFORT)
    if scope == PRIORITY_CLASS:
        name = pod.spec.priority_class_name
        return _selects(selector, [name] if name else [])
    return scope == CROSS_NAMESPACE_POD_AFFINITY and any(map(_crosses_namespaces, _terms(pod)))


def _selects(selector: ScopedResourceSelectorRequirement, values: list[str]) -> bool:
    """Whether any of the object's values matches."""
    if selector.operator == EXISTS:
        return bool(values)
    if selector.operator == DOES_NOT_EXIST:
        return not values
    if selector.operator == IN:
        return any(one in selector.values for one in values)
    return not values or any(one not in selector.values for one in values)


def _classes(claim: PersistentVolumeClaim) -> list[str]:
    status = claim.status
    target = status.modify_volume_status.target_volume_attributes_class_name if status.modify_volume_status else ""
    named = (claim.spec.volume_attributes_class_name, status.current_volume_attributes_class_name, target)
    return list(dict.fromkeys(one for one in named if one))


def _terms(pod: Pod) -> Iterator[PodAffinityTerm]:
    affinity = pod.spec.affinity
    if affinity is None:
        return
    for part in (affinity.pod_affinity, affinity.pod_anti_affinity):
        if part is not None:
            yield from part.required_during_scheduling_ignored_during_execution
            yield from (one.pod_affinity_term for one in part.preferred_during_scheduling_ignored_during_execution)


def _crosses_namespaces(term: PodAffinityTerm) -> bool:
    return bool(term.namespaces) or term.namespace_selector is not None
