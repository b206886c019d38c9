"""A whole cluster as it is at one moment, to go on from: as often as one likes, and each time differently."""

import msgspec

from kubeactors.api.core.v1 import Pod
from kubeactors.cluster.spec import ClusterSpec
from kubeactors.message import Request
from kubeactors.storage import Snapshot
from kubeactors.storage.backends.memory import MemoryBackend


class ClusterSnapshot(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a cluster is made of, all objects, and the time.

    Taking it and beginning with it cost a few references for each object (milliseconds for thousands of pods); the
    objects themselves are shared, and are never changed. A cluster that goes on from it has machines of the same
    names, on which simulated containers run as the pods' statuses say. What is not kept: history (an old revision
    cannot be read or watched), what was on its way between components, events in memory, coroutines in containers
    (those start again), and which machines had no power: all have.
    """

    spec: ClusterSpec
    store: Snapshot
    wall: int
    """Unix time in nanoseconds: where a simulation that goes on from here should begin (`SimSystem(wall=...)`)."""

    def backend(self) -> MemoryBackend:
        """A disk that has this on it, for one store."""
        return MemoryBackend(self.store)

    def pods_by_node(self) -> dict[str, tuple[Pod, ...]]:
        """The pods that have begun to run, by the name of their node."""
        found: dict[str, list[Pod]] = {}
        for one in self.store.values():
            if isinstance(one, Pod) and one.spec.node_name and one.status.start_time is not None:
                found.setdefault(one.spec.node_name, []).append(one)
        return {node: tuple(pods) for node, pods in found.items()}


class TakeSnapshot(Request[ClusterSnapshot], frozen=True):
    """Ask a `ControlPlane` for the cluster as it is now."""
