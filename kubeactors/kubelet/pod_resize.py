"""In-place resize of one pod: the allocated resources of its containers, and its conditions and events.

Source: pkg/kubelet/allocation/allocation_manager.go, pkg/kubelet/kuberuntime/kuberuntime_manager.go doPodResizeAction (v1.36).
"""

from msgspec.structs import replace

from kubeactors.api.core.v1 import Container, PodCondition, PodSpec, PodStatus
from kubeactors.api.core.v1.event import NORMAL, WARNING
from kubeactors.apimachinery.time import format_time
from kubeactors.kubelet.admission import Rejection
from kubeactors.kubelet.container_record import ContainerRecord
from kubeactors.kubelet.lifecycle import is_sidecar
from kubeactors.kubelet.pod_containers import PodContainers
from kubeactors.kubelet.pod_event import PodEvent
from kubeactors.kubelet.resizing import PENDING, is_resized, needs_restart, pending, told, with_sizes_of


class PodResize:
    """The allocated resources of one pod's containers.

    Args:
        containers: the pod's. If its status has a pending resize from an earlier kubelet, they have the resources that
        the
            status shows.
    """

    __slots__ = ("_containers", "_is_known", "_pending")

    def __init__(self, containers: PodContainers) -> None:
        status = containers.pod.status
        self._containers = containers
        self._pending: PodCondition | None = next((one for one in status.conditions if one.type == PENDING), None)
        """The condition of a pending resize; None if there is none."""
        self._is_known = self._pending is not None
        """Whether the pod was ever resized."""
        if self._is_known:
            self._take_sizes(status)

    @property
    def is_wanted(self) -> bool:
        """Whether the spec differs from the allocated resources, or a pending resize was reverted."""
        return self._pending is not None or self._differs

    @property
    def allocated(self) -> PodSpec:
        """The pod's spec with the allocated resources."""
        spec = self._containers.pod.spec
        if self._pending is None:
            return spec
        has = {record.spec.name: record.spec.resources for record, _ in self._resizable}

        def sized(containers: tuple[Container, ...]) -> tuple[Container, ...]:
            return tuple(replace(one, resources=has.get(one.name, one.resources)) for one in containers)

        return replace(spec, containers=sized(spec.containers), init_containers=sized(spec.init_containers))

    def shown(self, status: PodStatus) -> PodStatus:
        """The status with the allocated resources and the resize condition."""
        if not self._is_known:
            return status
        others = tuple(one for one in status.conditions if one.type != PENDING)
        return replace(status, conditions=others if self._pending is None else (*others, self._pending))

    def apply(self, obstacle: Rejection | None, now: int) -> None:
        """Apply the resize unless there is an obstacle, and record events."""
        self._is_known = True
        if obstacle is not None:
            self._wait(obstacle, now)
            return
        self._pending = None
        if not self._differs:
            return
        self._tell(NORMAL, "ResizeStarted", "Pod resize started")
        for record, wants in self._resizable:
            restart = record.is_running and needs_restart(record.spec, wants)
            record.spec = with_sizes_of(record.spec, wants)
            if restart:
                self._containers.restart(record, f"Container {record.spec.name} resize requires restart", now)
        self._tell(NORMAL, "ResizeCompleted", "Pod resize completed")

    def _wait(self, obstacle: Rejection, now: int) -> None:
        before, pod = self._pending, self._containers.pod
        self._pending = after = pending(pod, obstacle, before, format_time(now))
        if (
            before is None
            or before.reason != after.reason
            or before.observed_generation != after.observed_generation
        ):  # fmt: skip
            self._tell(WARNING, f"Resize{obstacle.reason}", f"Pod resize {obstacle.reason}", obstacle.message)

    @property
    def _resizable(self) -> list[tuple[ContainerRecord, Container]]:
        """The resizable containers, with their present specs."""
        containers, spec = self._containers, self._containers.pod.spec
        sidecars = [pair for pair in zip(containers.init, spec.init_containers, strict=False) if is_sidecar(pair[1])]
        return sidecars + list(zip(containers.main, spec.containers, strict=False))

    @property
    def _differs(self) -> bool:
        return any(is_resized(record.spec, wants) for record, wants in self._resizable)

    def _take_sizes(self, status: PodStatus) -> None:
        told_of = {one.name: one.resources for one in (*status.container_statuses, *status.init_container_statuses)}
        for record, _ in self._resizable:
            resources = told_of.get(record.spec.name)
            if resources is not None:
                record.spec = replace(record.spec, resources=resources)

    def _tell(self, type_: str, reason: str, prefix: str, error: str = "") -> None:
        names = [record.spec.name for record, _ in self._resizable]
        message = told(prefix, self._containers.pod, names, error)
        self._containers.events.append(PodEvent(type_, reason, message))
