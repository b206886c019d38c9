"""Defaults and validation of admission policies and their bindings.

Source: pkg/apis/admissionregistration/validation/validation.go, v1/defaults.go (v1.36).
"""

import re
from collections.abc import Iterator

from msgspec.structs import replace

from kubeactors.api.admissionregistration.v1.matching import (
    MatchResources,
    NamedRuleWithOperations,
    ParamKind,
    ParamRef,
    Variable,
)
from kubeactors.api.admissionregistration.v1.mutating import (
    MutatingAdmissionPolicy,
    MutatingAdmissionPolicyBinding,
    Mutation,
)
from kubeactors.api.admissionregistration.v1.rule_validation import (
    FAILURE_POLICIES,
    validate_conditions,
    validate_expression,
    validate_match_resources,
)
from kubeactors.api.admissionregistration.v1.validating import (
    AuditAnnotation,
    ValidatingAdmissionPolicy,
    ValidatingAdmissionPolicyBinding,
    ValidatingAdmissionPolicySpec,
    Validation,
)
from kubeactors.api.validation import validate_text
from kubeactors.apimachinery import names
from kubeactors.apimachinery.field import FieldError, duplicate, forbidden, invalid, not_supported, required
from kubeactors.apimachinery.labels import validate_selector
from kubeactors.apimachinery.meta import LabelSelector

AUDIT, DENY, WARN = "Audit", "Deny", "Warn"
"""The actions on a violation."""
ALLOW = "Allow"
"""The action on missing parameters, besides DENY."""

APPLY_CONFIGURATION, JSON_PATCH = "ApplyConfiguration", "JSONPatch"

_ACTIONS = (AUDIT, DENY, WARN)
_REASONS = ("Forbidden", "Invalid", "RequestEntityTooLarge")
_NOTHING = "validations or auditAnnotations must contain at least one item"
_BOTH = (
    "must not contain both Deny and Warn (repeating the same validation failure information in the API response and "
    "headers serves no purpose)"
)
_IDENTIFIER = re.compile(r"[_a-zA-Z][_a-zA-Z0-9]*")
_RESERVED = frozenset(
    (
        "true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if", "import",
        "let", "loop", "package", "namespace", "return", "var", "void", "while",
    )
)  # fmt: skip


def policy_variables(kind: ParamKind | None) -> tuple[str, ...]:
    """The variables of a policy's expressions."""
    common = ("object", "oldObject", "request", "namespaceObject", "authorizer", "variables")
    return common if kind is None else (*common, "params")


def default_validating_policy(policy: ValidatingAdmissionPolicy) -> ValidatingAdmissionPolicy:
    """The failure policy is Fail, and the match policy Equivalent."""
    spec = policy.spec
    match = default_match_resources(spec.match_constraints)
    filled = replace(spec, failure_policy=spec.failure_policy or "Fail", match_constraints=match)
    return replace(policy, spec=filled)


def default_validating_binding(binding: ValidatingAdmissionPolicyBinding) -> ValidatingAdmissionPolicyBinding:
    """Selectors match everything, and the match policy is Equivalent."""
    return replace(
        binding, spec=replace(binding.spec, match_resources=default_match_resources(binding.spec.match_resources))
    )


def default_mutating_policy(policy: MutatingAdmissionPolicy) -> MutatingAdmissionPolicy:
    """The failure policy is Fail, and the match policy Equivalent."""
    spec = policy.spec
    match = default_match_resources(spec.match_constraints)
    filled = replace(spec, failure_policy=spec.failure_policy or "Fail", match_constraints=match)
    return replace(policy, spec=filled)


def default_mutating_binding(binding: MutatingAdmissionPolicyBinding) -> MutatingAdmissionPolicyBinding:
    """Selectors match everything, and the match policy is Equivalent."""
    return replace(
        binding, spec=replace(binding.spec, match_resources=default_match_resources(binding.spec.match_resources))
    )


def default_match_resources(found: MatchResources | None) -> MatchResources | None:
    """Any namespace, any labels, and equivalent versions."""
    if found is None:
        return None
    return replace(
        found,
        match_policy=found.match_policy or "Equivalent",
        namespace_selector=found.namespace_selector or LabelSelector(),
        object_selector=found.object_selector or LabelSelector(),
        resource_rules=_with_scopes(found.resource_rules),
        exclude_resource_rules=_with_scopes(found.exclude_resource_rules),
    )


def _with_scopes(rules: tuple[NamedRuleWithOperations, ...]) -> tuple[NamedRuleWithOperations, ...]:
    return tuple(rule if rule.scope is not None else replace(rule, scope="*") for rule in rules)


