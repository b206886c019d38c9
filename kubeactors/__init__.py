"""kubeactors: actors for asyncio and trio, and a Kubernetes control plane made of them.

Names are imported at their first use: the actor framework needs only anyio, msgspec and structlog, and plugins of other
tools in this package (pytest's) need none of them.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kubeactors.actor import Actor, ActorSystem, SimSystem, handle
    from kubeactors.cluster import Cluster, ClusterSpec, NodePool
    from kubeactors.kubelet.runtimes import Behaviour, ByteStream, CommandContext, ContainerContext, Program
    from kubeactors.message import Message, Request

__all__ = [
    "Actor",
    "ActorSystem",
    "Behaviour",
    "ByteStream",
    "Cluster",
    "ClusterSpec",
    "CommandContext",
    "ContainerContext",
    "Message",
    "NodePool",
    "Program",
    "Request",
    "SimSystem",
    "handle",
]

_HOMES = {
    "kubeactors.actor": ("Actor", "ActorSystem", "SimSystem", "handle"),
    "kubeactors.cluster": ("Cluster", "ClusterSpec", "NodePool"),
    "kubeactors.kubelet.runtimes": ("Behaviour", "ByteStream", "CommandContext", "ContainerContext", "Program"),
    "kubeactors.message": ("Message", "Request"),
}


def __getattr__(name: str) -> object:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(home), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
