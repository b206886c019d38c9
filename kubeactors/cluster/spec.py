"""What a cluster is made of, as data."""

from pathlib import Path

import msgspec

from kubeactors.apiserver.config import ApiServerConfig

ZONE_LABEL = "topology.kubernetes.io/zone"
RACK_LABEL = "topology.kubernetes.io/rack"


class NodePool(msgspec.Struct, frozen=True, kw_only=True):
    """Nodes of one shape. Quantities are texts as in a manifest.

    The nodes are dealt out to `racks` racks in turn, so that a rack is what loses power together.
    """

    count: int = 3
    prefix: str = "node"
    cpu: str = "8"
    memory: str = "16Gi"
    pods: str = "110"
    racks: int = 3
    zone: str = ""
    """The nodes' `topology.kubernetes.io/zone`; without one they have no such label."""
    start_latency_seconds: float = 0.5
    """How long a simulated container takes to start."""
    stop_latency_seconds: float = 0.0
    """How long it takes to stop."""

    def names(self) -> tuple[str, ...]:
        """The nodes' names.

        >>> NodePool(count=2).names()
        ('node-1', 'node-2')
        """
        return tuple(f"{self.prefix}-{number}" for number in range(1, self.count + 1))

    def rack_of(self, index: int) -> str:
        """The rack of the node at this index, from 0.

        >>> [NodePool(racks=2).rack_of(index) for index in range(3)]
        ['rack-1', 'rack-2', 'rack-1']
        """
        return f"rack-{index % self.racks + 1}"


class Timing(msgspec.Struct, frozen=True, kw_only=True):
    """How soon a dead node is noticed. The defaults are Kubernetes'.

    Source: pkg/kubelet/apis/config/v1beta1/defaults.go, pkg/controller/nodelifecycle/config/v1alpha1/defaults.go (v1.36).
    """

    heartbeat_seconds: float = 10.0
    lease_duration_seconds: int = 40
    node_monitor_grace_seconds: float = 50.0
    evicted_nodes_per_second: float = 0.1
    """So many dead nodes of a zone are emptied; not all at once, lest a network failure empties the cluster."""


QUICK = Timing(
    heartbeat_seconds=0.5, lease_duration_seconds=2, node_monitor_grace_seconds=2.0, evicted_nodes_per_second=5.0
)
"""For demonstrations: a dead node is noticed after two seconds."""


class ClusterSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A whole cluster. Without `data_dir` everything is in memory and ends with the cluster."""

    nodes: NodePool = NodePool()
    data_dir: Path | None = None
    server: ApiServerConfig = ApiServerConfig()
    timing: Timing = Timing()
    scheduler: dict[str, object] | None = None
    """A KubeSchedulerConfiguration as it comes from YAML; None is the default profile."""
    power_switch: bool = False
    """Whether the annotation `kubeactors.io/power: off` on a Node cuts its machine's power."""
    root_ca: str = ""
    """PEM of the certificate that pods check the API server's with."""
    account_key: bytes = b""
    """PEM of the key that signs tokens of service accounts; without it there are none."""
