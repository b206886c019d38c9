"""The composition root: from a `ClusterSpec` to a supervision tree. The only room that wires rooms together.

    cluster.py      the cluster inside an application     plane.py        the supervision tree
    spec.py         the configuration of a cluster        processes.py    the scheduler's process
    snapshot.py     the state of a cluster, to continue from
    machines.py     the machines, which can lose power    power.py        power and load by annotations of Nodes
    workloads.py    images and container runtimes         platform.py     clocks and sockets of coroutine containers
    pod_access.py   the API server's access to pods       pod_requests.py  requests of pods to the API server
    autoscaler_metrics.py  the autoscalers' access to usage
    manifest.py     YAML as typed objects                 applying.py     server-side apply of manifests
    kind_names.py   kinds by any of their names           goals.py        what `wait_for` waits for
    conditions.py   conditions in statuses                inbox.py        a watch outside of actors
    watch.py        a watch as a stream                   remote.py       requests to a remote API server
    pki.py          certificates                          kubeconfig.py   kubectl's configuration
    api_app.py      the HTTPS edge of a cluster           disks.py        storage backends
    audit_log.py    the writer of the audit log           audit_file.py   its file, which is rotated
    dns_sockets.py  sockets of the DNS server             proxy_sockets.py  sockets of the service proxy
    webhooks.py     the actor that calls webhooks         webhook_client.py  its HTTP client
    data_dir.py     the directory of durable state        files.py        atomic writes of private files
    sockets.py      helpers for sockets                   datagrams.py    UDP to services
    policy_gate.py  network policies for connections      local_volumes.py  cleanup of local volumes
    extenders.py    the actor that calls extenders        bench/          benchmarks of whole clusters

Who sends to it: commands and applications. What it sends: nothing of its own; it spawns and stops.
"""

from kubeactors.cluster.cluster import Cluster
from kubeactors.cluster.manifest import ManifestError
from kubeactors.cluster.snapshot import ClusterSnapshot
from kubeactors.cluster.spec import ClusterSpec, Etcd, NodePool
from kubeactors.storage import StorageError

__all__ = ["Cluster", "ClusterSnapshot", "ClusterSpec", "Etcd", "ManifestError", "NodePool", "StorageError"]
