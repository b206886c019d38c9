"""The configuration of a kubelet and its node."""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from kubeactors.api.core.v1 import Pod, Taint

DEFAULT_CAPACITY: Mapping[str, str] = MappingProxyType(
    {"cpu": "32", "ephemeral-storage": "1Ti", "memory": "256Gi", "pods": "110"}
)
DEFAULT_EVICTION_HARD: Mapping[str, str] = MappingProxyType({"memory.available": "100Mi", "nodefs.available": "10%"})
"""Source: pkg/kubelet/apis/config/v1beta1/defaults_linux.go (v1.36)."""


class KubeletConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The configuration of a node and its kubelet. Many kubelets may share equal parts."""

    node_name: str
    node_ip: str
    pod_cidr: str
    """The range of pod addresses, written to the Node. Empty: another component allocates it, and the Node is not ready
    before."""
    capacity: Mapping[str, str] = msgspec.field(default_factory=lambda: DEFAULT_CAPACITY)
    allocatable: Mapping[str, str] | None = None
    """The part of the capacity for pods; None means all of it."""
    labels: Mapping[str, str] = msgspec.field(default_factory=dict[str, str])
    taints: tuple[Taint, ...] = ()
    """The taints with which the Node is registered."""
    eviction_hard: Mapping[str, str] = msgspec.field(default_factory=lambda: DEFAULT_EVICTION_HARD)
    """Eviction thresholds by signal (`memory.available`, `nodefs.available`, `pid.available`)."""
    max_processes: int = 32_768
    """The PID limit of all pods together; used only with a threshold for `pid.available`."""
    static_pods: tuple[Pod, ...] = ()
    """The static pods of the node; the API shows mirror pods."""
    csi_node: bool = False
    """Whether the kubelet creates the CSINode of its node. It has no drivers: simulated machines have none."""
    account_tokens: bool = False
    """Whether the API server issues service account tokens: then containers that read their files wait for them."""
    architecture: str = "amd64"
    kubelet_version: str = "v1.36.2"
    boot: int = 0
    """How often the machine was booted before. A boot that the Node does not show is recorded as an event."""
    tells_boot: bool = True
    """Whether events are recorded for the initial conditions of a new node. Later changes are always recorded."""
    lease_duration_seconds: int = 40
    heartbeat_seconds: float = 10.0
    node_status_seconds: float = 300.0
