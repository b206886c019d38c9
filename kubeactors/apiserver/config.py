"""The settings of an API server."""

import msgspec

from kubeactors.apimachinery.time import go_duration


class ApiServerConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of one API server. The defaults are those of a cluster made by kubeadm.

    Addresses are strings: `service_cidr` is an IPv4 range, `advertise_address` and `advertise_port` are the endpoint of
    the service `default/kubernetes`.
    """

    service_cidr: str = "10.96.0.0/12"
    node_port_first: int = 30000
    node_port_last: int = 32767
    advertise_address: str = "127.0.0.1"
    advertise_port: int = 6443
    watch_history: int = 8192
    """The number of changes kept per resource, for watches that resume."""
    watch_backlog: int = 16384
    """The number of pending events above which a watch is closed."""
    bookmark_seconds: float = 60.0
    freshness_seconds: float = 3.0
    """How long a read waits for the cache to reach the revision that it requires."""
    watch_seconds: float = 1800.0
    """The minimum duration of a watch without a timeout of its own; the maximum is twice this."""
    repair_seconds: float = 180.0
    """The interval of the check that addresses and ports of services are allocated to them."""
    node_labels: frozenset[str] = frozenset()
    """Labels that kubelets may set on their nodes besides those that NodeRestriction allows."""
    compaction_seconds: float = 300.0
    """The interval of compactions. Each compacts to the revision of the one before."""

    def flags(self) -> dict[str, str]:
        """The settings as flags of kube-apiserver, including those that never change."""
        return {
            "advertise-address": self.advertise_address,
            "authorization-mode": "Node,RBAC",
            "etcd-compaction-interval": go_duration(self.compaction_seconds),
            "min-request-timeout": f"{self.watch_seconds:g}",
            "service-cluster-ip-range": self.service_cidr,
            "service-node-port-range": f"{self.node_port_first}-{self.node_port_last}",
        }
