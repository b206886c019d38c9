"""The RBAC authorizer.

Answers are cached until a role or a binding changes, so that a repeated decision is two lookups in dicts.

Source: plugin/pkg/auth/authorizer/rbac/rbac.go (v1.36).
"""

from typing import TypeAlias

from kubeactors.api.rbac.v1 import PolicyRule
from kubeactors.apimachinery.requests import UserInfo
from kubeactors.apimachinery.status import aggregate
from kubeactors.apiserver.authorization import Access, Decision, Objects, Rules
from kubeactors.apiserver.rbac.policies import Policies
from kubeactors.apiserver.rbac.rules import allows, names_allowed

_KNOWN = 65536
"""The number of cached answers."""

_Names: TypeAlias = frozenset[str] | None
"""The names of the objects on which an access is allowed; None for all."""

_NOTHING: frozenset[str] = frozenset()

_Query: TypeAlias = tuple[str, tuple[str, ...], str, str, str, str, str]
"""User name, groups, verb, API group, resource, subresource, namespace."""


class RbacAuthorizer:
    """Allows what the roles bound to a user, or to one of its groups, allow."""

    def __init__(self) -> None:
        self.policies: Policies = Policies()
        self._version = 0
        self._known: dict[_Query, _Names] = {}
        self._rules: dict[tuple[str, tuple[str, ...], str], tuple[PolicyRule, ...]] = {}
        """The rules of each user in each namespace, as far as they were needed."""

    def follow(self, objects: Objects) -> None:
        """Index the roles and bindings of these objects."""
        self.policies.follow(objects)

    def allows(self, access: Access) -> bool:
        """Whether a ClusterRoleBinding allows it, or a RoleBinding of the namespace."""
        if access.path:
            return self.decide(access).allowed
        if self._version != self.policies.version:
            self._version = self.policies.version
            self._known.clear()
            self._rules.clear()
        return self._allowed(access, "") or (bool(access.namespace) and self._allowed(access, access.namespace))

    def decide(self, access: Access) -> Decision:
        """Allowed by the first matching binding; ClusterRoleBindings come first."""
        wrong: list[str] = []
        for namespace in ("", access.namespace) if access.namespace else ("",):
            for grant in self.policies.grants(access.user, namespace):
                if grant.rules is None:
                    wrong.append(grant.problem)
                elif any(allows(rule, access) for rule in grant.rules):
                    return Decision(allowed=True, reason=f"RBAC: allowed by {grant}")
        return Decision(allowed=False, reason=f"RBAC: {aggregate(wrong)}" if wrong else "")

    def rules(self, user: UserInfo, namespace: str) -> Rules:
        """The rules of all bindings of the user."""
        rules, errors = self.policies.rules(user, namespace)
        return Rules(rules=tuple(rules), errors=tuple(errors))

    def _allowed(self, access: Access, namespace: str) -> bool:
        user = access.user
        query = (user.name, user.groups, access.verb, access.group, access.resource, access.subresource, namespace)
        known = self._known
        names = known[query] if query in known else self._learn(user, query)
        return names is None or access.name in names

    def _learn(self, user: UserInfo, query: _Query) -> _Names:
        if len(self._known) >= _KNOWN:
            self._known.clear()
            self._rules.clear()
        self._known[query] = names = self._names(user, query)
        return names

    def _names(self, user: UserInfo, query: _Query) -> _Names:
        _, _, verb, group, resource, subresource, namespace = query
        names = _NOTHING
        for rule in self._rules_of(user, namespace):
            found = names_allowed(rule, verb, group, resource, subresource)
            if found == ():
                return None
            names = names.union(found or ())
        return names

    def _rules_of(self, user: UserInfo, namespace: str) -> tuple[PolicyRule, ...]:
        key = (user.name, user.groups, namespace)
        found = self._rules.get(key)
        if found is None:
            grants = self.policies.grants(user, namespace)
            found = self._rules[key] = tuple(rule for grant in grants for rule in grant.rules or ())
        return found
