"""Prevents privilege escalation: users cannot grant more than they have, neither by a role nor by a binding.

In Kubernetes the storage of roles and bindings checks this; here a plug-in does, because it knows the user.

Source: pkg/registry/rbac/{role,clusterrole,rolebinding,clusterrolebinding}/policybased/storage.go,
pkg/registry/rbac/escalation_check.go, pkg/registry/rbac/validation/rule.go (v1.36).
"""

from typing import cast

from msgspec.structs import replace

from kubeactors.api.rbac.v1 import (
    GROUP,
    ClusterRole,
    ClusterRoleBinding,
    PolicyRule,
    Role,
    RoleBinding,
    RoleRef,
)
from kubeactors.apimachinery.field import quoted
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import GroupVersionResource
from kubeactors.apimachinery.scheme import Kind
from kubeactors.apimachinery.status import forbidden, not_found
from kubeactors.apiserver.admission.plugin import CREATE, UPDATE, Attributes, Lookup, Plugin
from kubeactors.apiserver.authorization import MASTERS, Access, Authorizer
from kubeactors.apiserver.rbac.rules import FULL_AUTHORITY, compact, described, listed, missing

_RESOURCES = {"Role": "roles", "ClusterRole": "clusterroles"}


class RoleEscalation(Plugin):
    """Allows writing roles and bindings only if the user has the permissions in them.

    A user with `escalate` on a role may write any rules into it; one with `bind` may bind it to anybody.
    """

    def __init__(self, authorizer: Authorizer, lookup: Lookup) -> None:
        self._authorizer = authorizer
        self._lookup = lookup

    def concerns(self, kind: Kind[TypedObject], subresource: str, operation: str) -> bool:
        """Writes of roles and bindings."""
        del subresource
        return kind.group == GROUP and operation in (CREATE, UPDATE)

    def admit(self, value: TypedObject, attributes: Attributes) -> TypedObject:
        """The same object, if the user may write it.

        Raises:
            Forbidden: it grants more than the user has.
            NotFound: the role of a binding does not exist, so its permissions are unknown.
        """
        if MASTERS in attributes.user.groups or _collects_garbage(value, attributes.old):
            return value
        if isinstance(value, Role | ClusterRole):
            self._check_role(value, attributes)
        elif isinstance(value, RoleBinding | ClusterRoleBinding):
            self._check_binding(value.role_ref, attributes)
        return value

    def _check_role(self, role: Role | ClusterRole, attributes: Attributes) -> None:
        if self._may("escalate", attributes.kind.resource, attributes.name, attributes):
            return
        self._require(role.rules or (), attributes)
        old = attributes.old
        if _is_aggregated(role) or (old is not None and _is_aggregated(old)):
            owned = self._authorizer.rules(attributes.user, attributes.namespace).rules
            if missing(owned, FULL_AUTHORITY):
                why = "must have cluster-admin privileges to use the aggregationRule"
                raise forbidden(attributes.kind.resource, GROUP, attributes.name, why)

    def _check_binding(self, role: RoleRef, attributes: Attributes) -> None:
        resource = _RESOURCES.get(role.kind, "")
        if resource and self._may("bind", resource, role.name, attributes):
            return
        where = attributes.namespace if role.kind == "Role" else ""
        found = self._lookup.get(GroupVersionResource(GROUP, "v1", resource), where, role.name)
        if found is None:
            raise not_found(attributes.kind.resource, GROUP, role.name)
        self._require(cast("Role | ClusterRole", found).rules or (), attributes)

    def _may(self, verb: str, resource: str, name: str, attributes: Attributes) -> bool:
        namespace = attributes.namespace
        return self._authorizer.allows(
            Access(user=attributes.user, verb=verb, group=GROUP, resource=resource, namespace=namespace, name=name)
        )

    def _require(self, wanted: tuple[PolicyRule, ...], attributes: Attributes) -> None:
        """Require all of these rules."""
        user = attributes.user
        owned = self._authorizer.rules(user, attributes.namespace)
        lacking = missing(owned.rules, wanted)
        if not lacking:
            return
        lines = "\n".join(sorted(dict.fromkeys(map(described, compact(lacking)))))
        why = (
            f"user {quoted(user.name)} (groups={listed(user.groups)}) is attempting to grant RBAC permissions "
            f"not currently held:\n{lines}"
        )
        if owned.errors:
            why += f"; resolution errors: [{' '.join(owned.errors)}]"
        raise forbidden(attributes.kind.resource, GROUP, attributes.name, why)


def _is_aggregated(value: TypedObject) -> bool:
    return isinstance(value, ClusterRole) and value.aggregation_rule is not None


def _collects_garbage(new: TypedObject, old: TypedObject | None) -> bool:
    """Whether an update changes only fields that the garbage collector uses."""
    if old is None:
        return False
    metadata = replace(
        new.metadata,
        owner_references=old.metadata.owner_references,
        finalizers=old.metadata.finalizers,
        self_link=old.metadata.self_link,
        managed_fields=old.metadata.managed_fields,
    )
    return replace(new, metadata=metadata) == old
