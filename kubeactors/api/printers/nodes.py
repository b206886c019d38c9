"""The table printers of nodes.

Source: pkg/printers/internalversion/printers.go (v1.36).
"""

from collections.abc import Iterator

from kubeactors.api.core.v1.node import Node
from kubeactors.api.printers.table import AGE, NAME, NONE, UNKNOWN, Cells, Column, Printer, age

COLUMNS = (
    NAME,
    Column(name="Status", description="Whether the node is ready, and whether it is schedulable."),
    Column(name="Roles", description="The roles of the node, from its labels."),
    AGE,
    Column(name="Version", description="The version of the node's kubelet."),
    Column(name="Internal-IP", description="The node's address inside the cluster.", priority=1),
    Column(name="External-IP", description="The node's address outside the cluster.", priority=1),
    Column(name="OS-Image", description="The operating system, as its release file names it.", priority=1),
    Column(name="Kernel-Version", description="The version of the kernel.", priority=1),
    Column(name="Container-Runtime", description="The container runtime and its version.", priority=1),
)

ROLE_PREFIX, ROLE_LABEL = "node-role.kubernetes.io/", "kubernetes.io/role"


def node_cells(node: Node, now_ns: int) -> Cells:
    """All cells of a node's row."""
    info = node.status.node_info
    return (
        node.metadata.name,
        _status(node),
        ",".join(sorted(dict.fromkeys(_roles(node)))) or NONE,
        age(node.metadata, now_ns),
        info.kubelet_version,
        _address(node, "InternalIP"),
        _address(node, "ExternalIP"),
        info.os_image or UNKNOWN,
        info.kernel_version or UNKNOWN,
        info.container_runtime_version or UNKNOWN,
    )


PRINTER = Printer(columns=COLUMNS, cells=node_cells)


def _status(node: Node) -> str:
    ready = {one.type: one.status for one in node.status.conditions}.get("Ready")
    status = "Unknown" if ready is None else "Ready" if ready == "True" else "NotReady"
    return f"{status},SchedulingDisabled" if node.spec.unschedulable else status


def _roles(node: Node) -> Iterator[str]:
    for key, value in node.metadata.labels.items():
        role = key.removeprefix(ROLE_PREFIX) if key.startswith(ROLE_PREFIX) else value if key == ROLE_LABEL else ""
        if role:
            yield role


def _address(node: Node, kind: str) -> str:
    return next((one.address for one in node.status.addresses if one.type == kind), NONE)
