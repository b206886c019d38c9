"""ValidatingAdmissionPolicy and its binding.

Source: api/admissionregistration/v1/types.go (v1.36).
"""

from typing import Annotated

from kubeactors.api.admissionregistration.v1.matching import (
    MatchCondition,
    MatchResources,
    ParamKind,
    ParamRef,
    Variable,
)
from kubeactors.apimachinery.meta import (
    LIST_SET,
    Condition,
    Object,
    TypedObject,
    always,
    list_map,
    merge_by,
)


class Validation(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A CEL expression that must hold, and the message if it does not."""

    expression: str = always("")
    message: str = ""
    reason: str | None = None
    message_expression: str = ""


class AuditAnnotation(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """An annotation that a policy adds to the audit log."""

    key: str = always("")
    value_expression: str = always("")


class ValidatingAdmissionPolicySpec(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The requests that the policy matches, and its validations."""

    param_kind: ParamKind | None = None
    match_constraints: MatchResources | None = None
    validations: tuple[Validation, ...] = ()
    failure_policy: str | None = None
    audit_annotations: tuple[AuditAnnotation, ...] = ()
    match_conditions: Annotated[tuple[MatchCondition, ...], merge_by("name")] = ()
    variables: Annotated[tuple[Variable, ...], merge_by("name")] = ()


class ExpressionWarning(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A type error of an expression."""

    field_ref: str = always("")
    warning: str = always("")


class TypeChecking(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The type errors of a policy's expressions."""

    expression_warnings: tuple[ExpressionWarning, ...] = ()


class ValidatingAdmissionPolicyStatus(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The results of checking the policy's expressions."""

    observed_generation: int = 0
    type_checking: TypeChecking | None = None
    conditions: Annotated[tuple[Condition, ...], list_map("type")] = ()


class ValidatingAdmissionPolicy(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Validations of requests in CEL. A binding puts them in force."""

    api_version: str = "admissionregistration.k8s.io/v1"
    kind: str = "ValidatingAdmissionPolicy"
    spec: ValidatingAdmissionPolicySpec = always(ValidatingAdmissionPolicySpec())
    status: ValidatingAdmissionPolicyStatus = always(ValidatingAdmissionPolicyStatus())


class ValidatingAdmissionPolicyBindingSpec(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The policy, its parameters, where it applies, and the actions on a violation."""

    policy_name: str = ""
    param_ref: ParamRef | None = None
    match_resources: MatchResources | None = None
    validation_actions: Annotated[tuple[str, ...], LIST_SET] = ()


class ValidatingAdmissionPolicyBinding(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Puts a validating policy in force."""

    api_version: str = "admissionregistration.k8s.io/v1"
    kind: str = "ValidatingAdmissionPolicyBinding"
    spec: ValidatingAdmissionPolicyBindingSpec = always(ValidatingAdmissionPolicyBindingSpec())
