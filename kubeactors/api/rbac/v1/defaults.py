"""Defaults of roles and bindings.

Source: pkg/apis/rbac/v1/defaults.go (v1.36).
"""

from typing import TypeVar

from msgspec.structs import replace

from kubeactors.api.rbac.v1.binding import GROUP_KIND, USER, ClusterRoleBinding, RoleBinding, Subject
from kubeactors.api.rbac.v1.role import GROUP, ClusterRole, Role

R = TypeVar("R", Role, ClusterRole)
B = TypeVar("B", RoleBinding, ClusterRoleBinding)


def default_role(role: R) -> R:
    """Absent rules are encoded as null."""
    return role if role.rules != () else replace(role, rules=None)


def default_binding(binding: B) -> B:
    """The API group of roles, users and groups is this one.

    >>> default_binding(RoleBinding(subjects=(Subject(kind="User", name="jane"),))).subjects[0].api_group
    'rbac.authorization.k8s.io'
    """
    if not binding.role_ref.api_group:
        binding = replace(binding, role_ref=replace(binding.role_ref, api_group=GROUP))
    if any(_lacks_group(one) for one in binding.subjects):
        binding = replace(binding, subjects=tuple(map(_default_subject, binding.subjects)))
    return binding


def _default_subject(subject: Subject) -> Subject:
    return replace(subject, api_group=GROUP) if _lacks_group(subject) else subject


def _lacks_group(subject: Subject) -> bool:
    return not subject.api_group and subject.kind in (USER, GROUP_KIND)
