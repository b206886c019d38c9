"""The kinds of roles and bindings."""

from kubeactors.api.rbac.v1 import validation
from kubeactors.api.rbac.v1.binding import ClusterRoleBinding, RoleBinding
from kubeactors.api.rbac.v1.defaults import default_binding, default_role
from kubeactors.api.rbac.v1.role import GROUP, ClusterRole, Role
from kubeactors.apimachinery import names
from kubeactors.apimachinery.scheme import Kind

KINDS = (
    Kind(
        type=ClusterRole,
        group=GROUP,
        kind="ClusterRole",
        resource="clusterroles",
        singular="clusterrole",
        namespaced=False,
        name_rule=names.name_is_path_segment,
        default=default_role,
        validate=validation.validate_cluster_role,
        validate_update=validation.validate_cluster_role_update,
    ),
    Kind(
        type=ClusterRoleBinding,
        group=GROUP,
        kind="ClusterRoleBinding",
        resource="clusterrolebindings",
        singular="clusterrolebinding",
        namespaced=False,
        name_rule=names.name_is_path_segment,
        default=default_binding,
        validate=validation.validate_cluster_role_binding,
        validate_update=validation.validate_cluster_role_binding_update,
    ),
    Kind(
        type=Role,
        group=GROUP,
        kind="Role",
        resource="roles",
        singular="role",
        name_rule=names.name_is_path_segment,
        default=default_role,
        validate=validation.validate_role,
        validate_update=validation.validate_role_update,
    ),
    Kind(
        type=RoleBinding,
        group=GROUP,
        kind="RoleBinding",
        resource="rolebindings",
        singular="rolebinding",
        name_rule=names.name_is_path_segment,
        default=default_binding,
        validate=validation.validate_role_binding,
        validate_update=validation.validate_role_binding_update,
    ),
)
