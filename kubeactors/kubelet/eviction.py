"""Which pod has to go when the node runs out of memory, and what it is told. Pure.

Source: pkg/kubelet/eviction/{helpers,eviction_manager}.go, pkg/kubelet/apis/config/v1beta1/defaults_linux.go (v1.36).
"""

from collections.abc import Sequence

import msgspec

from kubeactors.apimachinery import quantity

THRESHOLD_BYTES = 100 << 20
"""`memory.available<100Mi`."""
MONITORING_SECONDS = 10.0
TRANSITION_SECONDS = 300.0
"""For so long after the last shortage the node is said to be under pressure."""
GRACE_SECONDS = 1.0
CRITICAL = 2_000_000_000
"""Pods of this priority stay. Source: pkg/apis/scheduling/types.go, SystemCriticalPriority."""
UNDER_PRESSURE = "The node had condition: [MemoryPressure]. "


class ContainerMemory(msgspec.Struct, frozen=True):
    """What a container takes and has asked for, in bytes."""

    name: str
    used: int
    request: int


class PodMemory(msgspec.Struct, frozen=True, kw_only=True):
    """What a pod takes; `stays` if it may not be evicted."""

    uid: str
    priority: int
    containers: tuple[ContainerMemory, ...]
    stays: bool = False

    @property
    def used(self) -> int:
        """All its containers."""
        return sum(one.used for one in self.containers)

    @property
    def request(self) -> int:
        """Of all its containers."""
        return sum(one.request for one in self.containers)


def victim(pods: Sequence[PodMemory]) -> PodMemory | None:
    """Who goes first: who takes more than it asked for, then who matters least, then who exceeds its request most.

    >>> small = PodMemory(uid="a", priority=0, containers=(ContainerMemory("c", 5, 9),))
    >>> large = PodMemory(uid="b", priority=9, containers=(ContainerMemory("c", 9, 5),))
    >>> victim((small, large)).uid
    'b'
    """
    able = [one for one in pods if not one.stays and one.priority < CRITICAL]
    return min(able, key=lambda one: (one.used <= one.request, one.priority, one.request - one.used), default=None)


def explanation(pod: PodMemory, available: int) -> str:
    """Why the pod goes.

    >>> explanation(PodMemory(uid="a", priority=0, containers=(ContainerMemory("c", 3 << 20, 0),)), 1 << 20)[:81]
    'The node was low on resource: memory. Threshold quantity: 100Mi, available: 1Mi. '
    """
    threshold, left = _size(THRESHOLD_BYTES), _size(available)
    message = f"The node was low on resource: memory. Threshold quantity: {threshold}, available: {left}. "
    for one in pod.containers:
        if one.used > one.request:
            used, request = _size(one.used), _size(one.request)
            message += (
                f"Container {one.name} was using {used}, request is {request}, has larger consumption of memory. "
            )
    return message


def _size(size: int) -> str:
    return quantity.of(size, quantity.BINARY_SI)
