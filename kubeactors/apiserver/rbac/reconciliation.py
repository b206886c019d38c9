"""Reconciles the default roles and bindings: missing rules and subjects are added, additional ones stay.

Source: component-helpers/auth/rbac/reconciliation/reconcile_role.go, reconcile_rolebindings.go (v1.36).
"""

from typing import TypeVar, cast

from msgspec.structs import replace

from kubeactors.api.rbac.v1 import AUTOUPDATE, ClusterRole, ClusterRoleBinding, Role, RoleBinding
from kubeactors.apimachinery.meta import ObjectMeta, TypedObject
from kubeactors.apiserver.rbac.rules import missing

T = TypeVar("T", bound=TypedObject)


def reconciled(stored: T, wanted: T) -> T:
    """The stored object with what it lacks; the same object if it lacks nothing, or opts out by its annotation.

    A binding to another role than the wanted one is replaced.
    """
    if stored.metadata.annotations.get(AUTOUPDATE) == "false":
        return stored
    metadata = _with_words(stored.metadata, wanted.metadata)
    if metadata is not stored.metadata:
        stored = replace(stored, metadata=metadata)
    if isinstance(stored, Role | ClusterRole):
        return cast("T", _role(stored, cast("Role | ClusterRole", wanted)))
    if isinstance(stored, RoleBinding | ClusterRoleBinding):
        return cast("T", _binding(stored, cast("RoleBinding | ClusterRoleBinding", wanted)))
    raise AssertionError("only roles and bindings are kept up to date")


def _role(stored: Role | ClusterRole, wanted: Role | ClusterRole) -> Role | ClusterRole:
    if isinstance(wanted, ClusterRole) and wanted.aggregation_rule is not None:
        rule = wanted.aggregation_rule
        same = isinstance(stored, ClusterRole) and stored.aggregation_rule == rule
        return stored if same else replace(stored, aggregation_rule=rule)
    lacking = missing(stored.rules or (), wanted.rules or ())
    return replace(stored, rules=(*(stored.rules or ()), *lacking)) if lacking else stored


def _binding(
    stored: RoleBinding | ClusterRoleBinding, wanted: RoleBinding | ClusterRoleBinding
) -> RoleBinding | ClusterRoleBinding:
    if stored.role_ref != wanted.role_ref:
        return replace(stored, role_ref=wanted.role_ref, subjects=wanted.subjects)
    lacking = tuple(one for one in wanted.subjects if one not in stored.subjects)
    return replace(stored, subjects=(*stored.subjects, *lacking)) if lacking else stored


def _with_words(stored: ObjectMeta, wanted: ObjectMeta) -> ObjectMeta:
    """Add the wanted labels and annotations; existing ones stay."""
    labels = {**wanted.labels, **stored.labels}
    annotations = {**wanted.annotations, **stored.annotations}
    if labels == stored.labels and annotations == stored.annotations:
        return stored
    return replace(stored, labels=labels, annotations=annotations)
