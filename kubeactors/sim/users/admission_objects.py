"""The objects of rules: admission policies with their bindings, and webhooks.

Each carries its rule as an annotation, so that invariants can judge its effects without evaluating CEL.
"""

from typing import TypeAlias, cast

import msgspec

from kubeactors.api.admissionregistration.v1.matching import (
    MatchCondition,
    MatchResources,
    NamedRuleWithOperations,
    ParamKind,
    ParamRef,
    RuleWithOperations,
    ServiceReference,
    WebhookClientConfig,
)
from kubeactors.api.admissionregistration.v1.mutating import (
    ApplyConfiguration,
    JSONPatch,
    MutatingAdmissionPolicy,
    MutatingAdmissionPolicyBinding,
    MutatingAdmissionPolicyBindingSpec,
    MutatingAdmissionPolicySpec,
    Mutation,
)
from kubeactors.api.admissionregistration.v1.validating import (
    ValidatingAdmissionPolicy,
    ValidatingAdmissionPolicyBinding,
    ValidatingAdmissionPolicyBindingSpec,
    ValidatingAdmissionPolicySpec,
    Validation,
)
from kubeactors.api.admissionregistration.v1.webhooks import (
    MutatingWebhook,
    MutatingWebhookConfiguration,
    ValidatingWebhook,
    ValidatingWebhookConfiguration,
)
from kubeactors.api.core.v1 import ConfigMap
from kubeactors.apimachinery.meta import LabelSelector, LabelSelectorRequirement, ObjectMeta
from kubeactors.sim.users.auxiliary import NUMBER, TENANT
from kubeactors.sim.users.manifests import NAMESPACE
from kubeactors.sim.workload import Answer, SetAdmissionRule, Sort

Policy: TypeAlias = ValidatingAdmissionPolicy | MutatingAdmissionPolicy
Binding: TypeAlias = ValidatingAdmissionPolicyBinding | MutatingAdmissionPolicyBinding
Hooks: TypeAlias = ValidatingWebhookConfiguration | MutatingWebhookConfiguration

RULE = "example.org/rule"
"""The annotation with the rule."""
WHICH = "which"
"""The key of the selected object's number in the parameter ConfigMap of a rule."""
PLURALS: dict[Sort, str] = {
    "pod": "pods",
    "config-map": "configmaps",
    "secret": "secrets",
    "service": "services",
}
"""The resources that rules apply to; all are in the core group."""
NAME_LABEL = "kubernetes.io/metadata.name"
NOBODY = "https://nobody.example.org/review"
PROGRAMS = "https://programs.example.org/"
"""The base URL of the servers behind webhooks; the rest of the URL says how each behaves, see `program_at`."""
TIMEOUT_SECONDS = 2
"""The timeout of webhooks."""
OF_OBJECT = "(object == null ? oldObject : object)"
FAILS = f"{OF_OBJECT}.nothing.like.this"


def rule_name(rule: SetAdmissionRule) -> str:
    """The name of the objects of a rule, which its rejections mention.

    >>> rule_name(SetAdmissionRule(at=0, form="validating", number=1, seconds=9, sort="pod", operations=("*",)))
    'rule-1-validating.example.org'
    """
    return f"rule-{rule.number}-{rule.form}.example.org"


def mark_of(rule: SetAdmissionRule) -> str:
    """The entry that a rule adds to ConfigMaps."""
    return f"marked-{rule.number}"


def parameters(rule: SetAdmissionRule) -> ConfigMap:
    """The parameter ConfigMap of a rule, with the number of the selected object."""
    return ConfigMap(metadata=ObjectMeta(name=rule_name(rule), namespace=TENANT), data={WHICH: str(rule.which)})


def policy_of(rule: SetAdmissionRule) -> Policy:
    """The policy of a rule, which takes effect where it is bound."""
    constraints = MatchResources(
        resource_rules=(_named_rule(rule),),
        exclude_resource_rules=(_excluded(rule),) if rule.by == "exclusion" else (),
        namespace_selector=None if rule.in_binding else _place(rule),
        object_selector=_labelled(rule),
    )
    kind = ParamKind(api_version="v1", kind="ConfigMap") if rule.by == "parameter" else None
    failure = "Ignore" if rule.soft else "Fail"
    if rule.form == "validating":
        expression = f"{FAILS} == 1" if rule.errs else "false"
        validation = Validation(expression=expression, message="it may not be", reason="Forbidden")
        return ValidatingAdmissionPolicy(
            metadata=_metadata(rule),
            spec=ValidatingAdmissionPolicySpec(
                param_kind=kind,
                match_constraints=constraints,
                validations=(validation,),
                failure_policy=failure,
                match_conditions=_conditions(rule),
            ),
        )
    return MutatingAdmissionPolicy(
        metadata=_metadata(rule),
        spec=MutatingAdmissionPolicySpec(
            param_kind=kind,
            match_constraints=constraints,
            mutations=(_mutation(rule),),
            failure_policy=failure,
            match_conditions=_conditions(rule),
            reinvocation_policy="IfNeeded" if rule.in_binding else "Never",
        ),
    )


def binding_of(rule: SetAdmissionRule) -> Binding:
    """The binding of the policy."""
    metadata, name = ObjectMeta(name=rule_name(rule)), rule_name(rule)
    narrowed = MatchResources(namespace_selector=_place(rule)) if rule.in_binding else None
    reference = ParamRef(name=name, namespace=TENANT, parameter_not_found_action="Allow")
    parameter = reference if rule.by == "parameter" else None
    if rule.form == "validating":
        actions = ("Warn",) if rule.soft else ("Deny",)
        return ValidatingAdmissionPolicyBinding(
            metadata=metadata,
            spec=ValidatingAdmissionPolicyBindingSpec(
                policy_name=name, param_ref=parameter, match_resources=narrowed, validation_actions=actions
            ),
        )
    return MutatingAdmissionPolicyBinding(
        metadata=metadata,
        spec=MutatingAdmissionPolicyBindingSpec(policy_name=name, param_ref=parameter, match_resources=narrowed),
    )


