"""The resource usage of pods, by container.

Source: pkg/kubelet/server/stats/summary.go (v1.36), as far as metrics-server reads it.
"""

from collections.abc import Sequence

import msgspec

from kubeactors.api.core.v1 import Container
from kubeactors.kubelet.runtimes import ContainerStats


class PodUsage(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The usage of a pod's running containers, by name."""

    namespace: str
    name: str
    containers: tuple[tuple[str, ContainerStats], ...]

    @property
    def total(self) -> ContainerStats:
        """The sum over all containers."""
        return _sum([stats for _, stats in self.containers])


class WorkerUsage(msgspec.Struct, frozen=True):
    """The usage of a pod's running containers, and the bytes in its emptyDir volumes, by name."""

    containers: tuple[tuple[Container, ContainerStats], ...]
    volumes: tuple[tuple[str, int], ...]

    @property
    def disk(self) -> tuple[tuple[str, int], ...]:
        """Bytes on disk, by container."""
        return tuple((spec.name, stats.disk_bytes) for spec, stats in self.containers)


class NodeUsage(msgspec.Struct, frozen=True, kw_only=True):
    """The usage of a node's pods with running containers."""

    node: str
    pods: tuple[PodUsage, ...]

    @property
    def total(self) -> ContainerStats:
        """The sum over all pods; zero for a node without pods."""
        return _sum([pod.total for pod in self.pods])


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """The usage of all nodes that have power, at a time in Unix nanoseconds."""

    time: int
    nodes: tuple[NodeUsage, ...]


def _sum(every: Sequence[ContainerStats]) -> ContainerStats:
    return ContainerStats(
        cpu_nano_cores=sum(one.cpu_nano_cores for one in every),
        cpu_nano_seconds=sum(one.cpu_nano_seconds for one in every),
        memory_bytes=sum(one.memory_bytes for one in every),
    )
