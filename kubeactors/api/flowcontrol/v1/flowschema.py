"""FlowSchema: sorts requests into flows.

Source: api/flowcontrol/v1/types.go, pkg/apis/flowcontrol/validation/validation.go, pkg/apis/flowcontrol/v1/defaults.go (v1.36).
"""

from collections.abc import Iterable, Iterator
from typing import Annotated, Protocol

import msgspec
from msgspec.structs import replace

from kubeactors.api.validation import validate_text
from kubeactors.apimachinery import names
from kubeactors.apimachinery.field import FieldError, duplicate, forbidden, invalid, not_supported, required
from kubeactors.apimachinery.meta import (
    LIST_SET,
    Object,
    Time,
    TypedObject,
    always,
    merge_by,
)

DANGLING = "Dangling"
"""The condition of a schema whose priority level is missing."""
EXEMPT = "exempt"
"""The schema, and the level, without limits."""
DISTINGUISHERS = ("ByNamespace", "ByUser")

_MAX_PRECEDENCE = 10000
_SUBJECTS = {"ServiceAccount": "serviceAccount", "User": "user", "Group": "group"}
_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch")


class _HasType(Protocol):
    @property
    def type(self) -> str: ...


class PriorityLevelConfigurationReference(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Refers to a priority level."""

    name: str = always("")


class FlowDistinguisherMethod(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What distinguishes flows of a schema: ByUser or ByNamespace."""

    type: str = always("")


class UserSubject(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A user, or `*` for all."""

    name: str = always("")


class GroupSubject(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The users of a group, or `*` for all."""

    name: str = always("")


class ServiceAccountSubject(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A service account, or `*` for all of its namespace."""

    namespace: str = always("")
    name: str = always("")


class Subject(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The sender of requests: a user, a group or a service account."""

    kind: str = always("")
    user: UserSubject | None = None
    group: GroupSubject | None = None
    service_account: ServiceAccountSubject | None = None


class ResourcePolicyRule(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Requests for objects, by verb, group, resource and namespace."""

    verbs: Annotated[tuple[str, ...] | None, LIST_SET] = always(None)
    api_groups: Annotated[tuple[str, ...] | None, LIST_SET] = always(None)
    resources: Annotated[tuple[str, ...] | None, LIST_SET] = always(None)
    cluster_scope: bool = False
    namespaces: Annotated[tuple[str, ...] | None, LIST_SET] = always(None)


class NonResourcePolicyRule(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Requests for other paths."""

    verbs: Annotated[tuple[str, ...] | None, LIST_SET] = always(None)
    non_resource_urls: Annotated[tuple[str, ...] | None, LIST_SET] = msgspec.field(
        name="nonResourceURLs", default_factory=lambda: None
    )


class PolicyRulesWithSubjects(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Requests of these subjects that match one of the rules."""

    subjects: tuple[Subject, ...] | None = always(None)
    resource_rules: tuple[ResourcePolicyRule, ...] = ()
    non_resource_rules: tuple[NonResourcePolicyRule, ...] = ()


class FlowSchemaSpec(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The requests to match, and their priority level; schemas are matched in order of precedence, lowest first."""

    priority_level_configuration: PriorityLevelConfigurationReference = always(PriorityLevelConfigurationReference())
    matching_precedence: int = always(0)
    distinguisher_method: FlowDistinguisherMethod | None = None
    rules: tuple[PolicyRulesWithSubjects, ...] = ()


class FlowSchemaCondition(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A condition of a schema: Dangling, if its priority level is missing."""

    type: str = ""
    status: str = ""
    last_transition_time: Time | None = always(None)
    reason: str = ""
    message: str = ""


class FlowSchemaStatus(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The state of a schema."""

    conditions: Annotated[tuple[FlowSchemaCondition, ...], merge_by("type")] = ()


class FlowSchema(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Sorts requests into flows, and assigns them to a priority level."""

    api_version: str = "flowcontrol.apiserver.k8s.io/v1"
    kind: str = "FlowSchema"
    spec: FlowSchemaSpec = always(FlowSchemaSpec())
    status: FlowSchemaStatus = always(FlowSchemaStatus())


def default_flow_schema(schema: FlowSchema) -> FlowSchema:
    """The default precedence is 1000."""
    spec = schema.spec
    return schema if spec.matching_precedence else replace(schema, spec=replace(spec, matching_precedence=1000))


def validate_flow_schema(schema: FlowSchema) -> Iterator[FieldError]:
    """A priority level, a precedence, and valid rules."""
    spec = schema.spec
    yield from _validate_precedence(spec.matching_precedence, schema.metadata.name)
    method = spec.distinguisher_method
    if method is not None and method.type not in DISTINGUISHERS:
        yield not_supported("spec.distinguisherMethod.type", method, DISTINGUISHERS)
    level, path = spec.priority_level_configuration.name, "spec.priorityLevelConfiguration.name"
    if level:
        yield from validate_text(level, path, names.dns1123_subdomain)
    else:
        yield required(path, "must reference a priority level")
    for i, rule in enumerate(spec.rules):
        yield from _validate_rule(rule, f"spec.rules[{i}]")


def validate_flow_schema_update(new: FlowSchema, _old: FlowSchema) -> Iterator[FieldError]:
    """Everything is mutable."""
    return validate_flow_schema(new)


def validate_flow_schema_status(new: FlowSchema, _old: FlowSchema) -> Iterator[FieldError]:
    """Condition types are unique."""
    return validate_conditions(new.status.conditions)


def validate_conditions(conditions: Iterable[_HasType]) -> Iterator[FieldError]:
    """Condition types are unique."""
    seen: list[str] = []
    for i, one in enumerate(conditions):
        path = f"status.conditions[{i}].type"
        if one.type in seen:
            yield duplicate(path, one.type)
        seen.append(one.type)
        if not one.type:
            yield required(path, "must not be empty")


def _validate_precedence(value: int, name: str) -> Iterator[FieldError]:
    path = "spec.matchingPrecedence"
    if value <= 0:
        yield invalid(path, value, "must be a positive value")
    if value > _MAX_PRECEDENCE:
        yield invalid(path, value, f"must not be greater than {_MAX_PRECEDENCE}")
    if value == 1 and name != EXEMPT:
        yield invalid(path, value, "only the schema named 'exempt' may have matchingPrecedence 1")


def _validate_rule(rule: PolicyRulesWithSubjects, path: str) -> Iterator[FieldError]:
    if not rule.subjects:
        yield required(f"{path}.subjects", "subjects must contain at least one value")
    for i, subject in enumerate(rule.subjects or ()):
        yield from _validate_subject(subject, f"{path}.subjects[{i}]")
    if not rule.resource_rules and not rule.non_resource_rules:
        yield required(path, "at least one of resourceRules and nonResourceRules has to be non-empty")
    for i, one in enumerate(rule.resource_rules):
        yield from _validate_resource_rule(one, f"{path}.resourceRules[{i}]")
    for i, other in enumerate(rule.non_resource_rules):
        yield from _validate_path_rule(other, f"{path}.nonResourceRules[{i}]")


def _validate_subject(subject: Subject, path: str) -> Iterator[FieldError]:
    if subject.kind not in _SUBJECTS:
        yield not_supported(f"{path}.kind", subject.kind, sorted(_SUBJECTS))
        return
    own = _SUBJECTS[subject.kind]
    yield from _validate_named(subject, subject.kind, f"{path}.{own}")
    for kind, field in _SUBJECTS.items():
        given = {"serviceAccount": subject.service_account, "user": subject.user, "group": subject.group}[field]
        if field != own and given is not None:
            yield forbidden(f"{path}.{field}", f"{field} is forbidden when subject kind is not '{kind}'")


def _validate_named(subject: Subject, kind: str, path: str) -> Iterator[FieldError]:
    found = {"ServiceAccount": subject.service_account, "User": subject.user, "Group": subject.group}[kind]
    if found is None:
        yield required(path, f"{_SUBJECTS[kind]} is required when subject kind is '{kind}'")
        return
    if not found.name:
        yield required(f"{path}.name")
    if not isinstance(found, ServiceAccountSubject):
        return
    if found.name and found.name != "*":
        yield from validate_text(found.name, f"{path}.name", names.dns1123_subdomain)
    if found.namespace:
        yield from validate_text(found.namespace, f"{path}.namespace", names.dns1123_label)
    else:
        yield required(f"{path}.namespace", "must specify namespace for service account")


def _validate_resource_rule(rule: ResourcePolicyRule, path: str) -> Iterator[FieldError]:
    yield from _validate_verbs(rule.verbs or (), path)
    for field, values, what in (
        ("apiGroups", rule.api_groups or (), "api group"),
        ("resources", rule.resources or (), "resource"),
    ):
        if not values:
            yield required(f"{path}.{field}", f"resource rules must supply at least one {what}")
        elif len(values) > 1 and "*" in values:
            yield invalid(f"{path}.{field}", list(values), f"if '*' is present, must not specify other {what}s")
    yield from _validate_namespaces(rule, f"{path}.namespaces")


def _validate_namespaces(rule: ResourcePolicyRule, path: str) -> Iterator[FieldError]:
    namespaces = rule.namespaces or ()
    if not namespaces and not rule.cluster_scope:
        yield required(path, "resource rules that are not cluster scoped must supply at least one namespace")
    elif "*" in namespaces:
        if len(namespaces) > 1:
            yield invalid(path, list(namespaces), "if '*' is present, must not specify other namespaces")
    else:
        for i, one in enumerate(namespaces):
            for message in names.dns1123_label(one):
                said = f"each member of this list must be '*' or a DNS-1123 label; {message}"
                yield invalid(f"{path}[{i}]", one, said)


def _validate_path_rule(rule: NonResourcePolicyRule, path: str) -> Iterator[FieldError]:
    yield from _validate_verbs(rule.verbs or (), path)
    urls, path = rule.non_resource_urls or (), f"{path}.nonResourceURLs"
    if not urls:
        yield required(path, "nonResourceURLs must contain at least one value")
    elif "*" in urls:
        if len(urls) > 1:
            yield invalid(path, list(urls), "if '*' is present, must not specify other non-resource URLs")
    else:
        for i, url in enumerate(urls):
            if why := _wrong_url(url):
                yield invalid(f"{path}[{i}]", url, why)


def _wrong_url(url: str) -> str:
    """The first error of a path.

    >>> _wrong_url("/api/*"), _wrong_url("/*/x")
    ('', 'wildcard can only do suffix matching')
    """
    if not url:
        return "must not be empty"
    if not url.startswith("/"):
        return "must start with slash"
    if " " in url:
        return "must not contain white-space"
    if "//" in url:
        return "must not contain double slash"
    stars = url.count("*")
    return "wildcard can only do suffix matching" if stars > 1 or (stars and not url.endswith("/*")) else ""


def _validate_verbs(verbs: tuple[str, ...], path: str) -> Iterator[FieldError]:
    path = f"{path}.verbs"
    if not verbs:
        yield required(path, "verbs must contain at least one value")
    elif "*" in verbs:
        if len(verbs) > 1:
            yield invalid(path, list(verbs), "if '*' is present, must not specify other verbs")
    elif not all(verb in _VERBS for verb in verbs):
        yield not_supported(path, list(verbs), _VERBS)
