"""An index of all roles and bindings by subject."""

from collections.abc import Callable, Iterator
from typing import TypeAlias, cast

import msgspec

from kubeactors.api.rbac.v1 import (
    GROUP,
    ClusterRole,
    ClusterRoleBinding,
    PolicyRule,
    Role,
    RoleBinding,
    RoleRef,
    Subject,
)
from kubeactors.api.rbac.v1.binding import GROUP_KIND, SERVICE_ACCOUNT, USER
from kubeactors.apimachinery.field import quoted
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import GroupVersionResource, UserInfo
from kubeactors.apimachinery.scheme import Kind
from kubeactors.apiserver.authorization import Objects
from kubeactors.apiserver.changes import Change

AnyRole: TypeAlias = Role | ClusterRole
AnyBinding: TypeAlias = RoleBinding | ClusterRoleBinding

_Person: TypeAlias = tuple[str, str]
"""The kind, user or group, and the name. A service account is a user."""

_Take: TypeAlias = Callable[[TypedObject], None]


class Grant(msgspec.Struct, frozen=True):
    """A binding that applies to a user, the matching subject, and the rules that it grants.

    `rules` is None if the role does not exist.
    """

    binding: AnyBinding
    subject: Subject
    rules: tuple[PolicyRule, ...] | None

    @property
    def problem(self) -> str:
        """The error of a binding whose role does not exist."""
        role = self.binding.role_ref
        return f"{role.kind.lower()}.{GROUP} {quoted(role.name)} not found"

    def __str__(self) -> str:
        """As reasons of decisions name it."""
        metadata, role = self.binding.metadata, self.binding.role_ref
        name = f"{metadata.name}/{metadata.namespace}" if metadata.namespace else metadata.name
        subject = self.subject
        who = subject.name
        if subject.kind == SERVICE_ACCOUNT:
            who = f"{subject.name}/{subject.namespace or metadata.namespace}"
        return f"{self.binding.kind} {quoted(name)} of {role.kind} {quoted(role.name)} to {subject.kind} {quoted(who)}"


class Policies:
    """The index, updated change by change. `version` counts changes."""

    def __init__(self) -> None:
        self.version: int = 0
        self._roles: dict[tuple[str, str], AnyRole] = {}
        self._bindings: dict[str, dict[_Person, dict[str, AnyBinding]]] = {}
        """By namespace (empty for cluster-wide ones), by subject, by name."""
        self._objects: Objects | None = None
        self._handlers: dict[type[TypedObject], tuple[GroupVersionResource, _Take, _Take]] = {
            Role: (_gvr("roles"), self._put_role, self._remove_role),
            ClusterRole: (_gvr("clusterroles"), self._put_role, self._remove_role),
            RoleBinding: (_gvr("rolebindings"), self._put_binding, self._remove_binding),
            ClusterRoleBinding: (_gvr("clusterrolebindings"), self._put_binding, self._remove_binding),
        }

    def follow(self, objects: Objects) -> None:
        """Index the roles and bindings of these objects, and no others."""
        self._objects = objects
        self.reset()
        objects.follow(self)

    def reset(self) -> None:
        """Rebuild the index."""
        self._roles.clear()
        self._bindings.clear()
        self.version += 1
        if self._objects is None:
            return
        for resource, put, _ in self._handlers.values():
            for one in self._objects.select(resource):
                put(one)

    def concerns(self, kind: Kind[TypedObject]) -> bool:
        """Whether it is a kind of role or binding."""
        return kind.group == GROUP

    def observe(self, kind: Kind[TypedObject], change: Change) -> None:
        """Apply a change."""
        _, put, remove = self._handlers[kind.type]
        self.version += 1
        if change.previous is not None:
            remove(change.previous)
        if change.current is not None:
            put(change.current)

    def grants(self, user: UserInfo, namespace: str) -> list[Grant]:
        """The grants to a user by the bindings of a namespace, or by ClusterRoleBindings if it is empty; by name."""
        by_person = self._bindings.get(namespace)
        if not by_person:
            return []
        found: dict[str, AnyBinding] = {}
        for person in _persons_of(user):
            found |= by_person.get(person, {})
        return [self._grant(found[name], user) for name in sorted(found)]

    def rules(self, user: UserInfo, namespace: str) -> tuple[list[PolicyRule], list[str]]:
        """The rules that apply to a user in a namespace, and the errors of bindings that cannot be resolved."""
        grants = self.grants(user, "") + (self.grants(user, namespace) if namespace else [])
        rules = [rule for one in grants for rule in one.rules or ()]
        return rules, [one.problem for one in grants if one.rules is None]

    def rules_of(self, role: RoleRef, namespace: str) -> tuple[PolicyRule, ...] | None:
        """The rules of the role that a binding in this namespace refers to; None if it does not exist."""
        found = self._roles.get((namespace if role.kind == "Role" else "", role.name))
        return None if found is None else found.rules or ()

    def _grant(self, binding: AnyBinding, user: UserInfo) -> Grant:
        namespace = binding.metadata.namespace
        persons = _persons_of(user)
        subject = next(one for one in binding.subjects if _person(one, namespace) in persons)
        return Grant(binding, subject, self.rules_of(binding.role_ref, namespace))

    def _put_role(self, role: TypedObject) -> None:
        self._roles[role.metadata.namespace, role.metadata.name] = cast("AnyRole", role)

    def _remove_role(self, role: TypedObject) -> None:
        del self._roles[role.metadata.namespace, role.metadata.name]

    def _put_binding(self, value: TypedObject) -> None:
        binding = cast("AnyBinding", value)
        by_person = self._bindings.setdefault(binding.metadata.namespace, {})
        for person in _persons(binding):
            by_person.setdefault(person, {})[binding.metadata.name] = binding

    def _remove_binding(self, value: TypedObject) -> None:
        binding = cast("AnyBinding", value)
        namespace = binding.metadata.namespace
        by_person = self._bindings.get(namespace, {})
        for person in dict.fromkeys(_persons(binding)):
            names = by_person[person]
            del names[binding.metadata.name]
            if not names:
                del by_person[person]
        if not by_person:
            self._bindings.pop(namespace, None)


def _gvr(resource: str) -> GroupVersionResource:
    return GroupVersionResource(GROUP, "v1", resource)


def _persons_of(user: UserInfo) -> list[_Person]:
    return [(USER, user.name), *((GROUP_KIND, group) for group in user.groups)]


def _persons(binding: AnyBinding) -> Iterator[_Person]:
    for subject in binding.subjects:
        person = _person(subject, binding.metadata.namespace)
        if person is not None:
            yield person


def _person(subject: Subject, namespace: str) -> _Person | None:
    """The user or group of a subject; a service account without a namespace is in the binding's."""
    if subject.kind != SERVICE_ACCOUNT:
        return subject.kind, subject.name
    where = subject.namespace or namespace
    return (USER, f"system:serviceaccount:{where}:{subject.name}") if where else None
