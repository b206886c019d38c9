"""The configuration of a cluster."""

import ssl
from collections.abc import Iterable
from pathlib import Path

import msgspec

from kubeactors.api.core.v1 import Pod, Taint
from kubeactors.apiserver.audit.policy import DEFAULT_POLICY, Policy
from kubeactors.apiserver.config import ApiServerConfig
from kubeactors.kubelet.stages.stage import Stage

ZONE_LABEL = "topology.kubernetes.io/zone"
RACK_LABEL = "topology.kubernetes.io/rack"


class NodePool(msgspec.Struct, frozen=True, kw_only=True):
    """Nodes of one shape. Quantities are strings as in a manifest.

    Nodes are assigned to `racks` racks round-robin; the nodes of a rack lose power together. With 0 racks each node has
    a power supply of its own.
    """

    count: int = 3
    prefix: str = "node"
    cpu: str = "8"
    memory: str = "16Gi"
    pods: str = "110"
    racks: int = 3
    zone: str = ""
    """The nodes' `topology.kubernetes.io/zone`; without one they have no such label."""
    zones: int = 0
    """Assign the nodes to this many zones round-robin, `zone-1` and so on, instead of one `zone`."""
    labels: dict[str, str] = {}
    """Further labels; they override those of racks and zones."""
    taints: tuple[Taint, ...] = ()
    resources: dict[str, str] = {}
    """Further capacity, such as `nvidia.com/gpu`."""
    allocatable: dict[str, str] = {}
    """The allocatable resources, where they are less than the capacity."""
    own_names: tuple[str, ...] = ()
    """The nodes' names, instead of prefix and number; `count` is their number then."""
    eviction_hard: dict[str, str] = {}
    """The hard eviction thresholds, by signal; empty means the kubelet's defaults."""
    static_pods: tuple[Pod, ...] = ()
    """Static pods of every node in the pool."""
    start_latency_seconds: float = 0.5
    """How long a simulated container takes to start."""
    stop_latency_seconds: float = 0.0
    """How long it takes to stop."""

    def __post_init__(self) -> None:
        for name in ("count", "racks", "zones"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} of a node pool is {getattr(self, name)}; it must not be negative")

    def names(self) -> tuple[str, ...]:
        """The nodes' names.

        >>> NodePool(count=2).names()
        ('node-1', 'node-2')
        """
        return self.own_names or tuple(f"{self.prefix}-{number}" for number in range(1, self.count + 1))

    def rack_of(self, index: int) -> str:
        """The rack of the node at this index, from 0.

        >>> [NodePool(racks=2).rack_of(index) for index in range(3)]
        ['rack-1', 'rack-2', 'rack-1']
        """
        return f"rack-{index % self.racks + 1}"

    def labels_of(self, index: int) -> dict[str, str]:
        """The labels of the node at this index that follow from the pool.

        >>> NodePool(racks=2, zones=1, labels={"disk": "ssd"}).labels_of(1)
        {'topology.kubernetes.io/rack': 'rack-2', 'topology.kubernetes.io/zone': 'zone-1', 'disk': 'ssd'}
        """
        zone = f"zone-{index % self.zones + 1}" if self.zones else self.zone
        rack = {RACK_LABEL: self.rack_of(index)} if self.racks else {}
        return rack | ({ZONE_LABEL: zone} if zone else {}) | self.labels

    def capacity(self) -> dict[str, str]:
        """The capacity of a node."""
        return {"cpu": self.cpu, "memory": self.memory, "pods": self.pods, "ephemeral-storage": "1Ti"} | self.resources


def node_labels(pools: Iterable[NodePool]) -> frozenset[str]:
    """The keys of the labels that pools give to their nodes.

    >>> sorted(node_labels([NodePool(racks=1, labels={"disk": "ssd"})]))
    ['disk', 'topology.kubernetes.io/rack']
    """
    return frozenset(key for pool in pools for key in pool.labels_of(0))


class Timing(msgspec.Struct, frozen=True, kw_only=True):
    """How soon a failed node is detected. The defaults are Kubernetes'.

    Source: pkg/kubelet/apis/config/v1beta1/defaults.go, pkg/controller/nodelifecycle/config/v1alpha1/defaults.go (v1.36).
    """

    heartbeat_seconds: float = 10.0
    lease_duration_seconds: int = 40
    node_monitor_grace_seconds: float = 50.0
    evicted_nodes_per_second: float = 0.1
    """The rate of evictions of failed nodes per zone; limited, lest a network failure empties the cluster."""

    @classmethod
    def noticing_within(cls, grace_seconds: float) -> "Timing":
        """A failed node is detected after this time; heartbeats keep Kubernetes' proportion to it.

        >>> Timing.noticing_within(50.0) == Timing(), Timing.noticing_within(5.0).heartbeat_seconds
        (True, 1.0)
        """
        return cls(
            heartbeat_seconds=grace_seconds / 5,
            lease_duration_seconds=max(1, int(grace_seconds * 0.8)),
            node_monitor_grace_seconds=grace_seconds,
        )


