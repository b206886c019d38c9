"""What pods take of their node, container by container.

Source: pkg/kubelet/server/stats/summary.go (v1.36), as far as metrics-server reads it.
"""

from collections.abc import Sequence

import msgspec

from kubeactors.api.core.v1 import Container
from kubeactors.kubelet.runtimes import ContainerStats


class PodUsage(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The containers of a pod that run, by name."""

    namespace: str
    name: str
    containers: tuple[tuple[str, ContainerStats], ...]

    @property
    def total(self) -> ContainerStats:
        """All containers together."""
        return _sum([stats for _, stats in self.containers])


class WorkerUsage(msgspec.Struct, frozen=True):
    """What the containers of a pod take that run, and how many bytes are in its volumes of kind emptyDir, by name."""

    containers: tuple[tuple[Container, ContainerStats], ...]
    volumes: tuple[tuple[str, int], ...]

    @property
    def disk(self) -> tuple[tuple[str, int], ...]:
        """Bytes on the disk, by container."""
        return tuple((spec.name, stats.disk_bytes) for spec, stats in self.containers)


class NodeUsage(msgspec.Struct, frozen=True, kw_only=True):
    """The pods of a node in which something runs."""

    node: str
    pods: tuple[PodUsage, ...]

    @property
    def total(self) -> ContainerStats:
        """All of them together; a node without pods takes nothing."""
        return _sum([pod.total for pod in self.pods])


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """All nodes that have power, as of a time (unix nanoseconds)."""

    time: int
    nodes: tuple[NodeUsage, ...]


def _sum(every: Sequence[ContainerStats]) -> ContainerStats:
    return ContainerStats(
        cpu_nano_cores=sum(one.cpu_nano_cores for one in every),
        cpu_nano_seconds=sum(one.cpu_nano_seconds for one in every),
        memory_bytes=sum(one.memory_bytes for one in every),
    )
