"""RBAC: roles and bindings, and requests of users who are not administrators."""

from typing import Literal

from kubeactors.sim.steps import Action

Person = Literal["alice", "bob"]
Thing = Literal["config-map", "secret", "service", "role"]
"""The resources of roles; `role` stands for roles and their bindings."""
Verb = Literal["get", "list", "create", "patch", "delete", "*"]
Extent = Literal["role", "cluster-role", "cluster"]
"""A Role in the tenant's namespace; a ClusterRole bound there; a ClusterRole bound in the whole cluster."""


class GrantTenantRole(Action, frozen=True, kw_only=True, tag="grant-tenant-role"):
    """Create a role and its binding, or change the rules of the role."""

    number: int
    """Part of the names of its role and binding."""
    verbs: tuple[Verb, ...]
    thing: Thing
    which: int = 0
    """The number of the only object that it allows; 0 for all."""
    extent: Extent = "role"
    to: Literal["alice", "team"] = "alice"
    """Alice, or a group that all persons are members of."""


class RevokeTenantRole(Action, frozen=True, kw_only=True, tag="revoke-tenant-role"):
    """Delete the binding, or the role."""

    number: int
    extent: Extent
    role: bool = False


class ActAs(Action, frozen=True, kw_only=True, tag="act-as"):
    """Send a request as a person, or ask by SelfSubjectAccessReview whether it is allowed."""

    person: Person
    verb: Verb
    thing: Thing
    number: int
    asks: bool = False
    elsewhere: bool = False
    """Whether in the namespace `default`, not in the tenant's."""


class DelegateRole(Action, frozen=True, kw_only=True, tag="delegate-role"):
    """Try to create a role in the tenant's namespace and bind it to another person."""

    person: Person
    to: Person
    number: int
    """Part of its name."""
    verbs: tuple[Verb, ...]
    thing: Thing


RoleAction = GrantTenantRole | RevokeTenantRole | ActAs | DelegateRole
