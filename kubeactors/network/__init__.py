"""The network of the cluster: who has which address.

    ipam.py     addresses of a range, each with one owner

Who calls it: container runtimes, for the addresses of pods. It sends nothing and knows no objects.
Where its behaviour comes from: the host-local IPAM plugin (containernetworking/plugins).
"""

from kubeactors.network.ipam import IPAllocator

__all__ = ["IPAllocator"]
