"""Audit policies in files. The messages are those of kube-apiserver."""

import re

import pytest

from kubeactors.apimachinery.serializer import Decoded
from kubeactors.apiserver.audit.policy import GroupResources, Policy, PolicyRule
from kubeactors.apiserver.audit.policy_file import PolicyError, read_policy

TYPE = b"apiVersion: audit.k8s.io/v1\nkind: Policy\n"

# The policy of "Auditing" in the documentation of Kubernetes, shortened.
DOCUMENTED = b"""
apiVersion: audit.k8s.io/v1 # This is required.
kind: Policy
omitStages:
  - "RequestReceived"
omitManagedFields: true
rules:
  - level: RequestResponse
    resources:
    - group: ""
      resources: ["pods"]
    omitManagedFields: false
  - level: None
    resources:
    - group: ""
      resources: ["configmaps"]
      resourceNames: ["controller-leader"]
  - level: None
    users: ["system:kube-proxy"]
    verbs: ["watch"]
    resources:
    - group: "" # core API group
      resources: ["endpoints", "services"]
  - level: None
    userGroups: ["system:authenticated"]
    nonResourceURLs:
    - "/api*" # Wildcard matching.
    - "/version"
  - level: Request
    resources:
    - group: "" # core API group
    namespaces: ["kube-system"]
    omitStages: ["ResponseStarted"]
  - level: Metadata
"""


def test_a_policy_is_read_with_all_its_fields() -> None:
    assert read_policy(DOCUMENTED) == Decoded(
        Policy(
            rules=(
                PolicyRule(
                    level="RequestResponse", resources=(GroupResources(resources=("pods",)),), omit_managed_fields=False
                ),
                PolicyRule(
                    level="None",
                    resources=(GroupResources(resources=("configmaps",), resource_names=("controller-leader",)),),
                ),
                PolicyRule(
                    level="None",
                    users=("system:kube-proxy",),
                    verbs=("watch",),
                    resources=(GroupResources(resources=("endpoints", "services")),),
                ),
                PolicyRule(
                    level="None",
                    user_groups=("system:authenticated",),
                    non_resource_urls=("/api*", "/version"),
                ),
                PolicyRule(
                    level="Request",
                    resources=(GroupResources(),),
                    namespaces=("kube-system",),
                    omit_stages=("ResponseStarted",),
                ),
                PolicyRule(level="Metadata"),
            ),
            omit_stages=("RequestReceived",),
            omit_managed_fields=True,
        )
    )


def test_unknown_fields_are_ignored_and_named() -> None:
    found = read_policy(TYPE + b"rules: [{level: None, resources: [{group: a, verbs: [get]}]}]")
    assert found == Decoded(
        Policy(rules=(PolicyRule(level="None", resources=(GroupResources(group="a"),)),)),
        ('unknown field "rules[0].resources[0].verbs"',),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"{", "failed decoding: error converting YAML to JSON: yaml: line 2: did not find expected node content"),
        (b"rules: [{level: Metadata}]", "unknown group version field audit.k8s.io/__internal, Kind=Policy in policy"),
        (
            b"apiVersion: audit.k8s.io/v1beta1\nkind: Policy\nrules: [{level: Metadata}]",
            'failed decoding: no kind "Policy" is registered for version "audit.k8s.io/v1beta1" in scheme ".*"',
        ),
        (TYPE, "loaded illegal policy with 0 rules"),
        (TYPE + b"rules: 7", "failed decoding: .*rules.*"),
    ],
)
def test_a_document_that_is_no_policy_is_rejected(text: bytes, message: str) -> None:
    with pytest.raises(PolicyError) as raised:
        read_policy(text)
    assert re.fullmatch(message, str(raised.value))


def message_of(rules: str, more: str = "") -> str:
    with pytest.raises(PolicyError) as raised:
        read_policy(TYPE + f"rules: [{rules}]\n{more}".encode())
    return str(raised.value)


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ("{}", "rules[0].level: Required value"),
        (
            "{level: FooBar}",
            (
                'rules[0].level: Unsupported value: "FooBar": supported values: '
                '"None", "Metadata", "Request", "RequestResponse"'
            ),
        ),
        (
            "{level: None, namespaces: [default], nonResourceURLs: [/logs*]}",
            (
                'rules[0].nonResourceURLs: Invalid value: ["/logs*"]: '
                "rules cannot apply to both regular resources and non-resource URLs"
            ),
        ),
        (
            "{level: None}, {level: None, resources: [{group: rbac.authorization.k8s.io/v1beta1}]}",
            (
                'rules[1].resources.group: Invalid value: "rbac.authorization.k8s.io/v1beta1": a lowercase RFC 1123 subdomain '
                "must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric "
                "character (e.g. 'example.com', regex used for validation is "
                r"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
            ),
        ),
        (
            "{level: None, nonResourceURLs: [logs, '*', /healthz*]}",
            "rules[0].nonResourceURLs[0]: Invalid value: \"logs\": non-resource URL rules must begin with a '/' character",
        ),
        (
            "{level: None, nonResourceURLs: [/healthz*, /logs/*/*]}",
            (
                'rules[0].nonResourceURLs[1]: Invalid value: "/logs/*/*": '
                "non-resource URL wildcards '*' must be the final character of the rule"
            ),
        ),
        (
            "{level: None, resources: [{resourceNames: [leader]}]}",
            (
                'rules[0].resources.resourceNames: Invalid value: ["leader"]: '
                "using resourceNames requires at least one resource"
            ),
        ),
        (
            "{level: None, omitStages: [Panic, foo]}",
            (
                'rules[0].omitStages[1]: Invalid value: "foo": '
                "allowed stages are RequestReceived,ResponseStarted,ResponseComplete,Panic"
            ),
        ),
        ("{}, {}", "[rules[0].level: Required value, rules[1].level: Required value]"),
    ],
)
def test_an_invalid_rule_is_rejected(rules: str, message: str) -> None:
    assert message_of(rules) == message


def test_an_invalid_stage_of_the_policy_is_rejected() -> None:
    assert message_of("{level: None}", "omitStages: [foo]") == (
        'omitStages[0]: Invalid value: "foo": allowed stages are RequestReceived,ResponseStarted,ResponseComplete,Panic'
    )
