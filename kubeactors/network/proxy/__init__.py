"""The service proxy: chooses the backend of each connection to a Service.

    routes.py         the addresses at which a Service is served, and its backends; pure
    affinity.py       session affinity
    service_proxy.py  the actor that follows Services and EndpointSlices, and chooses

Senders: the sockets (`cluster/proxy_sockets.py`) ask it for a backend.
Sends: `Fronts` to the sockets, whenever Services are added, changed or deleted.
Source: kube-proxy (pkg/proxy, v1.36).
"""

from kubeactors.network.proxy.routes import Backend, Front
from kubeactors.network.proxy.service_proxy import Choose, Fronts, ProxyMessage, ServiceProxy

__all__ = ["Backend", "Choose", "Front", "Fronts", "ProxyMessage", "ServiceProxy"]
