"""The default roles and bindings.

Source: plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go, namespace_policy.go (v1.36).
"""

from msgspec.structs import replace

from kubeactors.api.rbac.v1 import (
    GROUP,
    ClusterRole,
    PolicyRule,
    Role,
    RoleBinding,
    RoleRef,
    Subject,
    aggregated_rules,
)
from kubeactors.apiserver.rbac.policy.controllers import CONTROLLERS
from kubeactors.apiserver.rbac.policy.roles import ROLES
from kubeactors.apiserver.rbac.policy.shorthand import (
    EVENTS_RULE,
    READ,
    account,
    binding,
    group,
    metadata,
    rule,
    user,
)

__all__ = ["BINDINGS", "CLUSTER_BINDINGS", "CLUSTER_ROLES", "NAMESPACE_ROLES"]

_EVERYBODY, _NOBODY = group("system:authenticated"), group("system:unauthenticated")
_MANAGER, _SCHEDULER = user("system:kube-controller-manager"), user("system:kube-scheduler")


def _whole(roles: tuple[ClusterRole, ...]) -> tuple[ClusterRole, ...]:
    """Fill in the rules of aggregated roles.

    In Kubernetes a controller writes them. Each of its writes would invalidate the authorizer's cache, and it takes a
    dozen until roles that aggregate aggregated roles are complete.
    """
    made = tuple(replace(one, rules=aggregated_rules(one, roles)) if one.aggregation_rule else one for one in roles)
    return roles if made == roles else _whole(made)


CLUSTER_ROLES = _whole((*ROLES, *CONTROLLERS.values()))

CLUSTER_BINDINGS = (
    binding("cluster-admin", group("system:masters")),
    binding("system:monitoring", group("system:monitoring")),
    binding("system:discovery", _EVERYBODY),
    binding("system:basic-user", _EVERYBODY),
    binding("system:public-info-viewer", _EVERYBODY, _NOBODY),
    binding("system:node-proxier", user("system:kube-proxy")),
    binding("system:kube-controller-manager", _MANAGER),
    binding("system:kube-dns", account("kube-dns")),
    binding("system:kube-scheduler", _SCHEDULER),
    binding("system:volume-scheduler", _SCHEDULER),
    binding("system:node"),  # no subjects: nodes have an authorizer of their own
    binding("system:service-account-issuer-discovery", group("system:serviceaccounts")),
    *(binding(one.metadata.name, account(name)) for name, one in CONTROLLERS.items()),
)

_SYSTEM, _PUBLIC = "kube-system", "kube-public"
_READER = "extension-apiserver-authentication-reader"
_SIGNER, _CLOUD, _CLEANER = (
    f"system:controller:{name}" for name in ("bootstrap-signer", "cloud-provider", "token-cleaner")
)
_MANAGER_LOCK, _SCHEDULER_LOCK = (
    f"system::leader-locking-{name}" for name in ("kube-controller-manager", "kube-scheduler")
)


def _role(namespace: str, name: str, *rules: PolicyRule) -> Role:
    return Role(metadata=metadata(name, namespace), rules=rules)


def _binding(namespace: str, role: str, *subjects: Subject, name: str = "") -> RoleBinding:
    return RoleBinding(
        metadata=metadata(name or role, namespace),
        subjects=subjects,
        role_ref=RoleRef(api_group=GROUP, kind="Role", name=role),
    )


NAMESPACE_ROLES = (
    _role(_SYSTEM, _READER, rule(READ, "configmaps", names=("extension-apiserver-authentication",))),
    _role(_SYSTEM, _SIGNER, rule(READ, "secrets")),
    _role(_SYSTEM, _CLOUD, rule("create get list watch", "configmaps")),
    _role(_SYSTEM, _CLEANER, rule("get list watch delete", "secrets"), EVENTS_RULE),
    _role(
        _SYSTEM,
        _MANAGER_LOCK,
        rule("watch", "configmaps"),
        rule("get update", "configmaps", names=("kube-controller-manager",)),
    ),
    _role(
        _SYSTEM,
        _SCHEDULER_LOCK,
        rule("watch", "configmaps"),
        rule("get update", "configmaps", names=("kube-scheduler",)),
    ),
    _role(
        _PUBLIC,
        _SIGNER,
        rule(READ, "configmaps"),
        rule("update", "configmaps", names=("cluster-info",)),
        EVENTS_RULE,
    ),
)

BINDINGS = (
    _binding(_SYSTEM, _READER, _MANAGER, _SCHEDULER, name=f"system::{_READER}"),
    _binding(_SYSTEM, _MANAGER_LOCK, _MANAGER, account("kube-controller-manager")),
    _binding(_SYSTEM, _SCHEDULER_LOCK, _SCHEDULER, account("kube-scheduler")),
    _binding(_SYSTEM, _SIGNER, account("bootstrap-signer")),
    _binding(_SYSTEM, _CLOUD, account("cloud-provider")),
    _binding(_SYSTEM, _CLEANER, account("token-cleaner")),
    _binding(_PUBLIC, _SIGNER, account("bootstrap-signer")),
)
