"""Which requests the rules and selectors of policies and webhooks mean.

A rule means the version that it names: other versions of the same resource, which `matchPolicy: Equivalent` would have
it mean too, must be named.

Source: apiserver/pkg/admission/plugin/webhook/predicates/{rules,namespace,object}, plugin/policy/matching (v1.36).
"""

from collections.abc import Iterable

from kubeactors.api.admissionregistration.v1.matching import (
    MatchResources,
    NamedRuleWithOperations,
    RuleWithOperations,
)
from kubeactors.api.core.v1.namespace import Namespace
from kubeactors.apimachinery.labels import Labels, of_object
from kubeactors.apimachinery.meta import LabelSelector, TypedObject
from kubeactors.apiserver.admission.plugin import Attributes, Lookup
from kubeactors.apiserver.objects import NAMESPACES

_ALL = "*"
_ALL_WITH_PARTS = "*/*"


def matches(found: MatchResources, value: TypedObject | None, attributes: Attributes, lookup: Lookup) -> bool:
    """Whether a policy or a binding looks at a request."""
    if not selects(found.namespace_selector, found.object_selector, value, attributes, lookup):
        return False
    if _any_named(found.exclude_resource_rules, attributes):
        return False
    return not found.resource_rules or _any_named(found.resource_rules, attributes)


def selects(
    namespaces: LabelSelector | None,
    objects: LabelSelector | None,
    value: TypedObject | None,
    attributes: Attributes,
    lookup: Lookup,
) -> bool:
    """Whether the selectors mean the namespace of a request, and its object as it was or will be."""
    return _selects_namespace(namespaces, value, attributes, lookup) and _selects_object(objects, value, attributes)


def rule_matches(rule: RuleWithOperations | NamedRuleWithOperations, attributes: Attributes) -> bool:
    """Whether a rule names the operation on the resource."""
    kind = attributes.kind
    return (
        _names(rule.operations, attributes.operation)
        and _names(rule.api_groups, kind.group)
        and _names(rule.api_versions, kind.version)
        and (rule.scope in (None, _ALL) or (rule.scope == "Namespaced") == kind.namespaced)
        and any(names_resource(one, kind.resource, attributes.subresource) for one in rule.resources)
    )


def names_resource(pattern: str, resource: str, subresource: str) -> bool:
    """Whether `pods`, `*`, `pods/log`, `pods/*`, `*/scale` or `*/*` names a resource or a part of it.

    >>> names_resource("*", "pods", ""), names_resource("*", "pods", "status"), names_resource("pods/*", "pods", "status")
    (True, False, True)
    """
    if pattern == _ALL_WITH_PARTS:
        return True
    whole, _, part = pattern.partition("/")
    return whole in (_ALL, resource) and (part == subresource or (part == _ALL and subresource != ""))


def _any_named(rules: Iterable[NamedRuleWithOperations], attributes: Attributes) -> bool:
    return any(
        rule_matches(one, attributes) and (not one.resource_names or attributes.name in one.resource_names)
        for one in rules
    )


def _names(patterns: tuple[str, ...], value: str) -> bool:
    return _ALL in patterns or value in patterns


def _selects_namespace(
    selector: LabelSelector | None, value: TypedObject | None, attributes: Attributes, lookup: Lookup
) -> bool:
    """What is in no namespace is always meant, but a namespace is in itself."""
    if selector is None or selector == LabelSelector():
        return True
    if attributes.kind.type is Namespace:
        namespace = value if value is not None else attributes.old
    elif not attributes.kind.namespaced:
        return True
    else:
        namespace = lookup.get(NAMESPACES, "", attributes.namespace)
    return namespace is not None and _matches_labels(selector, namespace.metadata.labels)


def _selects_object(selector: LabelSelector | None, value: TypedObject | None, attributes: Attributes) -> bool:
    if selector is None or selector == LabelSelector():
        return True
    found = (one for one in (value, attributes.old) if one is not None)
    return any(_matches_labels(selector, one.metadata.labels) for one in found)


def _matches_labels(selector: LabelSelector, labels: Labels) -> bool:
    return of_object(selector).matches(labels)
