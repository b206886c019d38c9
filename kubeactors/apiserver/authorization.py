"""Who may do what.

`Authorizer` is the seam; `ControlPlaneAuthorizer` is its first form: administrators and the components of the
control plane may do everything, everybody else nothing.

Source: apiserver/pkg/endpoints/handlers/responsewriters/errors.go (v1.36).
"""

from typing import Protocol

import msgspec

from kubeactors.apimachinery.requests import UserInfo
from kubeactors.apimachinery.status import StatusError, forbidden

_COMPONENTS = ("system:kube-controller-manager", "system:kube-scheduler", "system:apiserver")
_COMPONENT_PREFIXES = ("system:node:", "system:serviceaccount:kube-system:")


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants to do."""

    user: UserInfo
    verb: str
    group: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""


class Authorizer(Protocol):
    """Decides whether an access is allowed."""

    def allows(self, access: Access) -> bool:
        """True if it is."""
        ...


class ControlPlaneAuthorizer:
    """Allows administrators and components everything, nobody else anything."""

    def allows(self, access: Access) -> bool:
        """True for members of system:masters, and for the users of components."""
        user = access.user
        return "system:masters" in user.groups or user.name in _COMPONENTS or user.name.startswith(_COMPONENT_PREFIXES)


def denied(access: Access, reason: str = "") -> StatusError:
    """The refusal of an access, in RBAC's words.

    >>> print(denied(Access(user=UserInfo(name="jane"), verb="list", resource="pods", namespace="default")))
    pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "default"
    """
    resource = f"{access.resource}/{access.subresource}" if access.subresource else access.resource
    where = f'in the namespace "{access.namespace}"' if access.namespace else "at the cluster scope"
    why = f'User "{access.user.name}" cannot {access.verb} resource "{resource}" in API group "{access.group}" {where}'
    return forbidden(
        access.resource, access.group, access.name, f"{_escaped(why)}: {reason}" if reason else _escaped(why)
    )


def _escaped(text: str) -> str:
    """As the original does, lest an error look like a page."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
