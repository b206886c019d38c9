"""The eviction manager: monitors the usage of pods, and selects those to evict.

Source: pkg/kubelet/eviction/eviction_manager.go synchronize, localStorageEviction (v1.36).
"""

from collections.abc import Container, Iterable

import msgspec

from kubeactors.apimachinery import quantity
from kubeactors.kubelet.config import KubeletConfig
from kubeactors.kubelet.eviction import (
    PIDS,
    SIGNALS,
    TRANSITION_SECONDS,
    ContainerUse,
    PodUse,
    Signal,
    exceeded,
    explanation,
    threshold,
    victim,
)
from kubeactors.kubelet.pod_worker import PodWorker, Stage
from kubeactors.kubelet.runtimes import ContainerStats
from kubeactors.kubelet.usage import WorkerUsage

SECOND = 1_000_000_000
NO_LOAD = ContainerStats(processes=0)


class Eviction(msgspec.Struct, frozen=True):
    """A pod to evict, and the message."""

    uid: str
    message: str


class Evictor:
    """Monitors a node.

    Args:
        config: the node's capacity and eviction thresholds.
    """

    __slots__ = ("_capacity", "_least", "_short_at", "is_watching", "load", "reclaimed")

    def __init__(self, config: KubeletConfig) -> None:
        self._capacity: dict[str, int] = {
            one.resource: quantity.value(config.capacity.get(one.resource, "0")) for one in SIGNALS
        } | {PIDS.resource: config.max_processes}
        self._least: dict[str, int] = {
            one.name: threshold(config.eviction_hard[one.name], self._capacity[one.resource])
            for one in SIGNALS
            if one.name in config.eviction_hard
        }
        self._short_at: dict[str, int] = {}
        """When each condition was last observed."""
        self.load: ContainerStats = NO_LOAD
        """The usage of the machine's own programs."""
        self.reclaimed: str = ""
        """The first resource that was short at the last check; empty if none was."""
        self.is_watching: bool = False
        """Whether the kubelet checks every ten seconds: only while pods run whose usage may grow."""

    def synchronize(self, workers: Iterable[PodWorker], static: Container[str], now: int) -> list[Eviction]:
        """The pods to evict now: all that exceed their own limits, or else one victim. `static` are static pods' UIDs."""
        self.reclaimed = ""
        taken = [(one, one.usage(now)) for one in workers if one.stage is Stage.RUNNING]
        found: list[Eviction] = []
        for worker, usage in taken:
            message = exceeded(worker.pod, usage.disk, usage.volumes) if worker.uid not in static else ""
            if message:
                found.append(Eviction(worker.uid, message))
        return found or self._one(taken, static, now)

    def pressures(self, now: int) -> tuple[str, ...]:
        """The pressure conditions that are True."""
        return tuple(
            one.condition
            for one in SIGNALS
            if one.condition in self._short_at and now - self._short_at[one.condition] < TRANSITION_SECONDS * SECOND
        )

    def _one(self, taken: list[tuple[PodWorker, WorkerUsage]], static: Container[str], now: int) -> list[Eviction]:
        for signal in SIGNALS:
            least = self._least.get(signal.name)
            if least is None:
                continue
            pods = [_use(signal, worker, usage, static) for worker, usage in taken]
            available = self._capacity[signal.resource] - signal.used(self.load) - sum(one.used for one in pods)
            if available < least:
                self._short_at[signal.condition] = now
                self.reclaimed = self.reclaimed or signal.resource
                found = victim(pods)
                if found is not None:
                    return [Eviction(found.uid, explanation(signal, found, least, available))]
        return []


def _use(signal: Signal, worker: PodWorker, usage: WorkerUsage, static: Container[str]) -> PodUse:
    containers = tuple(
        ContainerUse(spec.name, signal.used(stats), quantity.value(spec.resources.requests.get(signal.resource, "0")))
        for spec, stats in usage.containers
    )
    priority = worker.pod.spec.priority or 0
    return PodUse(uid=worker.uid, priority=priority, containers=containers, stays=worker.uid in static)
