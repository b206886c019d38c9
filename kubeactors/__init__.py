"""kubeactors: actors for asyncio and trio, and a Kubernetes control plane made of them.

What is named here is imported when it is first used: the actor framework needs anyio, msgspec and structlog alone.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from kubeactors.actor import Actor, ActorSystem, SimSystem, handle
from kubeactors.message import Message, Request

if TYPE_CHECKING:
    from kubeactors.cluster import Cluster, ClusterSpec, NodePool

__all__ = [
    "Actor",
    "ActorSystem",
    "Cluster",
    "ClusterSpec",
    "Message",
    "NodePool",
    "Request",
    "SimSystem",
    "handle",
]

_LATER = {"Cluster": "kubeactors.cluster", "ClusterSpec": "kubeactors.cluster", "NodePool": "kubeactors.cluster"}


def __getattr__(name: str) -> object:
    if name in _LATER:
        return getattr(import_module(_LATER[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
