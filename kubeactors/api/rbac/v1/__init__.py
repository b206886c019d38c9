"""rbac.authorization.k8s.io/v1: roles and bindings."""

from kubeactors.api.rbac.v1.aggregation import aggregated_rules
from kubeactors.api.rbac.v1.binding import ClusterRoleBinding, RoleBinding, RoleRef, Subject
from kubeactors.api.rbac.v1.role import AUTOUPDATE, GROUP, AggregationRule, ClusterRole, PolicyRule, Role

__all__ = [
    "AUTOUPDATE",
    "GROUP",
    "AggregationRule",
    "ClusterRole",
    "ClusterRoleBinding",
    "PolicyRule",
    "Role",
    "RoleBinding",
    "RoleRef",
    "Subject",
    "aggregated_rules",
]
