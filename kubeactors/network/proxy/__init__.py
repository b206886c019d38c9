"""The service proxy: who is behind a service, and which of them gets a connection.

    routes.py         where a service is listened at, and its backends; pure
    affinity.py       clients that keep their backend
    service_proxy.py  the actor that follows services and slices, and chooses

Who sends to it: whoever has sockets (`cluster/proxy_sockets.py`: this room knows no event loop) asks it for a backend.
What it sends: `Fronts` to the sockets, whenever services come, change or go.
Where its behaviour comes from: kube-proxy (pkg/proxy, v1.36).
"""

from kubeactors.network.proxy.routes import Backend, Front
from kubeactors.network.proxy.service_proxy import Choose, Fronts, ProxyMessage, ServiceProxy

__all__ = ["Backend", "Choose", "Front", "Fronts", "ProxyMessage", "ServiceProxy"]
