"""Cluster DNS: `web.default.svc.cluster.local` and other names.

    records.py      the records of a Service and its EndpointSlices, or of a pod; pure
    zone.py         all records by name
    answer.py       the answer to a query; pure
    cluster_dns.py  the actor that keeps a zone equal to the cluster, and answers queries

Senders: the sockets (`cluster/dns_sockets.py`) send queries as bytes.
Sends: answers as bytes; as a subscriber of informers it watches Services, EndpointSlices and pods.
Source: docs/specification.md of kubernetes/dns; CoreDNS where that leaves a choice.
"""

from kubeactors.network.dns.cluster_dns import ClusterDNS, DNSMessage, Resolve
from kubeactors.network.dns.zone import Zone

__all__ = ["ClusterDNS", "DNSMessage", "Resolve", "Zone"]
