"""What a kubelet is told about its node."""

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
    """A node and how its kubelet behaves. Many kubelets may share the parts that are the same."""

    node_name: str
    node_ip: str
    pod_cidr: str
    """The range that the runtime takes pods' addresses from; shown in the Node. Empty: the Node is given one by others,
    and is not ready before."""
    capacity: Mapping[str, str] = msgspec.field(default_factory=lambda: DEFAULT_CAPACITY)
    allocatable: Mapping[str, str] | None = None
    """What pods may take of the capacity; all of it if None."""
    labels: Mapping[str, str] = msgspec.field(default_factory=dict[str, str])
    taints: tuple[Taint, ...] = ()
    """The Node is registered with these."""
    eviction_hard: Mapping[str, str] = msgspec.field(default_factory=lambda: DEFAULT_EVICTION_HARD)
    """How much of what must be left, by signal (`memory.available`, `nodefs.available`, `pid.available`); pods go if less is."""
    max_processes: int = 32_768
    """Of all pods; of interest only with a threshold for `pid.available`."""
    static_pods: tuple[Pod, ...] = ()
    """Run on the node, whatever the API says; the API shows mirrors of them."""
    csi_node: bool = False
    """Whether it creates the CSINode of its node. It stays without drivers: there are none on simulated machines."""
    account_tokens: bool = False
    """Whether the API server issues tokens of service accounts: then containers that read their files wait for theirs."""
    architecture: str = "amd64"
    kubelet_version: str = "v1.36.2"
    boot: int = 0
    """How often the machine was booted before; a boot that its Node does not know of is told."""
    tells_boot: bool = True
    """Whether people are told of each condition that a new node begins with. Of what changes later they always are."""
    lease_duration_seconds: int = 40
    heartbeat_seconds: float = 10.0
    node_status_seconds: float = 300.0
