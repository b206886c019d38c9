"""Role and ClusterRole: sets of permissions.

Source: api/rbac/v1/types.go (v1.36).
"""

import msgspec

from kubeactors.apimachinery.meta import LabelSelector, Object, TypedObject, always

GROUP = "rbac.authorization.k8s.io"

AUTOUPDATE = "rbac.authorization.kubernetes.io/autoupdate"
"""The annotation of a role or binding that the server reconciles; "false" disables that."""


class PolicyRule(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The allowed verbs, on resources of groups or on non-resource URLs; `*` stands for all.

    `pods/log` is a subresource, `*/scale` that of any resource. Without resource names all objects are meant.
    """

    verbs: tuple[str, ...] | None = always(None)
    api_groups: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    resource_names: tuple[str, ...] = ()
    non_resource_urls: tuple[str, ...] = msgspec.field(name="nonResourceURLs", default=())


class AggregationRule(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The rules of all ClusterRoles that one of the selectors selects."""

    cluster_role_selectors: tuple[LabelSelector, ...] = ()


class Role(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Rules within one namespace."""

    api_version: str = "rbac.authorization.k8s.io/v1"
    kind: str = "Role"
    rules: tuple[PolicyRule, ...] | None = always(None)


class ClusterRole(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Rules for the whole cluster, or for the namespace of the binding that refers to them."""

    api_version: str = "rbac.authorization.k8s.io/v1"
    kind: str = "ClusterRole"
    rules: tuple[PolicyRule, ...] | None = always(None)
    aggregation_rule: AggregationRule | None = None