def validate_validating_policy(policy: ValidatingAdmissionPolicy) -> Iterator[FieldError]:
    """Match constraints, and expressions that compile."""
    spec = policy.spec
    variables = policy_variables(spec.param_kind)
    yield from _validate_failure_policy(spec.failure_policy)
    yield from _validate_param_kind(spec.param_kind, "spec.paramKind")
    yield from _validate_constraints(spec.match_constraints)
    yield from validate_conditions(spec.match_conditions, "spec.matchConditions", variables)
    yield from _validate_variables(spec.variables, variables)
    if not spec.validations and not spec.audit_annotations:
        yield required("spec.validations", _NOTHING)
        yield required("spec.auditAnnotations", _NOTHING)
    for i, one in enumerate(spec.validations):
        yield from _validate_validation(one, f"spec.validations[{i}]", variables)
    yield from _validate_annotations(spec, policy.metadata.name, variables)


def validate_validating_policy_update(
    new: ValidatingAdmissionPolicy, _old: ValidatingAdmissionPolicy
) -> Iterator[FieldError]:
    """Everything is mutable."""
    return validate_validating_policy(new)


def validate_mutating_policy(policy: MutatingAdmissionPolicy) -> Iterator[FieldError]:
    """Match constraints, and mutations that compile."""
    spec = policy.spec
    variables = policy_variables(spec.param_kind)
    yield from _validate_failure_policy(spec.failure_policy)
    yield from _validate_param_kind(spec.param_kind, "spec.paramKind")
    yield from _validate_constraints(spec.match_constraints)
    yield from validate_conditions(spec.match_conditions, "spec.matchConditions", variables)
    yield from _validate_variables(spec.variables, variables)
    if not spec.mutations:
        yield required("spec.mutations", "mutations must contain at least one item")
    for i, one in enumerate(spec.mutations):
        yield from _validate_mutation(one, f"spec.mutations[{i}]")
    if not spec.reinvocation_policy:
        yield required("spec.reinvocationPolicy")
    elif spec.reinvocation_policy not in ("IfNeeded", "Never"):
        yield not_supported("spec.reinvocationPolicy", spec.reinvocation_policy, ("IfNeeded", "Never"))


def validate_mutating_policy_update(
    new: MutatingAdmissionPolicy, _old: MutatingAdmissionPolicy
) -> Iterator[FieldError]:
    """Everything is mutable."""
    return validate_mutating_policy(new)


def validate_validating_binding(binding: ValidatingAdmissionPolicyBinding) -> Iterator[FieldError]:
    """A policy, and validation actions."""
    spec = binding.spec
    yield from _validate_target(spec.policy_name, spec.param_ref, spec.match_resources)
    actions, path = spec.validation_actions, "spec.validationActions"
    for i, action in enumerate(actions):
        if action not in _ACTIONS:
            yield not_supported(f"{path}[{i}]", action, _ACTIONS)
        if action in actions[:i]:
            yield duplicate(f"{path}[{i}]", action)
    if DENY in actions and WARN in actions:
        yield invalid(path, list(actions), _BOTH)
    if not actions:
        yield required(path, "at least one validation action is required")


def validate_validating_binding_update(
    new: ValidatingAdmissionPolicyBinding, _old: ValidatingAdmissionPolicyBinding
) -> Iterator[FieldError]:
    """Everything is mutable."""
    return validate_validating_binding(new)


def validate_mutating_binding(binding: MutatingAdmissionPolicyBinding) -> Iterator[FieldError]:
    """A policy."""
    spec = binding.spec
    yield from _validate_target(spec.policy_name, spec.param_ref, spec.match_resources)


def validate_mutating_binding_update(
    new: MutatingAdmissionPolicyBinding, _old: MutatingAdmissionPolicyBinding
) -> Iterator[FieldError]:
    """Everything is mutable."""
    return validate_mutating_binding(new)


def _validate_target(name: str, ref: ParamRef | None, match: MatchResources | None) -> Iterator[FieldError]:
    if name:
        yield from validate_text(name, "spec.policyName", names.dns1123_subdomain)
    else:
        yield required("spec.policyName")
    if ref is not None:
        yield from _validate_param_ref(ref, "spec.paramRef")
    if match is not None:
        yield from validate_match_resources(match, "spec.matchResources")


def _validate_param_ref(ref: ParamRef, path: str) -> Iterator[FieldError]:
    if ref.name:
        yield from validate_text(ref.name, f"{path}.name", names.path_segment)
        if ref.selector is not None:
            yield forbidden(f"{path}.name", "name and selector are mutually exclusive")
    if ref.selector is not None:
        yield from validate_selector(ref.selector, f"{path}.selector")
        if ref.name:
            yield forbidden(f"{path}.selector", "name and selector are mutually exclusive")
    if not ref.name and ref.selector is None:
        yield required(path, "one of name or selector must be specified")
    action = ref.parameter_not_found_action
    if action is None:
        yield required(f"{path}.parameterNotFoundAction")
    elif action not in (ALLOW, DENY):
        yield not_supported(f"{path}.parameterNotFoundAction", action, (DENY, ALLOW))


def _validate_failure_policy(policy: str | None) -> Iterator[FieldError]:
    if policy is None:
        yield required("spec.failurePolicy")
    elif policy not in FAILURE_POLICIES:
        yield not_supported("spec.failurePolicy", policy, FAILURE_POLICIES)