class Program(msgspec.Struct, frozen=True):
    """The behaviour of a webhook's server."""

    answer: Answer
    takes_seconds: float
    mark: str
    """The entry that it adds to ConfigMaps, if it does."""


def program_at(url: str) -> Program:
    """The program at a URL; its query, such as a timeout, is ignored.

    >>> program_at(f"{PROGRAMS}mark/0.5/marked-1?timeout=2s")
    Program(answer='mark', takes_seconds=0.5, mark='marked-1')
    """
    answer, seconds, mark = url.partition("?")[0].removeprefix(PROGRAMS).split("/")
    return Program(cast("Answer", answer), float(seconds), mark)


def _client_config(rule: SetAdmissionRule) -> WebhookClientConfig:
    """The address of the server: of a program, or unreachable at a URL or behind a missing Service."""
    if rule.answer != "nobody":
        return WebhookClientConfig(url=f"{PROGRAMS}{rule.answer}/{rule.takes_seconds}/{mark_of(rule)}")
    service = ServiceReference(namespace=TENANT, name="nobody")
    return WebhookClientConfig(url=NOBODY) if rule.in_binding else WebhookClientConfig(service=service)


def hooks_of(rule: SetAdmissionRule) -> Hooks:
    """The webhook configuration of a rule."""
    name, config = rule_name(rule), _client_config(rule)
    rules = (
        RuleWithOperations(
            operations=rule.operations, api_groups=("",), api_versions=("v1",), resources=(PLURALS[rule.sort],)
        ),
    )
    failure, place, labelled, conditions = (
        "Ignore" if rule.soft else "Fail",
        _place(rule),
        _labelled(rule),
        _conditions(rule),
    )
    if rule.form == "validating-webhook":
        return ValidatingWebhookConfiguration(
            metadata=_metadata(rule),
            webhooks=(
                ValidatingWebhook(
                    name=name,
                    client_config=config,
                    rules=rules,
                    failure_policy=failure,
                    namespace_selector=place,
                    object_selector=labelled,
                    side_effects="None",
                    admission_review_versions=("v1",),
                    match_conditions=conditions,
                    timeout_seconds=TIMEOUT_SECONDS,
                ),
            ),
        )
    return MutatingWebhookConfiguration(
        metadata=_metadata(rule),
        webhooks=(
            MutatingWebhook(
                name=name,
                client_config=config,
                rules=rules,
                failure_policy=failure,
                namespace_selector=place,
                object_selector=labelled,
                side_effects="None",
                admission_review_versions=("v1",),
                match_conditions=conditions,
                timeout_seconds=TIMEOUT_SECONDS,
                reinvocation_policy="IfNeeded" if rule.in_binding else "Never",
            ),
        ),
    )


def rule_in(value: Policy | Hooks) -> SetAdmissionRule:
    """The rule of a policy or webhook configuration."""
    return msgspec.json.decode(value.metadata.annotations[RULE], type=SetAdmissionRule)


def _metadata(rule: SetAdmissionRule) -> ObjectMeta:
    return ObjectMeta(name=rule_name(rule), annotations={RULE: msgspec.json.encode(rule).decode()})


def _place(rule: SetAdmissionRule) -> LabelSelector:
    name = NAMESPACE if rule.place == "default" else TENANT
    operator = "NotIn" if rule.place == "elsewhere" else "In"
    return LabelSelector(
        match_expressions=(LabelSelectorRequirement(key=NAME_LABEL, operator=operator, values=(name,)),)
    )


def _labelled(rule: SetAdmissionRule) -> LabelSelector | None:
    return LabelSelector(match_labels={NUMBER: str(rule.which)}) if rule.by == "label" else None


def _named_rule(rule: SetAdmissionRule) -> NamedRuleWithOperations:
    return NamedRuleWithOperations(
        operations=rule.operations,
        api_groups=("",),
        api_versions=("v1",),
        resources=(PLURALS[rule.sort],),
        resource_names=(f"{rule.sort}-{rule.which}",) if rule.by == "name" else (),
    )


def _excluded(rule: SetAdmissionRule) -> NamedRuleWithOperations:
    return NamedRuleWithOperations(
        operations=("*",),
        api_groups=("*",),
        api_versions=("*",),
        resources=("*",),
        resource_names=(f"{rule.sort}-{rule.which}",),
    )


def _conditions(rule: SetAdmissionRule) -> tuple[MatchCondition, ...]:
    name = f"{OF_OBJECT}.metadata.name"
    if rule.by == "condition":
        return (MatchCondition(name="named", expression=f"{name} == '{rule.sort}-{rule.which}'"),)
    if rule.by == "parameter":
        return (MatchCondition(name="named", expression=f"{name} == '{rule.sort}-' + params.data.{WHICH}"),)
    return ()


def _mutation(rule: SetAdmissionRule) -> Mutation:
    value = FAILS if rule.errs else "'yes'"
    if rule.number % 2:
        expression = f'Object{{data: {{"{mark_of(rule)}": {value}}}}}'
        return Mutation(patch_type="ApplyConfiguration", apply_configuration=ApplyConfiguration(expression=expression))
    path = f"/data/{mark_of(rule)}"
    expression = f'[JSONPatch{{op: "add", path: "{path}", value: {value}}}]'
    return Mutation(patch_type="JSONPatch", json_patch=JSONPatch(expression=expression))
