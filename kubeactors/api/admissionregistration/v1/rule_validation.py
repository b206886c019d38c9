"""Validation of rules, conditions and selectors of webhooks and policies.

Source: pkg/apis/admissionregistration/validation/validation.go (v1.36).
"""

from collections.abc import Iterator

from kubeactors.api.admissionregistration.v1.matching import (
    MatchCondition,
    MatchResources,
    NamedRuleWithOperations,
    RuleWithOperations,
)
from kubeactors.api.validation import validate_text
from kubeactors.apimachinery import names
from kubeactors.apimachinery.cel import CelError, compile_program
from kubeactors.apimachinery.field import FieldError, duplicate, invalid, not_supported, required, too_many
from kubeactors.apimachinery.labels import validate_selector

FAILURE_POLICIES = ("Fail", "Ignore")
MATCH_POLICIES = ("Equivalent", "Exact")
OPERATIONS = ("*", "CONNECT", "CREATE", "DELETE", "UPDATE")
SCOPES = ("*", "Cluster", "Namespaced")

WEBHOOK_VARIABLES = ("object", "oldObject", "request", "authorizer")
"""The variables of a webhook's match conditions."""

_MAX_CONDITIONS = 64


def validate_rule(rule: RuleWithOperations | NamedRuleWithOperations, path: str) -> Iterator[FieldError]:
    """Operations on resources."""
    if not rule.operations:
        yield required(f"{path}.operations")
    yield from _validate_star(rule.operations, f"{path}.operations", "operations")
    for i, one in enumerate(rule.operations):
        if one not in OPERATIONS:
            yield not_supported(f"{path}.operations[{i}]", one, OPERATIONS)
    for field, values, what in (
        ("apiGroups", rule.api_groups, "API groups"),
        ("apiVersions", rule.api_versions, "API versions"),
    ):
        if not values:
            yield required(f"{path}.{field}")
        yield from _validate_star(values, f"{path}.{field}", what)
    for i, version in enumerate(rule.api_versions):
        if not version:
            yield required(f"{path}.apiVersions[{i}]")
    yield from _validate_resources(rule.resources, f"{path}.resources")
    if rule.scope is not None and rule.scope not in SCOPES:
        yield not_supported(f"{path}.scope", rule.scope, SCOPES)


def validate_conditions(
    conditions: tuple[MatchCondition, ...], path: str, variables: tuple[str, ...]
) -> Iterator[FieldError]:
    """Names are unique, and expressions compile."""
    if len(conditions) > _MAX_CONDITIONS:
        yield too_many(path, len(conditions), _MAX_CONDITIONS)
    seen: list[str] = []
    for i, one in enumerate(conditions):
        yield from _validate_condition(one, f"{path}[{i}]", variables)
        if one.name and one.name in seen:
            yield duplicate(f"{path}[{i}].name", one.name)
        seen.append(one.name)


def validate_expression(text: str, path: str, variables: tuple[str, ...], wanted: str) -> Iterator[FieldError]:
    """The expression compiles, and has the required type."""
    try:
        compile_program(text, variables, wanted)
    except CelError as error:
        yield invalid(path, text, str(error))


def validate_match_resources(found: MatchResources, path: str) -> Iterator[FieldError]:
    """The match constraints of a policy, after defaulting."""
    if found.match_policy is None:
        yield required(f"{path}.matchPolicy")
    elif found.match_policy not in MATCH_POLICIES:
        yield not_supported(f"{path}.matchPolicy", found.match_policy, MATCH_POLICIES)
    for field, selector in (
        ("namespaceSelector", found.namespace_selector),
        ("objectSelector", found.object_selector),
    ):
        if selector is None:
            yield required(f"{path}.{field}")
        else:
            yield from validate_selector(selector, f"{path}.{field}")
    for field, rules in (
        ("resourceRules", found.resource_rules),
        ("excludeResourceRules", found.exclude_resource_rules),
    ):
        for i, rule in enumerate(rules):
            yield from _validate_names(rule.resource_names, f"{path}.{field}[{i}].resourceNames")
            yield from validate_rule(rule, f"{path}.{field}[{i}]")


def _validate_names(found: tuple[str, ...], path: str) -> Iterator[FieldError]:
    for i, name in enumerate(found):
        yield from validate_text(name, f"{path}[{i}]", names.path_segment)
        if name in found[:i]:
            yield duplicate(f"{path}[{i}]", name)


def _validate_condition(one: MatchCondition, path: str, variables: tuple[str, ...]) -> Iterator[FieldError]:
    text = one.expression.strip()
    if text:
        yield from validate_expression(text, f"{path}.expression", variables, "bool")
    else:
        yield required(f"{path}.expression")
    if one.name:
        yield from validate_text(one.name, f"{path}.name", names.qualified_name)
    else:
        yield required(f"{path}.name")


def _validate_star(values: tuple[str, ...], path: str, what: str) -> Iterator[FieldError]:
    if len(values) > 1 and "*" in values:
        yield invalid(path, list(values), f"if '*' is present, must not specify other {what}")


def _validate_resources(resources: tuple[str, ...], path: str) -> Iterator[FieldError]:
    """Resources and subresources; none overlaps with another."""
    if not resources:
        yield required(path)
    covered: dict[str, None] = {}
    for i, one in enumerate(resources):
        resource, slash, sub = one.partition("/")
        if not one:
            yield required(f"{path}[{i}]")
        elif slash:
            for cover in (f"{resource}/*", f"*/{sub}"):
                if cover in covered:
                    yield invalid(f"{path}[{i}]", one, f"if '{cover}' is present, must not specify {one}")
            if "*" in (resource, sub):
                covered[one] = None
    if len(resources) > 1 and "*/*" in resources:
        yield invalid(path, list(resources), "if '*/*' is present, must not specify other resources")
    plain = [one for one in resources if one and "/" not in one]
    if "*" in plain and plain[-1] != "*":
        why = "if '*' is present, must not specify other resources without subresources"
        yield invalid(path, list(resources), why)
