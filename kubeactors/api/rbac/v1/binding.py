"""RoleBinding and ClusterRoleBinding: grant roles to subjects.

Source: api/rbac/v1/types.go (v1.36).
"""

from kubeactors.apimachinery.meta import Object, TypedObject, always

USER, GROUP_KIND, SERVICE_ACCOUNT = "User", "Group", "ServiceAccount"
"""The kinds of subjects."""


class Subject(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A user, a group, or a service account; the namespace is that of an account."""

    kind: str = always("")
    api_group: str = ""
    name: str = always("")
    namespace: str = ""


class RoleRef(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The role that is granted."""

    api_group: str = always("")
    kind: str = always("")
    name: str = always("")


class RoleBinding(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Grants a role within a namespace."""

    api_version: str = "rbac.authorization.k8s.io/v1"
    kind: str = "RoleBinding"
    subjects: tuple[Subject, ...] = ()
    role_ref: RoleRef = always(RoleRef())


class ClusterRoleBinding(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Grants a role in the whole cluster."""

    api_version: str = "rbac.authorization.k8s.io/v1"
    kind: str = "ClusterRoleBinding"
    subjects: tuple[Subject, ...] = ()
    role_ref: RoleRef = always(RoleRef())