def _validate_param_kind(kind: ParamKind | None, path: str) -> Iterator[FieldError]:
    if kind is None:
        return
    group, _, version = kind.api_version.rpartition("/")
    if not kind.api_version:
        yield required(f"{path}.apiVersion")
    elif "/" in group:
        why = f"unexpected GroupVersion string: {kind.api_version}"
        yield invalid(f"{path}.apiVersion", kind.api_version, why)
    else:
        if group and (wrong := names.dns1123_subdomain(group)):
            yield invalid(f"{path}.apiVersion", group, ",".join(wrong))
        if wrong := names.dns1035_label(version):
            yield invalid(f"{path}.apiVersion", version, ",".join(wrong))
    if not kind.kind:
        yield required(f"{path}.kind")
    elif wrong := names.dns1035_label(kind.kind.lower()):
        why = f"may have mixed case, but should otherwise match: {','.join(wrong)}"
        yield invalid(f"{path}.kind", kind.kind, why)


def _validate_constraints(match: MatchResources | None) -> Iterator[FieldError]:
    if match is None:
        yield required("spec.matchConstraints")
        return
    yield from validate_match_resources(match, "spec.matchConstraints")
    if not match.resource_rules:
        yield required("spec.matchConstraints.resourceRules")


def _validate_variables(found: tuple[Variable, ...], known: tuple[str, ...]) -> Iterator[FieldError]:
    for i, one in enumerate(found):
        path = f"spec.variables[{i}]"
        if not one.name.strip():
            yield required(f"{path}.name", "name is not specified")
        elif not _IDENTIFIER.fullmatch(one.name) or one.name in _RESERVED:
            yield invalid(f"{path}.name", one.name, "name is not a valid CEL identifier")
        if not one.expression.strip():
            yield required(f"{path}.expression", "expression is not specified")
        else:
            yield from validate_expression(one.expression, f"{path}.expression", known, "")


def _validate_validation(one: Validation, path: str, variables: tuple[str, ...]) -> Iterator[FieldError]:
    if not one.expression.strip():
        yield required(f"{path}.expression", "expression is not specified")
    else:
        yield from validate_expression(one.expression, f"{path}.expression", variables, "bool")
    if one.message_expression:
        if not one.message_expression.strip():
            why = "must be non-empty if specified"
            yield invalid(f"{path}.messageExpression", one.message_expression, why)
        else:
            without = tuple(name for name in variables if name != "authorizer")  # messages do not depend on who is told
            yield from validate_expression(one.message_expression, f"{path}.messageExpression", without, "string")
    if one.message and not one.message.strip():
        yield invalid(f"{path}.message", one.message, "message must be non-empty if specified")
    elif "\n" in one.message.strip():
        yield invalid(f"{path}.message", one.message, "message must not contain line breaks")
    if one.reason is not None and one.reason not in _REASONS:
        yield not_supported(f"{path}.reason", one.reason, _REASONS)


def _validate_annotations(
    spec: ValidatingAdmissionPolicySpec, name: str, variables: tuple[str, ...]
) -> Iterator[FieldError]:
    annotations, path = spec.audit_annotations, "spec.auditAnnotations"
    if len(annotations) > 20:
        yield invalid(path, [one.key for one in annotations], "must not have more than 20 auditAnnotations")
    seen: list[str] = []
    for i, one in enumerate(annotations):
        yield from _validate_annotation(one, f"{path}[{i}]", name, variables)
        if one.key in seen:
            yield duplicate(f"{path}[{i}].key", one.key)
        seen.append(one.key)


def _validate_annotation(
    one: AuditAnnotation, path: str, name: str, variables: tuple[str, ...]
) -> Iterator[FieldError]:
    key = f"{name}/{one.key}" if name else one.key
    yield from validate_text(key, f"{path}.key", names.qualified_name)
    if not one.value_expression.strip():
        yield required(f"{path}.valueExpression", "valueExpression is not specified")
    else:
        yield from validate_expression(one.value_expression, f"{path}.valueExpression", variables, "")


def _validate_mutation(one: Mutation, path: str) -> Iterator[FieldError]:
    """The expressions of mutations use types that are unknown here, so they are only required to exist."""
    kinds = {APPLY_CONFIGURATION: one.apply_configuration, JSON_PATCH: one.json_patch}
    if not one.patch_type:
        yield required(f"{path}.patchType")
    elif one.patch_type not in kinds:
        yield not_supported(f"{path}.patchType", one.patch_type, (APPLY_CONFIGURATION, JSON_PATCH))
    else:
        field = one.patch_type[0].lower() + one.patch_type[1:] if one.patch_type != JSON_PATCH else "jsonPatch"
        given = kinds[one.patch_type]
        if given is None or not given.expression.strip():
            yield required(f"{path}.{field}.expression", "expression is not specified")
