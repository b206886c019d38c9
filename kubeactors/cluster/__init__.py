"""The composition root: a `ClusterSpec` becomes a supervision tree. The only room that wires rooms together.

    cluster.py      the cluster inside an application     plane.py        the supervision tree
    spec.py         what it is made of, as data           processes.py    the scheduler's process
    snapshot.py     a cluster at one moment, to go on from
    machines.py     nodes that can lose their power       power.py        by an annotation of the Node
    workloads.py    images that are more than simulated   platform.py     their world: clocks, sockets
    pod_access.py   the API server's way to running pods  autoscaler_metrics.py  the autoscalers' to what they take
    manifest.py     YAML as typed objects                 words.py        kinds as people write them
    goals.py        what one can wait for                 conditions.py   what a status says of its object
    inbox.py        a watch seen from ordinary code       disks.py        what the state is kept on
    pki.py          certificates                          kubeconfig.py   what kubectl reads
    watch.py        a watch as a stream                  remote.py       requests to an API server elsewhere
    dns_sockets.py  the sockets of the name server        proxy_sockets.py  those of the service proxy
    webhooks.py     the way to webhooks of admission      webhook_client.py  the HTTP client that it needs
    data_dir.py     where state and certificates are      files.py        whole or absent
    sockets.py      what all sockets have in common       datagrams.py    UDP to services
    policy_gate.py  who may connect to whom               local_volumes.py  what volumes have held
    extenders.py    the scheduler's questions over HTTP   bench/          benchmarks of whole clusters

Who sends to it: commands and applications. What it sends: nothing of its own; it spawns and stops.
"""

from kubeactors.cluster.cluster import Cluster
from kubeactors.cluster.manifest import ManifestError
from kubeactors.cluster.snapshot import ClusterSnapshot
from kubeactors.cluster.spec import ClusterSpec, Etcd, NodePool
from kubeactors.storage import StorageError

__all__ = ["Cluster", "ClusterSnapshot", "ClusterSpec", "Etcd", "ManifestError", "NodePool", "StorageError"]
