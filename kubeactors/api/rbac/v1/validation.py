"""Validation of roles and bindings.

Source: pkg/apis/rbac/validation/validation.go (v1.36).
"""

from collections.abc import Iterator

from kubeactors.api.rbac.v1.binding import (
    GROUP_KIND,
    SERVICE_ACCOUNT,
    USER,
    ClusterRoleBinding,
    RoleBinding,
    RoleRef,
    Subject,
)
from kubeactors.api.rbac.v1.role import GROUP, AggregationRule, ClusterRole, PolicyRule, Role
from kubeactors.apimachinery import names
from kubeactors.apimachinery.field import FieldError, invalid, not_supported, required
from kubeactors.apimachinery.labels import validate_selector


def validate_role(role: Role) -> Iterator[FieldError]:
    """Rules about the resources of a namespace."""
    yield from _rules(role.rules or (), namespaced=True)


def validate_role_update(new: Role, old: Role) -> Iterator[FieldError]:
    """Everything is mutable."""
    del old
    yield from validate_role(new)


def validate_cluster_role(role: ClusterRole) -> Iterator[FieldError]:
    """Rules about resources and URLs; selectors that select something."""
    yield from _rules(role.rules or (), namespaced=False)
    if role.aggregation_rule is not None:
        yield from _aggregation(role.aggregation_rule, "aggregationRule.clusterRoleSelectors")


def validate_cluster_role_update(new: ClusterRole, old: ClusterRole) -> Iterator[FieldError]:
    """Everything is mutable."""
    del old
    yield from validate_cluster_role(new)


def validate_role_binding(binding: RoleBinding) -> Iterator[FieldError]:
    """A Role or a ClusterRole for subjects of any namespace."""
    yield from _role_ref(binding.role_ref, ("Role", "ClusterRole"))
    yield from _subjects(binding.subjects, namespaced=True)


def validate_role_binding_update(new: RoleBinding, old: RoleBinding) -> Iterator[FieldError]:
    """The role is immutable: another one needs another binding."""
    yield from validate_role_binding(new)
    yield from _same_role(new.role_ref, old.role_ref)


def validate_cluster_role_binding(binding: ClusterRoleBinding) -> Iterator[FieldError]:
    """A ClusterRole; accounts must name their namespace."""
    yield from _role_ref(binding.role_ref, ("ClusterRole",))
    yield from _subjects(binding.subjects, namespaced=False)


def validate_cluster_role_binding_update(new: ClusterRoleBinding, old: ClusterRoleBinding) -> Iterator[FieldError]:
    """The role is immutable."""
    yield from validate_cluster_role_binding(new)
    yield from _same_role(new.role_ref, old.role_ref)


def _rules(rules: tuple[PolicyRule, ...], *, namespaced: bool) -> Iterator[FieldError]:
    for i, rule in enumerate(rules):
        yield from _rule(rule, f"rules[{i}]", namespaced=namespaced)


def _rule(rule: PolicyRule, path: str, *, namespaced: bool) -> Iterator[FieldError]:
    if not rule.verbs:
        yield required(f"{path}.verbs", "verbs must contain at least one value")
    if rule.non_resource_urls:
        yield from _url_rule(rule, f"{path}.nonResourceURLs", namespaced=namespaced)
        return
    if not rule.api_groups:
        yield required(f"{path}.apiGroups", "resource rules must supply at least one api group")
    if not rule.resources:
        yield required(f"{path}.resources", "resource rules must supply at least one resource")


def _url_rule(rule: PolicyRule, path: str, *, namespaced: bool) -> Iterator[FieldError]:
    if namespaced:
        yield invalid(path, rule.non_resource_urls, "namespaced rules cannot apply to non-resource URLs")
    if rule.api_groups or rule.resources or rule.resource_names:
        why = "rules cannot apply to both regular resources and non-resource URLs"
        yield invalid(path, rule.non_resource_urls, why)


def _aggregation(rule: AggregationRule, path: str) -> Iterator[FieldError]:
    if not rule.cluster_role_selectors:
        yield required(path, "at least one clusterRoleSelector required if aggregationRule is non-nil")
    for i, selector in enumerate(rule.cluster_role_selectors):
        yield from validate_selector(selector, f"{path}[{i}]")


def _role_ref(role: RoleRef, kinds: tuple[str, ...]) -> Iterator[FieldError]:
    if role.api_group != GROUP:
        yield not_supported("roleRef.apiGroup", role.api_group, (GROUP,))
    if role.kind not in kinds:
        yield not_supported("roleRef.kind", role.kind, kinds)
    if not role.name:
        yield required("roleRef.name")
    for message in names.name_is_path_segment(role.name):
        yield invalid("roleRef.name", role.name, message)


def _same_role(new: RoleRef, old: RoleRef) -> Iterator[FieldError]:
    if new != old:
        yield invalid("roleRef", new, "cannot change roleRef")


def _subjects(subjects: tuple[Subject, ...], *, namespaced: bool) -> Iterator[FieldError]:
    for i, subject in enumerate(subjects):
        path = f"subjects[{i}]"
        if not subject.name:
            yield required(f"{path}.name")
        if subject.kind == SERVICE_ACCOUNT:
            yield from _account(subject, path, namespaced=namespaced)
        elif subject.kind in (USER, GROUP_KIND):
            yield from _user_or_group(subject, path)
        else:
            yield not_supported(f"{path}.kind", subject.kind, (SERVICE_ACCOUNT, USER, GROUP_KIND))


def _account(subject: Subject, path: str, *, namespaced: bool) -> Iterator[FieldError]:
    if subject.name:
        for message in names.name_is_dns_subdomain(subject.name):
            yield invalid(f"{path}.name", subject.name, message)
    if subject.api_group:
        yield not_supported(f"{path}.apiGroup", subject.api_group, ("",))
    if not namespaced and not subject.namespace:
        yield required(f"{path}.namespace")


def _user_or_group(subject: Subject, path: str) -> Iterator[FieldError]:
    if not subject.name:
        yield invalid(f"{path}.name", subject.name, f"{subject.kind.lower()} name cannot be empty")
    if subject.api_group != GROUP:
        yield not_supported(f"{path}.apiGroup", subject.api_group, (GROUP,))
