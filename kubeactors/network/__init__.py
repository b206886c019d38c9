"""The cluster's network: pod addresses, cluster DNS, the service proxy and NetworkPolicies.

    ipam.py     allocation of addresses
    dns/        the names of Services and pods
    proxy/      the backends of Services
    policy/     which connections NetworkPolicies allow
    sources.py  the informers that an actor of this room follows

Callers: container runtimes, for the addresses of pods; `cluster/`, which has the sockets: this room knows no event loop.
`dns` is imported on demand, since it loads dnspython.
Source: the host-local IPAM plugin (containernetworking/plugins); see `dns`, `proxy` and `policy`.
"""

from kubeactors.network.ipam import IPAllocator

__all__ = ["IPAllocator"]
