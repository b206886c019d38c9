"""Nodes.

Source: k8s.io/api/core/v1/types.go (v1.36).
"""

from collections.abc import Iterator
from typing import Annotated

import msgspec

from kubeactors.api.core.v1.affinity import Taint
from kubeactors.api.ip_advice import warn_of_cidr
from kubeactors.apimachinery.meta import Object, Quantity, Time, TypedObject, always, merge_by


class ConfigMapNodeConfigSource(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A ConfigMap with the kubelet's configuration. No longer used."""

    namespace: str = always("")
    name: str = always("")
    uid: str = ""
    resource_version: str = ""
    kubelet_config_key: str = always("")


class NodeConfigSource(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Where the kubelet's configuration comes from. No longer used."""

    config_map: ConfigMapNodeConfigSource | None = None


class NodeSpec(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The configuration of a node."""

    pod_cidr: str = msgspec.field(name="podCIDR", default="")
    pod_cidrs: Annotated[tuple[str, ...], merge_by("")] = msgspec.field(name="podCIDRs", default=())
    provider_id: str = msgspec.field(name="providerID", default="")
    unschedulable: bool = False
    taints: tuple[Taint, ...] = ()
    config_source: NodeConfigSource | None = None
    external_id: str = msgspec.field(name="externalID", default="")


class DaemonEndpoint(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A port that a daemon listens on."""

    port: int = msgspec.field(name="Port", default_factory=int)


class NodeDaemonEndpoints(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The ports of the node's daemons."""

    kubelet_endpoint: DaemonEndpoint = always(DaemonEndpoint())


class NodeSwapStatus(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The swap space of a node."""

    capacity: int | None = None


class NodeSystemInfo(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Identity and versions of a node."""

    machine_id: str = msgspec.field(name="machineID", default_factory=str)
    system_uuid: str = msgspec.field(name="systemUUID", default_factory=str)
    boot_id: str = msgspec.field(name="bootID", default_factory=str)
    kernel_version: str = always("")
    os_image: str = always("")
    container_runtime_version: str = always("")
    kubelet_version: str = always("")
    kube_proxy_version: str = always("")
    operating_system: str = always("")
    architecture: str = always("")
    swap: NodeSwapStatus | None = None


class NodeConfigStatus(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Which configuration the kubelet uses. No longer used."""

    assigned: NodeConfigSource | None = None
    active: NodeConfigSource | None = None
    last_known_good: NodeConfigSource | None = None
    error: str = ""


class NodeRuntimeHandlerFeatures(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The features of a runtime handler."""

    recursive_read_only_mounts: bool | None = None
    user_namespaces: bool | None = None


class NodeRuntimeHandler(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A handler of the container runtime."""

    name: str = always("")
    features: NodeRuntimeHandlerFeatures | None = None


class NodeFeatures(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The features of the container runtime."""

    supplemental_groups_policy: bool | None = None


class AttachedVolume(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A volume attached to the node."""

    name: str = always("")
    device_path: str = always("")


class ContainerImage(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """An image on the node."""

    names: tuple[str, ...] = always(())
    size_bytes: int = 0


class NodeAddress(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """An address of the node. `type` is Hostname, InternalIP, ExternalIP, InternalDNS or ExternalDNS."""

    type: str = always("")
    address: str = always("")


class NodeCondition(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A condition of a node."""

    type: str = always("")
    status: str = always("")
    last_heartbeat_time: Time | None = always(None)
    last_transition_time: Time | None = always(None)
    reason: str = ""
    message: str = ""


class NodeStatus(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The observed state of a node, as its kubelet reports it."""

    capacity: dict[str, Quantity] = {}
    allocatable: dict[str, Quantity] = {}
    phase: str = ""
    conditions: Annotated[tuple[NodeCondition, ...], merge_by("type")] = ()
    addresses: Annotated[tuple[NodeAddress, ...], merge_by("type")] = ()
    daemon_endpoints: NodeDaemonEndpoints = always(NodeDaemonEndpoints())
    node_info: NodeSystemInfo = always(NodeSystemInfo())
    images: tuple[ContainerImage, ...] = ()
    volumes_in_use: tuple[str, ...] = ()
    volumes_attached: tuple[AttachedVolume, ...] = ()
    config: NodeConfigStatus | None = None
    runtime_handlers: tuple[NodeRuntimeHandler, ...] = ()
    features: NodeFeatures | None = None
    declared_features: tuple[str, ...] = ()


class Node(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A machine that runs pods. Its name is the value of the label `kubernetes.io/hostname` on most clusters."""

    api_version: str = "v1"
    kind: str = "Node"
    spec: NodeSpec = always(NodeSpec())
    status: NodeStatus = always(NodeStatus())


def node_fields(node: Node) -> dict[str, str]:
    """The fields that field selectors support.

    Source: pkg/registry/core/node/strategy.go (v1.36).

    >>> node_fields(Node())
    {'spec.unschedulable': 'false'}
    """
    return {"spec.unschedulable": "true" if node.spec.unschedulable else "false"}


def warn_of_node(node: Node, _old: Node | None) -> Iterator[str]:
    """A field that is ignored, and ranges that are not in canonical form."""
    if node.spec.external_id:
        yield "spec.externalID: this field is deprecated, and is unused by Kubernetes"
    for i, block in enumerate(node.spec.pod_cidrs):
        yield from warn_of_cidr(block, f"spec.podCIDRs[{i}]")
