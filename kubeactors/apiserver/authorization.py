"""Who may do what: the seam between the server and those who decide.

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
"""The group whose members may do everything."""


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants to do: a verb on a resource, or with a `path` on that path."""

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
        """The one value of a field that the selector of a list or watch asks for; empty if it does not."""
        try:
            return fieldselector.parse(self.field_selector).exact(field) or ""
        except FieldSelectorError:
            return ""


class Decision(msgspec.Struct, frozen=True):
    """Whether an access is allowed, and why: by which binding, or what is wrong with one that might allow it."""

    allowed: bool
    reason: str = ""


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """The rules that a user has somewhere. `incomplete`: more may be allowed; `errors` say why that is not known."""

    rules: tuple[PolicyRule, ...] = ()
    incomplete: bool = False
    errors: tuple[str, ...] = ()


class Objects(Protocol):
    """The objects that decisions rest on: the watch cache."""

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
        """Let somebody see all changes from now on."""
        ...


def access_to(  # noqa: PLR0913 -- a request has so many parts
    user: UserInfo,
    verb: str,
    resource: GroupVersionResource,
    *,
    namespace: str = "",
    name: str = "",
    subresource: str = "",
    field_selector: str = "",
) -> Access:
    """The access that a request needs. A namespace is in itself; a selector of one name is that name.

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
    """Decides whether an access is allowed."""

    def follow(self, objects: Objects) -> None:
        """Decide by these objects from now on, and forget what was known."""
        ...

    def allows(self, access: Access) -> bool:
        """Whether it is."""
        ...

    def decide(self, access: Access) -> Decision:
        """The same, with the reason; slower."""
        ...

    def rules(self, user: UserInfo, namespace: str) -> Rules:
        """What the user may do in a namespace, as far as that can be said by rules."""
        ...


class Masters:
    """Allows the members of system:masters everything. Source: apiserver/pkg/authorization/authorizerfactory/builtin.go."""

    def follow(self, objects: Objects) -> None:
        """Nothing needs to be known."""

    def allows(self, access: Access) -> bool:
        """Whether the user is a member."""
        return MASTERS in access.user.groups

    def decide(self, access: Access) -> Decision:
        """The same; there is no reason to tell."""
        return Decision(self.allows(access))

    def rules(self, user: UserInfo, namespace: str) -> Rules:
        """A binding of that group to the role cluster-admin says it."""
        del user, namespace
        return Rules()


class Union:
    """Allows what one of several authorizers allows; they are asked in their order."""

    def __init__(self, authorizers: Sequence[Authorizer]) -> None:
        self._authorizers = tuple(authorizers)

    def follow(self, objects: Objects) -> None:
        """All of them do."""
        for one in self._authorizers:
            one.follow(objects)

    def allows(self, access: Access) -> bool:
        """Whether one does."""
        for one in self._authorizers:  # noqa: SIM110 -- a generator costs as much as a decision, and each request has one
            if one.allows(access):
                return True
        return False

    def decide(self, access: Access) -> Decision:
        """The first that allows it gives the reason; else all that have something to say."""
        reasons: list[str] = []
        for one in self._authorizers:
            decision = one.decide(access)
            if decision.allowed:
                return decision
            if decision.reason:
                reasons.append(decision.reason)
        return Decision(allowed=False, reason="\n".join(reasons))

    def rules(self, user: UserInfo, namespace: str) -> Rules:
        """Those of all."""
        found = [one.rules(user, namespace) for one in self._authorizers]
        return Rules(
            rules=tuple(rule for one in found for rule in one.rules),
            incomplete=any(one.incomplete for one in found),
            errors=tuple(error for one in found for error in one.errors),
        )


def denied(access: Access, reason: str = "") -> StatusError:
    """The refusal of an access.

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
    """As the original does, lest an error look like a page."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
