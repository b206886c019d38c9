"""The interface between the server and its authorizers.

Source: apiserver/pkg/authorization/authorizer/interfaces.go, apiserver/pkg/authorization/union/union.go,
apiserver/pkg/endpoints/handlers/responsewriters/errors.go (v1.36).
"""

from collections.abc import Iterator, Sequence
from typing import Protocol

import msgspec
from msgspec.structs import replace

from kubeactors.api.rbac.v1 import PolicyRule
from kubeactors.apimachinery import fieldselector
from kubeactors.apimachinery.fieldselector import FieldSelectorError
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import GroupVersionResource, UserInfo
from kubeactors.apimachinery.status import Forbidden, StatusDetails, StatusError, forbidden
from kubeactors.apiserver.cacher import Follower

NAMESPACES = GroupVersionResource("", "v1", "namespaces")

MASTERS = "system:masters"
"""The group whose members are allowed everything."""


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """The attributes of a request to authorize: a verb on a resource, or on a non-resource `path`."""

    user: UserInfo
    verb: str
    group: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    path: str = ""
    field_selector: str = ""

    def selected(self, field: str) -> str:
        """The value that the field selector of a list or watch requires of a field; empty if it requires none."""
        try:
            return fieldselector.parse(self.field_selector).exact(field) or ""
        except FieldSelectorError:
            return ""


class Decision(msgspec.Struct, frozen=True):
    """Whether an access is allowed, and why: the binding that allows it, or the errors met while evaluating it."""

    allowed: bool
    reason: str = ""


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """The rules that apply to a user. `incomplete`: there may be more; `errors` say why they could not be evaluated."""

    rules: tuple[PolicyRule, ...] = ()
    incomplete: bool = False
    errors: tuple[str, ...] = ()


class Objects(Protocol):
    """The objects that authorizers read: the watch cache."""

    def get(self, resource: GroupVersionResource, namespace: str, name: str) -> TypedObject | None:
        """An object, or None if there is none."""
        ...

    def select(self, resource: GroupVersionResource, namespace: str = "") -> Iterator[TypedObject]:
        """The objects of a namespace, or of all."""
        ...

    def on_node(self, resource: GroupVersionResource, node: str, namespace: str) -> Iterator[TypedObject]:
        """The objects of a resource that are bound to a node, in one namespace."""
        ...

    def follow(self, follower: Follower) -> None:
        """Send a follower all changes from now on."""
        ...


def access_to(  # noqa: PLR0913 -- a request has this many attributes
    user: UserInfo,
    verb: str,
    resource: GroupVersionResource,
    *,
    namespace: str = "",
    name: str = "",
    subresource: str = "",
    field_selector: str = "",
) -> Access:
    """The access that a request needs. A namespace is in itself; a selector of a single name stands for that name.

    Source: apiserver/pkg/endpoints/request/requestinfo.go (v1.36).
    """
    access = Access(
        user=user,
        verb=verb,
        group=resource.group,
        resource=resource.resource,
        subresource=subresource,
        namespace=name if resource == NAMESPACES else namespace,
        name=name,
        field_selector=field_selector,
    )
    if field_selector and not name and (selected := access.selected("metadata.name")):
        return replace(access, name=selected)
    return access


class Authorizer(Protocol):
    """Decides which accesses are allowed."""

    def follow(self, objects: Objects) -> None:
        """Decide by these objects from now on; drop what was cached of others."""
        ...

    def allows(self, access: Access) -> bool:
        """Whether an access is allowed."""
        ...

    def decide(self, access: Access) -> Decision:
        """The same with the reason; slower."""
        ...

    def rules(self, user: UserInfo, namespace: str) -> Rules:
        """The rules that apply to a user in a namespace, as far as the authorizer works by rules."""
        ...


class Masters:
    """Allows the members of system:masters everything. Source: apiserver/pkg/authorization/authorizerfactory/builtin.go."""

    def follow(self, objects: Objects) -> None:
        """Do nothing: the decision needs no objects."""

    def allows(self, access: Access) -> bool:
        """Whether the user is a member."""
        return MASTERS in access.user.groups

    def decide(self, access: Access) -> Decision:
        """The same; there is no reason."""
        return Decision(self.allows(access))

    def rules(self, user: UserInfo, namespace: str) -> Rules:
        """None: the group is bound to the role cluster-admin, which RBAC reports."""
        del user, namespace
        return Rules()


class Union:
    """Allows what any of its authorizers allows. They are asked in order."""

    def __init__(self, authorizers: Sequence[Authorizer]) -> None:
        self._authorizers = tuple(authorizers)

    def follow(self, objects: Objects) -> None:
        """Pass the objects to each authorizer."""
        for one in self._authorizers:
            one.follow(objects)

    def allows(self, access: Access) -> bool:
        """Whether any of them allows it."""
        for one in self._authorizers:  # noqa: SIM110 -- a generator would double the cost of a check made per request
            if one.allows(access):
                return True
        return False

    def decide(self, access: Access) -> Decision:
        """The reason of the first that allows it; else the reasons of all."""
        reasons: list[str] = []
        for one in self._authorizers:
            decision = one.decide(access)
            if decision.allowed:
                return decision
            if decision.reason:
                reasons.append(decision.reason)
        return Decision(allowed=False, reason="\n".join(reasons))

    def rules(self, user: UserInfo, namespace: str) -> Rules:
        """The rules of all of them."""
        found = [one.rules(user, namespace) for one in self._authorizers]
        return Rules(
            rules=tuple(rule for one in found for rule in one.rules),
            incomplete=any(one.incomplete for one in found),
            errors=tuple(error for one in found for error in one.errors),
        )


def denied(access: Access, reason: str = "") -> StatusError:
    """The error for an access that is not allowed.

    >>> print(denied(Access(user=UserInfo(name="jane"), verb="list", resource="pods", namespace="default")))
    pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "default"
    >>> print(denied(Access(user=UserInfo(name="jane"), verb="get", path="/metrics")))
    forbidden: User "jane" cannot get path "/metrics"
    """
    why = _escaped(f'User "{access.user.name}" cannot {access.verb} {_what(access)}')
    if reason:
        why = f"{why}: {reason}"
    if access.path:
        return Forbidden.saying(f"forbidden: {why}", StatusDetails())
    return forbidden(access.resource, access.group, access.name, why)


def _what(access: Access) -> str:
    if access.path:
        return f'path "{access.path}"'
    resource = f"{access.resource}/{access.subresource}" if access.subresource else access.resource
    where = f'in the namespace "{access.namespace}"' if access.namespace else "at the cluster scope"
    return f'resource "{resource}" in API group "{access.group}" {where}'


def _escaped(text: str) -> str:
    """Escaped as kube-apiserver does, so that an error cannot be rendered as HTML."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
