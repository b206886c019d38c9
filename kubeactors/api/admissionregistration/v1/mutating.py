"""MutatingAdmissionPolicy and its binding.

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
    Object,
    TypedObject,
    always,
    merge_by,
)


class ApplyConfiguration(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """An expression that makes an apply configuration."""

    expression: str = ""


class JSONPatch(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """An expression that makes a JSON patch."""

    expression: str = ""


class Mutation(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A mutation, by an apply configuration or a JSON patch."""

    patch_type: str = always("")
    apply_configuration: ApplyConfiguration | None = None
    json_patch: JSONPatch | None = None


class MutatingAdmissionPolicySpec(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The requests that the policy matches, and its mutations."""

    param_kind: ParamKind | None = None
    match_constraints: MatchResources | None = None
    variables: tuple[Variable, ...] = ()
    mutations: tuple[Mutation, ...] = ()
    failure_policy: str | None = None
    match_conditions: Annotated[tuple[MatchCondition, ...], merge_by("name")] = ()
    reinvocation_policy: str = ""


class MutatingAdmissionPolicy(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Mutations of objects in CEL. A binding puts them in force."""

    api_version: str = "admissionregistration.k8s.io/v1"
    kind: str = "MutatingAdmissionPolicy"
    spec: MutatingAdmissionPolicySpec = always(MutatingAdmissionPolicySpec())


class MutatingAdmissionPolicyBindingSpec(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The policy, its parameters, and where it applies."""

    policy_name: str = ""
    param_ref: ParamRef | None = None
    match_resources: MatchResources | None = None


class MutatingAdmissionPolicyBinding(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Puts a mutating policy in force."""

    api_version: str = "admissionregistration.k8s.io/v1"
    kind: str = "MutatingAdmissionPolicyBinding"
    spec: MutatingAdmissionPolicyBindingSpec = always(MutatingAdmissionPolicyBindingSpec())
