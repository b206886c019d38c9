"""The network of the cluster: who has which address.

    ipam.py     addresses of a range, each with one owner
    dns/        the names of services and pods
    proxy/      who gets a connection to a service
    sources.py  the collections that the two follow
    policy/     which pods may talk with which

Who calls it: container runtimes, for the addresses of pods; `cluster/`, which has the sockets: this room knows no event
loop, so what to say is decided here, and carried there. `dns` is imported by who needs it: it loads dnspython.
Where its behaviour comes from: the host-local IPAM plugin (containernetworking/plugins); see `dns` and `proxy`.
"""

from kubeactors.network.ipam import IPAllocator

__all__ = ["IPAllocator"]
