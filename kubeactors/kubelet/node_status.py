"""The Node that a kubelet registers, and its status. Pure.

Source: pkg/kubelet/kubelet_node_status.go, pkg/kubelet/nodestatus/setters.go (v1.36).
"""

import hashlib

import msgspec

from kubeactors.api.core.v1 import (
    DaemonEndpoint,
    Node,
    NodeAddress,
    NodeCondition,
    NodeDaemonEndpoints,
    NodeSpec,
    NodeStatus,
    NodeSystemInfo,
)
from kubeactors.api.core.v1.node import ContainerImage
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.kubelet.config import KubeletConfig

KUBELET_PORT = 10250
HEALTHY = (
    ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
)
NO_NETWORK = (
    "Ready",
    "False",
    "KubeletNotReady",
    (
        "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady "
        "message:Network plugin returns error: cni plugin not initialized"
    ),
)
PRESSED = {
    "MemoryPressure": ("KubeletHasInsufficientMemory", "kubelet has insufficient memory available"),
    "DiskPressure": ("KubeletHasDiskPressure", "kubelet has disk pressure"),
    "PIDPressure": ("KubeletHasInsufficientPID", "kubelet has insufficient PID available"),
}
_ENDPOINTS = NodeDaemonEndpoints(kubelet_endpoint=DaemonEndpoint(port=KUBELET_PORT))


def labels_of(config: KubeletConfig) -> dict[str, str]:
    """The labels that a kubelet maintains, and the configured ones."""
    return {
        "beta.kubernetes.io/arch": config.architecture,
        "beta.kubernetes.io/os": "linux",
        "kubernetes.io/arch": config.architecture,
        "kubernetes.io/hostname": config.node_name,
        "kubernetes.io/os": "linux",
        **config.labels,
    }


def new_node(config: KubeletConfig, runtime_version: str, now: str) -> Node:
    """The Node to register."""
    node = Node(
        metadata=ObjectMeta(
            name=config.node_name,
            labels=labels_of(config),
            annotations={"volumes.kubernetes.io/controller-managed-attach-detach": "true"},
        ),
        spec=NodeSpec(
            pod_cidr=config.pod_cidr, pod_cidrs=(config.pod_cidr,) if config.pod_cidr else (), taints=config.taints
        ),
    )
    return with_status(node, config, runtime_version, now)


def with_status(  # noqa: PLR0913 -- all that a status depends on
    node: Node,
    config: KubeletConfig,
    runtime_version: str,
    now: str,
    *,
    pressures: tuple[str, ...] = (),
    images: tuple[ContainerImage, ...] = (),
) -> Node:
    """The Node with the kubelet's status as of now; conditions and resources of others are kept."""
    capacity = {**node.status.capacity, **config.capacity}
    known = {one.type: one for one in node.status.conditions}
    has_network = bool(config.pod_cidr or node.spec.pod_cidr)
    healthy = HEALTHY if has_network else (*HEALTHY[:-1], NO_NETWORK)
    ours = tuple(
        _condition((one[0], "True", *PRESSED[one[0]]) if one[0] in pressures else one, known.get(one[0]), now)
        for one in healthy
    )
    owned = {one.type for one in ours}
    others = tuple(one for one in node.status.conditions if one.type not in owned)
    status = msgspec.structs.replace(
        node.status,
        capacity=capacity,
        allocatable={**capacity, **(config.allocatable or {})},
        conditions=others + ours,
        addresses=(
            NodeAddress(type="InternalIP", address=config.node_ip),
            NodeAddress(type="Hostname", address=config.node_name),
        ),
        daemon_endpoints=_ENDPOINTS,
        node_info=_system_info(config, runtime_version),
        images=images,
    )
    return msgspec.structs.replace(node, status=status)


def differs(one: NodeStatus, another: NodeStatus) -> bool:
    """Whether two statuses differ, apart from heartbeat times.

    Source: pkg/kubelet/kubelet_node_status.go, nodeStatusHasChanged.

    >>> told, again = (NodeStatus(conditions=(NodeCondition(type="Ready", last_heartbeat_time=at),)) for at in "12")
    >>> differs(told, again), differs(told, NodeStatus())
    (False, True)
    """
    return _undated(one) != _undated(another)


def _undated(status: NodeStatus) -> NodeStatus:
    conditions = (msgspec.structs.replace(one, last_heartbeat_time=None) for one in status.conditions)
    return msgspec.structs.replace(status, conditions=tuple(sorted(conditions, key=_type_of)))


def _type_of(condition: NodeCondition) -> str:
    return condition.type


def with_labels(node: Node, config: KubeletConfig) -> Node:
    """The Node with the labels that the kubelet maintains; the same object if it has them."""
    labels = node.metadata.labels | labels_of(config)
    if labels == node.metadata.labels:
        return node
    return msgspec.structs.replace(node, metadata=msgspec.structs.replace(node.metadata, labels=labels))


def _condition(row: tuple[str, str, str, str], old: NodeCondition | None, now: str) -> NodeCondition:
    type_, status, reason, message = row
    return NodeCondition(
        type=type_,
        status=status,
        last_heartbeat_time=now,
        last_transition_time=old.last_transition_time if old is not None and old.status == status else now,
        reason=reason,
        message=message,
    )


def _system_info(config: KubeletConfig, runtime_version: str) -> NodeSystemInfo:
    identity = hashlib.sha256(config.node_name.encode()).hexdigest()
    boot = hashlib.sha256(f"{config.node_name}/{config.boot}".encode()).hexdigest()
    return NodeSystemInfo(
        machine_id=identity[:32],
        system_uuid=_uuid(identity),
        boot_id=_uuid(boot),
        kernel_version="6.12.0-kubeactors",
        os_image="kubeactors",
        container_runtime_version=runtime_version,
        kubelet_version=config.kubelet_version,
        operating_system="linux",
        architecture=config.architecture,
    )


def _uuid(digits: str) -> str:
    """Format hex digits as a UUID."""
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:32]}"
