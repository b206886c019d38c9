"""The objects by which users say what may be written: policies of admission with their bindings, and webhooks.

Each carries what it means as an annotation, in words that need no CEL: what comes of it is judged by these.
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
from kubeactors.sim.users.belongings import NUMBER, TENANT
from kubeactors.sim.users.manifests import NAMESPACE
from kubeactors.sim.workload import Answer, SetRule, Sort

Policy: TypeAlias = ValidatingAdmissionPolicy | MutatingAdmissionPolicy
Binding: TypeAlias = ValidatingAdmissionPolicyBinding | MutatingAdmissionPolicyBinding
Hooks: TypeAlias = ValidatingWebhookConfiguration | MutatingWebhookConfiguration

RULE = "example.org/rule"
"""The annotation."""
WHICH = "which"
"""What the number of the object that is meant is called in the config map that parametrizes a rule."""
PLURALS: dict[Sort, str] = {
    "pod": "pods",
    "config-map": "configmaps",
    "secret": "secrets",
    "service": "services",
}
"""The resources that rules are about; all are of the core group."""
NAME_LABEL = "kubernetes.io/metadata.name"
NOBODY = "https://nobody.example.org/review"
PROGRAMS = "https://programs.example.org/"
"""Where programs are that webhooks ask; what follows says what each does, see `program_at`."""
TIMEOUT_SECONDS = 2
"""How long is waited for them."""
OF_OBJECT = "(object == null ? oldObject : object)"
FAILS = f"{OF_OBJECT}.nothing.like.this"


def rule_name(rule: SetRule) -> str:
    """What the objects of a rule are called, and what its refusals mention.

    >>> rule_name(SetRule(at=0, form="validating", number=1, seconds=9, sort="pod", operations=("*",)))
    'rule-1-validating.example.org'
    """
    return f"rule-{rule.number}-{rule.form}.example.org"


def mark_of(rule: SetRule) -> str:
    """The entry that a rule adds to config maps."""
    return f"marked-{rule.number}"


def parameters(rule: SetRule) -> ConfigMap:
    """Says which object the rule means."""
    return ConfigMap(metadata=ObjectMeta(name=rule_name(rule), namespace=TENANT), data={WHICH: str(rule.which)})


def policy_of(rule: SetRule) -> Policy:
    """The policy that a rule is, in force where a binding says so."""
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


def binding_of(rule: SetRule) -> Binding:
    """What puts the policy into force."""
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
    """What a program does that webhooks ask."""

    answer: Answer
    takes_seconds: float
    mark: str
    """The entry that it adds to configuration maps, if it does."""


def program_at(url: str) -> Program:
    """The program at an address; what is asked may say how long one waits.

    >>> program_at(f"{PROGRAMS}mark/0.5/marked-1?timeout=2s")
    Program(answer='mark', takes_seconds=0.5, mark='marked-1')
    """
    answer, seconds, mark = url.partition("?")[0].removeprefix(PROGRAMS).split("/")
    return Program(cast("Answer", answer), float(seconds), mark)


def _client_config(rule: SetRule) -> WebhookClientConfig:
    """The way to a program, or to nobody: at a URL, or behind a service that is not there."""
    if rule.answer != "nobody":
        return WebhookClientConfig(url=f"{PROGRAMS}{rule.answer}/{rule.takes_seconds}/{mark_of(rule)}")
    service = ServiceReference(namespace=TENANT, name="nobody")
    return WebhookClientConfig(url=NOBODY) if rule.in_binding else WebhookClientConfig(service=service)


def hooks_of(rule: SetRule) -> Hooks:
    """The webhook that a rule is."""
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


def said_by(value: Policy | Hooks) -> SetRule:
    """What a policy or webhook means."""
    return msgspec.json.decode(value.metadata.annotations[RULE], type=SetRule)


def _metadata(rule: SetRule) -> ObjectMeta:
    return ObjectMeta(name=rule_name(rule), annotations={RULE: msgspec.json.encode(rule).decode()})


def _place(rule: SetRule) -> LabelSelector:
    name = NAMESPACE if rule.place == "default" else TENANT
    operator = "NotIn" if rule.place == "elsewhere" else "In"
    return LabelSelector(
        match_expressions=(LabelSelectorRequirement(key=NAME_LABEL, operator=operator, values=(name,)),)
    )


def _labelled(rule: SetRule) -> LabelSelector | None:
    return LabelSelector(match_labels={NUMBER: str(rule.which)}) if rule.by == "label" else None


def _named_rule(rule: SetRule) -> NamedRuleWithOperations:
    return NamedRuleWithOperations(
        operations=rule.operations,
        api_groups=("",),
        api_versions=("v1",),
        resources=(PLURALS[rule.sort],),
        resource_names=(f"{rule.sort}-{rule.which}",) if rule.by == "name" else (),
    )


def _excluded(rule: SetRule) -> NamedRuleWithOperations:
    return NamedRuleWithOperations(
        operations=("*",),
        api_groups=("*",),
        api_versions=("*",),
        resources=("*",),
        resource_names=(f"{rule.sort}-{rule.which}",),
    )


def _conditions(rule: SetRule) -> tuple[MatchCondition, ...]:
    name = f"{OF_OBJECT}.metadata.name"
    if rule.by == "condition":
        return (MatchCondition(name="named", expression=f"{name} == '{rule.sort}-{rule.which}'"),)
    if rule.by == "parameter":
        return (MatchCondition(name="named", expression=f"{name} == '{rule.sort}-' + params.data.{WHICH}"),)
    return ()


def _mutation(rule: SetRule) -> Mutation:
    value = FAILS if rule.errs else "'yes'"
    if rule.number % 2:
        expression = f'Object{{data: {{"{mark_of(rule)}": {value}}}}}'
        return Mutation(patch_type="ApplyConfiguration", apply_configuration=ApplyConfiguration(expression=expression))
    path = f"/data/{mark_of(rule)}"
    expression = f'[JSONPatch{{op: "add", path: "{path}", value: {value}}}]'
    return Mutation(patch_type="JSONPatch", json_patch=JSONPatch(expression=expression))
