"""The table printers of bindings of roles.

Source: pkg/printers/internalversion/printers.go (v1.36).
"""

from kubeactors.api.printers.table import AGE, NAME, Cells, Column, Printer, age
from kubeactors.api.rbac.v1.binding import (
    GROUP_KIND,
    SERVICE_ACCOUNT,
    USER,
    ClusterRoleBinding,
    RoleBinding,
    Subject,
)


def binding_cells(binding: RoleBinding | ClusterRoleBinding, now_ns: int) -> Cells:
    """All cells of a binding's row."""
    role, subjects = binding.role_ref, binding.subjects
    accounts = ", ".join(f"{one.namespace}/{one.name}" for one in subjects if one.kind == SERVICE_ACCOUNT)
    return (
        binding.metadata.name,
        f"{role.kind}/{role.name}",
        age(binding.metadata, now_ns),
        _names(subjects, USER),
        _names(subjects, GROUP_KIND),
        accounts,
    )


def _names(subjects: tuple[Subject, ...], kind: str) -> str:
    return ", ".join(one.name for one in subjects if one.kind == kind)


BINDING: Printer[RoleBinding | ClusterRoleBinding] = Printer(
    columns=(
        NAME,
        Column(name="Role", description="The kind and name of the role."),
        AGE,
        Column(name="Users", description="The users that are granted the role.", priority=1),
        Column(name="Groups", description="The groups that are granted the role.", priority=1),
        Column(name="ServiceAccounts", description="The service accounts that are granted the role.", priority=1),
    ),
    cells=binding_cells,
)
