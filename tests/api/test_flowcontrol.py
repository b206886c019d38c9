"""Flow schemas and priority levels."""

import pytest
from msgspec.structs import replace

from kubeactors.api import SCHEME
from kubeactors.api.flowcontrol.v1.flowschema import (
    FlowSchema,
    FlowSchemaSpec,
    NonResourcePolicyRule,
    PolicyRulesWithSubjects,
    PriorityLevelConfigurationReference,
    ResourcePolicyRule,
    ServiceAccountSubject,
    Subject,
)
from kubeactors.api.flowcontrol.v1.prioritylevel import (
    LimitedPriorityLevelConfiguration,
    LimitResponse,
    PriorityLevelConfiguration,
    PriorityLevelConfigurationSpec,
    QueuingConfiguration,
)
from kubeactors.api.flowcontrol.v1.suggested import FLOW_SCHEMAS, PRIORITY_LEVELS
from kubeactors.apimachinery.meta import ObjectMeta, TypedObject


def errors(it: TypedObject) -> list[str]:
    return [str(error) for error in SCHEME.by_type(type(it)).validate(it)]


@pytest.mark.parametrize("one", [*FLOW_SCHEMAS, *PRIORITY_LEVELS], ids=lambda one: str(one.metadata.name))
def test_what_every_cluster_has_is_valid_and_complete(one: FlowSchema | PriorityLevelConfiguration) -> None:
    assert errors(one) == []
    if isinstance(one, FlowSchema):
        assert SCHEME.by_type(FlowSchema).default(one) == one
        level = one.spec.priority_level_configuration.name
        assert level in [known.metadata.name for known in PRIORITY_LEVELS]
    else:
        assert SCHEME.by_type(PriorityLevelConfiguration).default(one) == one


def schema(subject: Subject, resource: ResourcePolicyRule | None, path: NonResourcePolicyRule | None) -> FlowSchema:
    rule = PolicyRulesWithSubjects(
        subjects=(subject,),
        resource_rules=() if resource is None else (resource,),
        non_resource_rules=() if path is None else (path,),
    )
    level = PriorityLevelConfigurationReference(name="system")
    spec = FlowSchemaSpec(priority_level_configuration=level, matching_precedence=7, rules=(rule,))
    return FlowSchema(metadata=ObjectMeta(name="a"), spec=spec)


ACCOUNT = Subject(kind="ServiceAccount", service_account=ServiceAccountSubject(namespace="n", name="*"))
READ = ResourcePolicyRule(verbs=("get",), api_groups=("",), resources=("pods",), namespaces=("*",))


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (schema(ACCOUNT, READ, None), []),
        (
            schema(Subject(kind="Robot"), READ, None),
            [
                (
                    'spec.rules[0].subjects[0].kind: Unsupported value: "Robot": supported values: "Group", '
                    '"ServiceAccount", "User"'
                )
            ],
        ),
        (
            schema(replace(ACCOUNT, kind="Group"), READ, None),
            [
                "spec.rules[0].subjects[0].group: Required value: group is required when subject kind is 'Group'",
                (
                    "spec.rules[0].subjects[0].serviceAccount: Forbidden: serviceAccount is forbidden when subject kind is "
                    "not 'ServiceAccount'"
                ),
            ],
        ),
        (
            schema(ACCOUNT, replace(READ, verbs=("get", "*"), namespaces=()), None),
            [
                (
                    'spec.rules[0].resourceRules[0].verbs: Invalid value: ["get","*"]: if \'*\' is present, must not '
                    "specify other verbs"
                ),
                (
                    "spec.rules[0].resourceRules[0].namespaces: Required value: resource rules that are not cluster scoped "
                    "must supply at least one namespace"
                ),
            ],
        ),
        (
            schema(ACCOUNT, None, NonResourcePolicyRule(verbs=("get",), non_resource_urls=("/a*b", "x", "/ok/*"))),
            [
                (
                    'spec.rules[0].nonResourceRules[0].nonResourceURLs[0]: Invalid value: "/a*b": wildcard can only do '
                    "suffix matching"
                ),
                'spec.rules[0].nonResourceRules[0].nonResourceURLs[1]: Invalid value: "x": must start with slash',
            ],
        ),
    ],
)
def test_a_schema_says_who_and_what(one: FlowSchema, expected: list[str]) -> None:
    assert errors(one) == expected


def level(queuing: QueuingConfiguration | None, response: str = "Queue") -> PriorityLevelConfiguration:
    limited = LimitedPriorityLevelConfiguration(limit_response=LimitResponse(type=response, queuing=queuing))
    spec = PriorityLevelConfigurationSpec(type="Limited", limited=limited)
    return PriorityLevelConfiguration(metadata=ObjectMeta(name="a"), spec=spec)


def test_a_level_gets_thirty_shares_and_64_queues() -> None:
    found = SCHEME.by_type(PriorityLevelConfiguration).default(level(QueuingConfiguration()))
    limited = found.spec.limited
    assert limited is not None
    assert (limited.nominal_concurrency_shares, limited.lendable_percent) == (30, 0)
    assert limited.limit_response.queuing == QueuingConfiguration(queues=64, hand_size=8, queue_length_limit=50)
    assert errors(found) == []


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (
            level(None),
            [
                "spec.limited.limitResponse.queuing: Required value: must not be empty if limited.limitResponse.type is Limited"
            ],
        ),
        (
            level(QueuingConfiguration(queues=4, hand_size=5, queue_length_limit=1)),
            ["spec.limited.limitResponse.queuing.handSize: Invalid value: 5: should not be greater than queues (4)"],
        ),
        (
            level(QueuingConfiguration(queues=512, hand_size=10, queue_length_limit=1)),
            [
                (
                    "spec.limited.limitResponse.queuing.handSize: Invalid value: 10: required entropy bits of deckSize 512 "
                    "and handSize 10 should not be greater than 60"
                )
            ],
        ),
        (
            replace(level(None, "Reject"), metadata=ObjectMeta(name="exempt")),
            ["spec.type: Invalid value: \"Limited\": type must be 'Exempt' if and only if name is 'exempt'"],
        ),
    ],
)
def test_a_level_says_how_requests_wait(one: PriorityLevelConfiguration, expected: list[str]) -> None:
    assert errors(one) == expected
