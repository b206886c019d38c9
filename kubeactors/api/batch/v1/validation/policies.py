"""Validation of a job's pod failure policy and success policy.

Source: pkg/apis/batch/validation/validation.go (v1.36).
"""

from collections.abc import Iterator

from kubeactors.api.batch.v1 import indexes
from kubeactors.api.batch.v1.job import (
    COUNT,
    FAIL_INDEX,
    FAIL_JOB,
    IGNORE,
    JobSpec,
    PodFailurePolicyOnExitCodesRequirement,
    PodFailurePolicyOnPodConditionsPattern,
    PodFailurePolicyRule,
    SuccessPolicyRule,
)
from kubeactors.api.validation import validate_count, validate_text
from kubeactors.apimachinery import names
from kubeactors.apimachinery.field import (
    INVALID,
    FieldError,
    duplicate,
    invalid,
    not_supported,
    quoted,
    required,
    too_long,
    too_many,
)

MAX_RULES = MAX_PATTERNS = 20
MAX_EXIT_CODES = 255
MAX_INDEXES_LENGTH = 64 * 1024

ACTIONS = (COUNT, FAIL_INDEX, FAIL_JOB, IGNORE)
OPERATORS = ("In", "NotIn")
STATUSES = ("False", "True", "Unknown")


def senseless(path: str, detail: str) -> FieldError:
    """The parts of the field are inconsistent, without a single wrong value.

    >>> str(senseless("status.conditions", "cannot be"))
    'status.conditions: Invalid value: cannot be'
    """
    return FieldError(path, INVALID, f"Invalid value: {detail}")


def validate_pod_failure_policy(spec: JobSpec, path: str) -> Iterator[FieldError]:
    """Each rule has an action, and either exit codes or conditions."""
    assert spec.pod_failure_policy is not None  # checked by the caller
    rules = spec.pod_failure_policy.rules or ()
    if len(rules) > MAX_RULES:
        yield too_many(f"{path}.rules", len(rules), MAX_RULES)
    pod = spec.template.spec
    containers = dict.fromkeys(one.name for one in (*pod.containers, *pod.init_containers))
    for i, rule in enumerate(rules):
        at = f"{path}.rules[{i}]"
        yield from _validate_action(spec, rule.action, f"{at}.action")
        yield from _validate_rule(rule, containers, at)


def validate_success_policy(spec: JobSpec, path: str) -> Iterator[FieldError]:
    """Each rule can be met."""
    assert spec.success_policy is not None  # checked by the caller
    rules = spec.success_policy.rules or ()
    if not rules:
        yield required(f"{path}.rules", "at least one rules must be specified when the successPolicy is specified")
    if len(rules) > MAX_RULES:
        yield too_many(f"{path}.rules", len(rules), MAX_RULES)
    for i, rule in enumerate(rules):
        yield from _validate_success_rule(rule, spec.completions or 0, f"{path}.rules[{i}]")


def _validate_action(spec: JobSpec, action: str, path: str) -> Iterator[FieldError]:
    if not action:
        yield required(path, _valid(ACTIONS))
    elif action == FAIL_INDEX:
        if spec.backoff_limit_per_index is None:
            yield invalid(path, action, "requires the backoffLimitPerIndex to be set")
    elif action not in ACTIONS:
        yield not_supported(path, action, ACTIONS)


def _validate_rule(rule: PodFailurePolicyRule, containers: dict[str, None], path: str) -> Iterator[FieldError]:
    codes, conditions = rule.on_exit_codes, rule.on_pod_conditions
    if codes is not None:
        yield from _validate_exit_codes(codes, containers, f"{path}.onExitCodes")
    if len(conditions) > MAX_PATTERNS:
        yield too_many(f"{path}.onPodConditions", len(conditions), MAX_PATTERNS)
    for i, pattern in enumerate(conditions):
        yield from _validate_pattern(pattern, f"{path}.onPodConditions[{i}]")
    if codes is not None and conditions:
        yield senseless(path, "specifying both OnExitCodes and OnPodConditions is not supported")
    if codes is None and not conditions:
        yield senseless(path, "specifying one of OnExitCodes and OnPodConditions is required")


def _validate_exit_codes(
    codes: PodFailurePolicyOnExitCodesRequirement, containers: dict[str, None], path: str
) -> Iterator[FieldError]:
    if not codes.operator:
        yield required(f"{path}.operator", _valid(OPERATORS))
    elif codes.operator not in OPERATORS:
        yield not_supported(f"{path}.operator", codes.operator, OPERATORS)
    if codes.container_name is not None and codes.container_name not in containers:
        why = "must be one of the container or initContainer names in the pod template"
        yield invalid(f"{path}.containerName", codes.container_name, why)
    values = codes.values or ()
    if not values:
        yield invalid(f"{path}.values", codes.values, "at least one value is required")
    elif len(values) > MAX_EXIT_CODES:
        yield too_many(f"{path}.values", len(values), MAX_EXIT_CODES)
    for i, value in enumerate(values):
        if codes.operator == "In" and value == 0:
            yield invalid(f"{path}.values[{i}]", value, "must not be 0 for the In operator")
        if value in values[:i]:
            yield duplicate(f"{path}.values[{i}]", value)
    if list(values) != sorted(values):
        yield invalid(f"{path}.values", values, "must be ordered")


def _validate_pattern(pattern: PodFailurePolicyOnPodConditionsPattern, path: str) -> Iterator[FieldError]:
    yield from validate_text(pattern.type, f"{path}.type", names.qualified_name)
    if not pattern.status:
        yield required(f"{path}.status", _valid(STATUSES))
    elif pattern.status not in STATUSES:
        yield not_supported(f"{path}.status", pattern.status, STATUSES)


def _validate_success_rule(rule: SuccessPolicyRule, completions: int, path: str) -> Iterator[FieldError]:
    text, count, total = rule.succeeded_indexes, rule.succeeded_count, 0
    if text is None and count is None:
        yield required(path, "at least one of succeededCount or succeededIndexes must be specified")
    if text is not None:
        if len(text) > MAX_INDEXES_LENGTH:
            yield too_long(f"{path}.succeededIndexes", MAX_INDEXES_LENGTH)
        try:
            total = indexes.check(text, completions)
        except indexes.IndexesError as error:
            yield invalid(f"{path}.succeededIndexes", text, f"error parsing succeededIndexes: {error}")
    if count is not None:
        yield from validate_count(count, f"{path}.succeededCount")
        limit = "must be less than or equal to"
        if count > completions:
            why = f"{limit} {completions} (the number of specified completions)"
            yield invalid(f"{path}.succeededCount", count, why)
        if text is not None and count > total:
            why = f"{limit} {total} (the number of indexes in the specified succeededIndexes field)"
            yield invalid(f"{path}.succeededCount", count, why)


def _valid(values: tuple[str, ...]) -> str:
    return f"valid values: [{' '.join(map(quoted, values))}]"
