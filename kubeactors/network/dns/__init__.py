"""The names of the cluster: `web.default.svc.cluster.local` and its like.

    records.py      which records follow from a service and its slices, or from a pod; pure
    zone.py         all records by name, changed owner by owner
    answer.py       what is answered to a query; pure
    cluster_dns.py  the actor that keeps a zone equal to the cluster and answers

Who sends to it: whoever has sockets (`cluster/dns_sockets.py`: this room knows no event loop), with queries as bytes.
What it sends: answers as bytes; as an informer's subscriber it watches services, endpoint slices and pods.
Where its behaviour comes from: docs/specification.md of kubernetes/dns; where that leaves a choice, CoreDNS.
"""

from kubeactors.network.dns.cluster_dns import ClusterDNS, DNSMessage, Resolve
from kubeactors.network.dns.zone import Zone

__all__ = ["ClusterDNS", "DNSMessage", "Resolve", "Zone"]
