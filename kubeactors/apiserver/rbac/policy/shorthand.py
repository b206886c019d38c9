"""Shorthand for rules, roles and bindings. Lists are space-separated strings; the result is sorted.

Source: plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go, pkg/apis/rbac/v1/helpers.go (v1.36).
"""

from collections.abc import Sequence

from kubeactors.api.rbac.v1 import (
    AUTOUPDATE,
    GROUP,
    AggregationRule,
    ClusterRole,
    ClusterRoleBinding,
    PolicyRule,
    RoleRef,
    Subject,
)
from kubeactors.apimachinery.meta import LabelSelector, ObjectMeta

READ = "get list watch"
WRITE = "create update patch delete deletecollection"
READ_UPDATE = "get list watch update patch"
READ_WRITE = f"{READ} {WRITE}"

CORE, APPS, AUTHENTICATION, AUTHORIZATION = "", "apps", "authentication.k8s.io", "authorization.k8s.io"
AUTOSCALING, BATCH, CERTIFICATES, COORDINATION = "autoscaling", "batch", "certificates.k8s.io", "coordination.k8s.io"
DISCOVERY, EVENTS, EXTENSIONS, NETWORKING = "discovery.k8s.io", "events.k8s.io", "extensions", "networking.k8s.io"
POLICY, RBAC, RESOURCE, STORAGE = "policy", GROUP, "resource.k8s.io", "storage.k8s.io"

LABELS = {"kubernetes.io/bootstrapping": "rbac-defaults"}
ANNOTATIONS = {AUTOUPDATE: "true"}


def rule(verbs: str, resources: str, *groups: str, names: Sequence[str] = ()) -> PolicyRule:
    """Verbs on resources, of the core group by default.

    >>> rule("list get", "pods").verbs
    ('get', 'list')
    """
    return PolicyRule(
        verbs=tuple(sorted(verbs.split())),
        api_groups=tuple(sorted(groups)) or (CORE,),
        resources=tuple(sorted(resources.split())),
        resource_names=tuple(sorted(names)),
    )


def urls(paths: str) -> PolicyRule:
    """GET on paths."""
    return PolicyRule(verbs=("get",), non_resource_urls=tuple(sorted(paths.split())))


EVENTS_RULE = rule("create update patch", "events", CORE, EVENTS)
"""The rule of every component that records events."""


def metadata(name: str, namespace: str = "", labels: dict[str, str] | None = None) -> ObjectMeta:
    """Metadata of a default object."""
    return ObjectMeta(name=name, namespace=namespace, labels={**LABELS, **(labels or {})}, annotations=ANNOTATIONS)


def role(name: str, *rules: PolicyRule, part_of: str = "") -> ClusterRole:
    """A ClusterRole, aggregated to `part_of` if given."""
    return ClusterRole(metadata=metadata(name, labels=_aggregated_to(part_of)), rules=rules)


def aggregated(name: str, part_of: str = "") -> ClusterRole:
    """A ClusterRole that aggregates others."""
    rule = AggregationRule(cluster_role_selectors=(LabelSelector(match_labels=_aggregated_to(name)),))
    return ClusterRole(metadata=metadata(name, labels=_aggregated_to(part_of)), aggregation_rule=rule)


def binding(name: str, *subjects: Subject) -> ClusterRoleBinding:
    """A ClusterRoleBinding to the role of the same name."""
    return ClusterRoleBinding(
        metadata=metadata(name), subjects=subjects, role_ref=RoleRef(api_group=GROUP, kind="ClusterRole", name=name)
    )


def user(name: str) -> Subject:
    """A user."""
    return Subject(kind="User", api_group=GROUP, name=name)


def group(name: str) -> Subject:
    """A group."""
    return Subject(kind="Group", api_group=GROUP, name=name)


def account(name: str) -> Subject:
    """A service account in kube-system."""
    return Subject(kind="ServiceAccount", name=name, namespace="kube-system")


def _aggregated_to(name: str) -> dict[str, str]:
    return {f"{GROUP}/aggregate-to-{name}": "true"} if name else {}
