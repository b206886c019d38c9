"""What a cluster is made of, as data."""

import ssl
from pathlib import Path

import msgspec

from kubeactors.api.core.v1 import Pod, Taint
from kubeactors.apiserver.config import ApiServerConfig
from kubeactors.kubelet.stages.stage import Stage

ZONE_LABEL = "topology.kubernetes.io/zone"
RACK_LABEL = "topology.kubernetes.io/rack"


class NodePool(msgspec.Struct, frozen=True, kw_only=True):
    """Nodes of one shape. Quantities are texts as in a manifest.

    The nodes are dealt out to `racks` racks in turn, so that a rack is what loses power together; with 0 racks they
    stand alone, each with a power supply of its own.
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
    """Deal the nodes out to so many zones in turn, `zone-1` and so on, in place of one `zone`."""
    labels: dict[str, str] = {}
    """Further labels; they win over those that follow from racks and zones."""
    taints: tuple[Taint, ...] = ()
    resources: dict[str, str] = {}
    """Further capacity, such as `nvidia.com/gpu`."""
    allocatable: dict[str, str] = {}
    """What pods can have, where that is less than the capacity."""
    own_names: tuple[str, ...] = ()
    """The nodes' names in place of prefix and number; there are as many nodes as names then."""
    eviction_hard: dict[str, str] = {}
    """How much of what must be left, by signal; nothing means as a kubelet has it without being told."""
    static_pods: tuple[Pod, ...] = ()
    """Every node of the pool runs these by itself, whatever the API server says."""
    start_latency_seconds: float = 0.5
    """How long a simulated container takes to start."""
    stop_latency_seconds: float = 0.0
    """How long it takes to stop."""

    def __post_init__(self) -> None:
        for name in ("count", "racks", "zones"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} of a pool of nodes is {getattr(self, name)}; it counts from 0")

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
        """What a node of the pool has."""
        return {"cpu": self.cpu, "memory": self.memory, "pods": self.pods, "ephemeral-storage": "1Ti"} | self.resources


class Timing(msgspec.Struct, frozen=True, kw_only=True):
    """How soon a dead node is noticed. The defaults are Kubernetes'.

    Source: pkg/kubelet/apis/config/v1beta1/defaults.go, pkg/controller/nodelifecycle/config/v1alpha1/defaults.go (v1.36).
    """

    heartbeat_seconds: float = 10.0
    lease_duration_seconds: int = 40
    node_monitor_grace_seconds: float = 50.0
    evicted_nodes_per_second: float = 0.1
    """So many dead nodes of a zone are emptied; not all at once, lest a network failure empties the cluster."""

    @classmethod
    def noticing_within(cls, grace_seconds: float) -> "Timing":
        """A dead node is noticed after so long; kubelets tell that they live in Kubernetes' proportion to that.

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
"""For demonstrations: a dead node is noticed after two seconds."""


class Etcd(msgspec.Struct, frozen=True, kw_only=True):
    """An etcd (3.4 or newer) that keeps the state, in kube-apiserver's words. One cluster at a time uses a prefix."""

    server: str
    """`http://127.0.0.1:2379`; of several members with commas between: the next one is asked when one does not answer."""
    prefix: str = "kubeactors/"
    """Of all keys; not empty."""
    ca_file: Path | None = None
    """PEM of the authorities to trust; by default those that the system trusts."""
    cert_file: Path | None = None
    """PEM of the certificate to show, with `key_file`."""
    key_file: Path | None = None
    user: str = ""
    """Where etcd wants one."""
    password: str = ""

    @property
    def servers(self) -> tuple[str, ...]:
        """The members.

        >>> Etcd(server="http://a:2379,http://b:2379").servers
        ('http://a:2379', 'http://b:2379')
        """
        return tuple(self.server.split(","))

    def tls(self) -> ssl.SSLContext | None:
        """For HTTPS.

        Raises:
            OSError: a file cannot be read, or is none of these.
        """
        if not any(one.startswith("https:") for one in self.servers):
            return None
        context = ssl.create_default_context(cafile=self.ca_file)
        if self.cert_file is not None:
            context.load_cert_chain(self.cert_file, self.key_file)
        return context


class ClusterSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A whole cluster. Without `data_dir` everything is in memory and ends with the cluster."""

    nodes: NodePool = NodePool()
    more_nodes: tuple[NodePool, ...] = ()
    """Nodes of other shapes."""
    data_dir: Path | None = None
    etcd: Etcd | None = None
    """What keeps the state, in place of a file in `data_dir`."""
    server: ApiServerConfig = ApiServerConfig()
    timing: Timing = Timing()
    stages: tuple[Stage, ...] = ()
    """KWOK's stages: with any, nodes have no kubelets, and they and their pods do what stages say."""
    scheduler: dict[str, object] | None = None
    """A KubeSchedulerConfiguration as it comes from YAML; None is the default profile."""
    events: bool = True
    """Whether controllers, schedulers and kubelets tell people what happens. Who acts reads none of these Events, and each
    is a write."""
    csi_nodes: bool = True
    """Whether each kubelet creates a CSINode. Nobody acts on one without drivers, and each is a write."""
    leader_elect: bool = False
    """Whether a scheduler and a controller manager hold their Leases even where each is the only one of its kind; that
    costs a write a second. With more of a kind one is elected anyway."""
    schedulers: int = 1
    """How many there are; one leads, the others stand by."""
    controller_managers: int = 1
    """How many there are; one leads, the others stand by."""
    cluster_cidr: str = "10.32.0.0/11"
    """The range that nodes which come without one, such as those that `kubectl create` makes, get theirs from; empty to
    give them none. The machines of the pools bring theirs along, unless `allocate_node_cidrs`."""
    allocate_node_cidrs: bool = False
    """Whether the machines of the pools wait for their ranges too, as kubelets do; that costs some requests a machine."""
    load_balancer_pool: str = ""
    """The range of addresses of services of type LoadBalancer; without it they wait for somebody else's controller."""
    power_switch: bool = False
    """Whether the annotation `kubeactors.io/power: off` on a Node cuts its machine's power."""
    root_ca: str = ""
    """PEM of the certificate that pods check the API server's with."""
    signing_key: bytes = b""
    """PEM of the key of that certificate; without it no requests for certificates are signed."""
    account_key: bytes = b""
    """PEM of the key that signs tokens of service accounts; without it there are none."""

    @property
    def pools(self) -> tuple[NodePool, ...]:
        """All nodes.

        >>> [pool.count for pool in ClusterSpec(more_nodes=(NodePool(prefix="big", count=2),)).pools]
        [3, 2]
        """
        return (self.nodes, *self.more_nodes)
