"""Matches requests with the rules and selectors of policies and webhooks, and determines the version that these see.

With `matchPolicy: Equivalent` a rule matches all versions of a resource; the object is then converted to the version in
the rule.

Source: apiserver/pkg/admission/plugin/webhook/predicates/{rules,namespace,object},
plugin/policy/matching, plugin/webhook/generic/conversion.go (v1.36).
"""

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from kubeactors.api.admissionregistration.v1.matching import (
    MatchResources,
    NamedRuleWithOperations,
    RuleWithOperations,
)
from kubeactors.api.core.v1.namespace import Namespace
from kubeactors.apimachinery.labels import Labels, of_object
from kubeactors.apimachinery.meta import LabelSelector, TypedObject
from kubeactors.apimachinery.scheme import Kind, Scheme
from kubeactors.apiserver.admission.plugin import Attributes, Lookup
from kubeactors.apiserver.objects import NAMESPACES

_ALL = "*"
_ALL_WITH_PARTS = "*/*"


EXACT = "Exact"


def matches(
    found: MatchResources, value: TypedObject | None, attributes: Attributes, lookup: Lookup, scheme: Scheme
) -> Kind[TypedObject] | None:
    """The version in which a policy or a binding sees a request; None if it does not match."""
    if not selects(found.namespace_selector, found.object_selector, value, attributes, lookup):
        return None
    if _named(found.exclude_resource_rules, attributes, found.match_policy, scheme):
        return None
    if not found.resource_rules:
        return attributes.kind
    return _named(found.resource_rules, attributes, found.match_policy, scheme)


def meant(
    rules: Iterable[RuleWithOperations | NamedRuleWithOperations],
    attributes: Attributes,
    match_policy: str | None,
    scheme: Scheme,
) -> Kind[TypedObject] | None:
    """The version of the resource that a rule matches, preferably that of the request; None: no rule matches."""
    rules = tuple(rules)
    for kind in _versions(attributes.kind, match_policy, scheme):
        if any(rule_matches(one, attributes, kind) for one in rules):
            return kind
    return None


def seen_in(
    kind: Kind[TypedObject], value: TypedObject | None, attributes: Attributes, scheme: Scheme
) -> tuple[TypedObject | None, Attributes]:
    """An object and its request, converted to the version in a rule.

    An object of a subresource, which has a kind of its own, stays as it is.
    """
    types = (attributes.kind.type, *(one.type for one in scheme.equivalents(attributes.kind)))

    def shown(one: TypedObject | None) -> TypedObject | None:
        return kind.from_stored(one) if isinstance(one, types) else one

    requested = None if kind.gvr == attributes.kind.gvr else attributes.kind
    if requested is None and kind.stored_as is None:
        return value, attributes
    return shown(value), replace(attributes, kind=kind, requested=requested, old=shown(attributes.old))


def _versions(kind: Kind[TypedObject], match_policy: str | None, scheme: Scheme) -> Iterator[Kind[TypedObject]]:
    yield kind
    if match_policy != EXACT:
        yield from scheme.equivalents(kind)


def selects(
    namespaces: LabelSelector | None,
    objects: LabelSelector | None,
    value: TypedObject | None,
    attributes: Attributes,
    lookup: Lookup,
) -> bool:
    """Whether the selectors match the namespace of a request, and its object or old object."""
    return _selects_namespace(namespaces, value, attributes, lookup) and _selects_object(objects, value, attributes)


def rule_matches(
    rule: RuleWithOperations | NamedRuleWithOperations, attributes: Attributes, kind: Kind[TypedObject]
) -> bool:
    """Whether a rule matches the operation on the resource in this version."""
    return (
        _names(rule.operations, attributes.operation)
        and _names(rule.api_groups, kind.group)
        and _names(rule.api_versions, kind.version)
        and (rule.scope in (None, _ALL) or (rule.scope == "Namespaced") == kind.namespaced)
        and any(names_resource(one, kind.resource, attributes.subresource) for one in rule.resources)
    )


def names_resource(pattern: str, resource: str, subresource: str) -> bool:
    """Whether `pods`, `*`, `pods/log`, `pods/*`, `*/scale` or `*/*` matches a resource or subresource.

    >>> names_resource("*", "pods", ""), names_resource("*", "pods", "status"), names_resource("pods/*", "pods", "status")
    (True, False, True)
    """
    if pattern == _ALL_WITH_PARTS:
        return True
    whole, _, part = pattern.partition("/")
    return whole in (_ALL, resource) and (part == subresource or (part == _ALL and subresource != ""))


def _named(
    rules: Iterable[NamedRuleWithOperations], attributes: Attributes, match_policy: str | None, scheme: Scheme
) -> Kind[TypedObject] | None:
    fitting = (one for one in rules if not one.resource_names or attributes.name in one.resource_names)
    return meant(fitting, attributes, match_policy, scheme)


def _names(patterns: tuple[str, ...], value: str) -> bool:
    return _ALL in patterns or value in patterns


def _selects_namespace(
    selector: LabelSelector | None, value: TypedObject | None, attributes: Attributes, lookup: Lookup
) -> bool:
    """Always true for cluster-scoped objects, except namespaces, which are matched by their own labels."""
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
