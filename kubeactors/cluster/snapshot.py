"""A snapshot of a whole cluster, from which any number of clusters and simulations can continue."""

import msgspec

from kubeactors.api.core.v1 import Pod
from kubeactors.cluster.spec import ClusterSpec
from kubeactors.message import Request
from kubeactors.storage import Snapshot
from kubeactors.storage.backends.memory import MemoryBackend


class ClusterSnapshot(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The configuration of a cluster, all its objects, and the time.

    Taking it and starting from it cost a few references per object (milliseconds for thousands of pods); the objects
    themselves are shared and immutable. A cluster that continues from it has machines of the same names, on which
    simulated containers run as the pods' statuses say. Not included are history (old revisions cannot be read or
    watched), messages between components, pending events, coroutines in containers (they start again), and the power
    state of machines: all are on.
    """

    spec: ClusterSpec
    store: Snapshot
    wall: int
    """Unix time in nanoseconds: the start time of a simulation that continues from it (`SimSystem(wall=...)`)."""

    def backend(self) -> MemoryBackend:
        """A backend with this state, for one store."""
        return MemoryBackend(self.store)

    def pods_by_node(self) -> dict[str, tuple[Pod, ...]]:
        """The pods whose containers have started, by node."""
        found: dict[str, list[Pod]] = {}
        for one in self.store.values():
            if isinstance(one, Pod) and one.spec.node_name and one.status.start_time is not None:
                found.setdefault(one.spec.node_name, []).append(one)
        return {node: tuple(pods) for node, pods in found.items()}


class TakeSnapshot(Request[ClusterSnapshot], frozen=True):
    """Ask a `ControlPlane` for a snapshot."""