QUICK = Timing(
    heartbeat_seconds=0.5, lease_duration_seconds=2, node_monitor_grace_seconds=2.0, evicted_nodes_per_second=5.0
)
"""For demonstrations: a failed node is detected after two seconds."""


class Etcd(msgspec.Struct, frozen=True, kw_only=True):
    """An etcd (3.4 or newer) that stores the state. A prefix is used by one cluster at a time."""

    server: str
    """`http://127.0.0.1:2379`; members are separated by commas: the next one is tried when one does not answer."""
    prefix: str = "kubeactors/"
    """The prefix of all keys; not empty."""
    ca_file: Path | None = None
    """PEM of the CAs to trust; by default the system's."""
    cert_file: Path | None = None
    """PEM of the client certificate, with `key_file`."""
    key_file: Path | None = None
    user: str = ""
    """The user, if etcd requires authentication."""
    password: str = ""

    @property
    def servers(self) -> tuple[str, ...]:
        """The members.

        >>> Etcd(server="http://a:2379,http://b:2379").servers
        ('http://a:2379', 'http://b:2379')
        """
        return tuple(self.server.split(","))

    def tls(self) -> ssl.SSLContext | None:
        """The TLS context for HTTPS; None for HTTP.

        Raises:
            OSError: a file cannot be read, or is malformed.
        """
        if not any(one.startswith("https:") for one in self.servers):
            return None
        context = ssl.create_default_context(cafile=self.ca_file)
        if self.cert_file is not None:
            context.load_cert_chain(self.cert_file, self.key_file)
        return context


class AuditLog(msgspec.Struct, frozen=True, kw_only=True):
    """The log of the requests that are served over HTTPS."""

    path: str
    """The file to append to; `-` is standard output."""
    policy: Policy = DEFAULT_POLICY
    """Which requests are recorded; by default all writes."""
    max_size_megabytes: int = 100
    """The size at which the file is renamed and a new one begun; 0: never."""
    max_backups: int = 100
    """How many renamed files are kept; 0: all."""
    max_age_days: int = 366
    """How long they are kept; 0: for ever."""

    def __post_init__(self) -> None:
        for name in ("max_size_megabytes", "max_backups", "max_age_days"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} of an audit log is {getattr(self, name)}; it must not be negative")


class ClusterSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A whole cluster. Without `data_dir` everything is in memory and ends with the cluster."""

    nodes: NodePool = NodePool()
    more_nodes: tuple[NodePool, ...] = ()
    """Nodes of other shapes."""
    data_dir: Path | None = None
    etcd: Etcd | None = None
    """An etcd to store the state in, instead of a file in `data_dir`."""
    server: ApiServerConfig = ApiServerConfig()
    audit: AuditLog | None = None
    timing: Timing = Timing()
    stages: tuple[Stage, ...] = ()
    """KWOK's stages: with any, nodes and pods are simulated by stages, without kubelets."""
    scheduler: dict[str, object] | None = None
    """A KubeSchedulerConfiguration as parsed from YAML; None is the default profile."""
    events: bool = True
    """Whether controllers, schedulers and kubelets record Events. No component reads them, and each is a write."""
    csi_nodes: bool = True
    """Whether each kubelet creates a CSINode. Without drivers no component uses it, and each is a write."""
    leader_elect: bool = False
    """Whether a scheduler and a controller manager hold their Leases even if each is the only replica, which costs a
    write a second. Several replicas always elect a leader."""
    schedulers: int = 1
    """The number of replicas; one leads, the others stand by."""
    controller_managers: int = 1
    """The number of replicas; one leads, the others stand by."""
    cluster_cidr: str = "10.32.0.0/11"
    """The range from which nodes without a pod range, such as those that `kubectl create` makes, get theirs; empty to
    allocate none. The machines of the pools have ranges of their own, unless `allocate_node_cidrs`."""
    allocate_node_cidrs: bool = False
    """Whether the machines of the pools wait for allocated ranges too, as kubelets do; that costs some requests."""
    load_balancer_pool: str = ""
    """The range of load balancer addresses; without it services of that type wait for another controller."""
    power_switch: bool = False
    """Whether the annotation `kubeactors.io/power: off` on a Node cuts its machine's power."""
    root_ca: str = ""
    """PEM of the CA with which pods verify the API server."""
    signing_key: bytes = b""
    """PEM of the CA's key; without it no CertificateSigningRequests are signed."""
    account_key: bytes = b""
    """PEM of the key that signs service account tokens; without it there are none."""

    @property
    def pools(self) -> tuple[NodePool, ...]:
        """All nodes.

        >>> [pool.count for pool in ClusterSpec(more_nodes=(NodePool(prefix="big", count=2),)).pools]
        [3, 2]
        """
        return (self.nodes, *self.more_nodes)
