"""The file of an audit policy: decoding and validation.

Source: apiserver/pkg/audit/policy/reader.go, apiserver/pkg/apis/audit/validation/validation.go (v1.36).
"""

from collections.abc import Iterator

from kubeactors.apimachinery import field
from kubeactors.apimachinery.field import FieldError
from kubeactors.apimachinery.names import dns1123_subdomain
from kubeactors.apimachinery.serializer import Decoded, DecodeError, TypeMeta, decode, type_of
from kubeactors.apimachinery.status import aggregate
from kubeactors.apimachinery.yamltext import YAMLError, to_json
from kubeactors.apiserver.audit.policy import GroupResources, Level, Policy, PolicyRule, Stage

VERSION = "audit.k8s.io/v1"
_UNVERSIONED = "audit.k8s.io/__internal"


class PolicyError(ValueError):
    """The policy cannot be used; the message is that of kube-apiserver, in one line."""


def read_policy(text: bytes) -> Decoded[Policy]:
    """The policy in a YAML or JSON document. Unknown and duplicate fields are ignored, and returned as strict errors.

    >>> read_policy(b"{apiVersion: audit.k8s.io/v1, kind: Policy, rules: [{level: Metadata}]}").object.rules[0].level
    'Metadata'

    Raises:
        PolicyError: it is not a valid policy, or has no rules.
    """
    try:
        json, duplicates = to_json(text)
        _check_type(type_of(json))
        found = decode(json, Policy)
    except (YAMLError, DecodeError) as error:
        raise PolicyError(f"failed decoding: {' '.join(str(error).split())}") from error
    if errors := [str(one) for one in policy_errors(found.object)]:
        raise PolicyError(aggregate(errors))
    if not found.object.rules:
        raise PolicyError("loaded illegal policy with 0 rules")
    return Decoded(found.object, (*duplicates, *found.strict_errors))


def _check_type(said: TypeMeta) -> None:
    version, kind = said.api_version or _UNVERSIONED, said.kind or Policy().kind
    if version == _UNVERSIONED:
        raise PolicyError(f"unknown group version field {version}, Kind={kind} in policy")
    if (version, kind) != (VERSION, Policy().kind):
        raise DecodeError(
            f'no kind "{kind}" is registered for version "{version}" in scheme "kubeactors.apiserver.audit"'
        )


def policy_errors(policy: Policy) -> Iterator[FieldError]:
    """The errors of a policy.

    >>> [str(one) for one in policy_errors(Policy(rules=(PolicyRule(),)))]
    ['rules[0].level: Required value']
    """
    yield from _stage_errors(policy.omit_stages, "omitStages")
    for index, rule in enumerate(policy.rules):
        yield from _rule_errors(rule, f"rules[{index}]")


def _rule_errors(rule: PolicyRule, path: str) -> Iterator[FieldError]:
    if not rule.level:
        yield field.required(f"{path}.level")
    elif rule.level not in tuple(Level):
        yield field.not_supported(f"{path}.level", rule.level, Level)
    for index, url in enumerate(rule.non_resource_urls):
        yield from _url_errors(url, f"{path}.nonResourceURLs[{index}]")
    for one in rule.resources:
        yield from _resource_errors(one, f"{path}.resources")
    yield from _stage_errors(rule.omit_stages, f"{path}.omitStages")
    if rule.non_resource_urls and (rule.resources or rule.namespaces):
        both = "rules cannot apply to both regular resources and non-resource URLs"
        yield field.invalid(f"{path}.nonResourceURLs", rule.non_resource_urls, both)


def _url_errors(url: str, path: str) -> Iterator[FieldError]:
    if url == "*":
        return
    if not url.startswith("/"):
        yield field.invalid(path, url, "non-resource URL rules must begin with a '/' character")
    if "*" in url[:-1]:
        yield field.invalid(path, url, "non-resource URL wildcards '*' must be the final character of the rule")


def _resource_errors(one: GroupResources, path: str) -> Iterator[FieldError]:
    """The path has no index, as in Kubernetes."""
    if one.group not in {"", "*"} and (wrong := tuple(dns1123_subdomain(one.group))):
        yield field.invalid(f"{path}.group", one.group, ",".join(wrong))
    if one.resource_names and not one.resources:
        why = "using resourceNames requires at least one resource"
        yield field.invalid(f"{path}.resourceNames", one.resource_names, why)


def _stage_errors(stages: tuple[str, ...], path: str) -> Iterator[FieldError]:
    for index, stage in enumerate(stages):
        if stage not in tuple(Stage):
            yield field.invalid(f"{path}[{index}]", stage, f"allowed stages are {','.join(Stage)}")
