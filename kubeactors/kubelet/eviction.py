"""Node-pressure eviction: signals, victims, messages, and rejections under pressure. Pure.

Source: pkg/kubelet/eviction/{helpers,eviction_manager}.go, pkg/kubelet/apis/config/v1beta1/defaults_linux.go (v1.36).
"""

from collections.abc import Callable, Sequence

import msgspec

from kubeactors.api.core.v1 import Pod, Taint
from kubeactors.api.core.v1.placement import NO_SCHEDULE, untolerated
from kubeactors.apimachinery import quantity
from kubeactors.kubelet.admission import Rejection
from kubeactors.kubelet.runtimes import ContainerStats

MONITORING_SECONDS = 10.0
TRANSITION_SECONDS = 300.0
"""How long after the last shortage the node is reported to be under pressure."""
GRACE_SECONDS = 1.0
CRITICAL = 2_000_000_000
"""Pods of at least this priority are critical. Source: pkg/apis/scheduling/types.go, SystemCriticalPriority."""
MEMORY_PRESSURE = "node.kubernetes.io/memory-pressure"


class Signal(msgspec.Struct, frozen=True):
    """An eviction signal, and its node condition."""

    name: str
    resource: str
    condition: str
    used: Callable[[ContainerStats], int]


MEMORY = Signal("memory.available", "memory", "MemoryPressure", lambda stats: stats.memory_bytes)
DISK = Signal("nodefs.available", "ephemeral-storage", "DiskPressure", lambda stats: stats.disk_bytes)
PIDS = Signal("pid.available", "pids", "PIDPressure", lambda stats: stats.processes)
SIGNALS = (MEMORY, DISK, PIDS)


class ContainerUse(msgspec.Struct, frozen=True):
    """A container's usage and request of a resource, in its units."""

    name: str
    used: int
    request: int


class PodUse(msgspec.Struct, frozen=True, kw_only=True):
    """A pod's usage of a resource; `stays` if it must not be evicted."""

    uid: str
    priority: int
    containers: tuple[ContainerUse, ...]
    stays: bool = False

    @property
    def used(self) -> int:
        """The usage of all containers."""
        return sum(one.used for one in self.containers)

    @property
    def request(self) -> int:
        """The requests of all containers."""
        return sum(one.request for one in self.containers)


def threshold(text: str, capacity: int) -> int:
    """A threshold as an absolute quantity; it may be given as a percentage of the capacity.

    >>> threshold("100Mi", 1 << 30), threshold("10%", 2000)
    (104857600, 200)
    """
    if text.endswith("%"):
        return int(capacity * float(text[:-1]) / 100)
    return quantity.value(text)


def victim(pods: Sequence[PodUse]) -> PodUse | None:
    """The pod to evict first: pods over their requests, then lowest priority, then largest excess over the request.

    >>> small = PodUse(uid="a", priority=0, containers=(ContainerUse("c", 5, 9),))
    >>> large = PodUse(uid="b", priority=9, containers=(ContainerUse("c", 9, 5),))
    >>> victim((small, large)).uid
    'b'
    """
    able = [one for one in pods if not one.stays and one.priority < CRITICAL]
    return min(able, key=lambda one: (one.used <= one.request, one.priority, one.request - one.used), default=None)


def explanation(signal: Signal, pod: PodUse, least: int, available: int) -> str:
    """The message of an eviction; `least` is the threshold.

    >>> pod = PodUse(uid="a", priority=0, containers=(ContainerUse("c", 3 << 20, 0),))
    >>> explanation(MEMORY, pod, 100 << 20, 1 << 20)[:81]
    'The node was low on resource: memory. Threshold quantity: 100Mi, available: 1Mi. '
    """
    resource = signal.resource
    message = (
        f"The node was low on resource: {resource}. Threshold quantity: {_size(least)}, available: {_size(available)}. "
    )
    for one in pod.containers:
        if one.used > one.request and signal is not PIDS:
            message += (
                f"Container {one.name} was using {_size(one.used)}, request is {_size(one.request)}, "
                f"has larger consumption of {resource}. "
            )
    return message


def pressed(pressures: Sequence[str], pod: Pod) -> Rejection | None:
    """Why a node under pressure rejects a pod; under memory pressure alone only BestEffort pods are rejected."""
    if not pressures or (pod.spec.priority or 0) >= CRITICAL:
        return None
    if tuple(pressures) == (MEMORY.condition,):
        taint = Taint(key=MEMORY_PRESSURE, effect=NO_SCHEDULE)
        tolerated = untolerated((taint,), pod.spec.tolerations, (NO_SCHEDULE,)) is None
        if pod.status.qos_class != "BestEffort" or tolerated:
            return None
    return Rejection("Evicted", f"The node had condition: [{' '.join(pressures)}]. ")


def exceeded(pod: Pod, disk: Sequence[tuple[str, int]], volumes: Sequence[tuple[str, int]]) -> str:
    """The message about a local storage limit that the pod exceeds; empty if it exceeds none.

    Args:
        pod: the pod.
        disk: bytes on disk by container.
        volumes: bytes by emptyDir volume.
    """
    in_volumes = dict(volumes)
    for volume in pod.spec.volumes:
        limit = volume.empty_dir.size_limit if volume.empty_dir is not None else None
        if limit is not None and quantity.value(limit) and in_volumes.get(volume.name, 0) > quantity.value(limit):
            return f'Usage of EmptyDir volume "{volume.name}" exceeds the limit "{limit}". '
    limits = {one.name: one.resources.limits.get(DISK.resource) for one in pod.spec.containers}
    total = sum(quantity.value(one) for one in limits.values() if one is not None)
    if total and sum(size for _, size in (*disk, *volumes)) > total:
        return f"Pod ephemeral local storage usage exceeds the total limit of containers {_size(total)}. "
    for name, size in disk:
        limit = limits.get(name)
        if limit is not None and size > quantity.value(limit):
            return f'Container {name} exceeded its local ephemeral storage limit "{limit}". '
    return ""


def _size(size: int) -> str:
    return quantity.of(size, quantity.BINARY_SI)
