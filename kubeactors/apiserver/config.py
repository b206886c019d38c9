"""What can be set of an API server."""

import msgspec

from kubeactors.apimachinery.time import go_duration


class ApiServerConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of one API server. The defaults are those of a cluster made by kubeadm.

    Addresses are texts: `service_cidr` is an IPv4 range, `advertise_address` and `advertise_port` are where the
    service `default/kubernetes` leads.
    """

    service_cidr: str = "10.96.0.0/12"
    node_port_first: int = 30000
    node_port_last: int = 32767
    advertise_address: str = "127.0.0.1"
    advertise_port: int = 6443
    watch_history: int = 8192
    """How many changes of each resource are kept for watches that resume."""
    watch_backlog: int = 16384
    """How many events a watcher may be behind before its watch is closed."""
    bookmark_seconds: float = 60.0
    freshness_seconds: float = 3.0
    """How long a read waits for the cache to reach the revision that it asks for."""
    watch_seconds: float = 1800.0
    """A watch without a timeout of its own ends after one to two times this."""
    repair_seconds: float = 180.0
    """How often it is checked that services have what was given out to them."""
    compaction_seconds: float = 300.0
    """How often the store forgets: everything that was overwritten before the last time."""

    def flags(self) -> dict[str, str]:
        """The settings as kube-apiserver's command line would have them, with those that are always so."""
        return {
            "advertise-address": self.advertise_address,
            "authorization-mode": "Node,RBAC",
            "etcd-compaction-interval": go_duration(self.compaction_seconds),
            "min-request-timeout": f"{self.watch_seconds:g}",
            "service-cluster-ip-range": self.service_cidr,
            "service-node-port-range": f"{self.node_port_first}-{self.node_port_last}",
        }
