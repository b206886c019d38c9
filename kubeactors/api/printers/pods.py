"""The table printer of pods. The status column sums up phase, conditions and containers in one word.

Source: pkg/printers/internalversion/printers.go (v1.36).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from kubeactors.api.core.v1.pod import Pod
from kubeactors.api.core.v1.podstatus import ContainerStateTerminated, ContainerStatus
from kubeactors.api.printers.table import AGE, NAME, NONE, Cells, Column, Printer, RowCondition, age, since

COLUMNS = (
    NAME,
    Column(name="Ready", description="The numbers of ready and of all containers."),
    Column(name="Status", description="The aggregate state of the pod and its containers."),
    Column(name="Restarts", description="The number of container restarts, and when the last one was."),
    AGE,
    Column(name="IP", description="The pod's address.", priority=1),
    Column(name="Node", description="The node that the pod is bound to.", priority=1),
    Column(name="Nominated Node", description="The node on which pods are being preempted for this one.", priority=1),
    Column(name="Readiness Gates", description="The numbers of readiness gates that are true and of all.", priority=1),
)

SCHEDULING_GATED, POD_INITIALIZING = "SchedulingGated", "PodInitializing"
NODE_LOST = "NodeLost"
"""The reason of a pod on a node that no longer reports."""


@dataclass
class _Summary:
    """The summary of the containers."""

    reason: str
    ready: int = 0
    restarts: int = 0
    last_restart: str = ""

    def add_restarts(self, container: ContainerStatus) -> None:
        self.restarts += container.restart_count
        terminated = container.last_state.terminated
        if terminated is not None:
            self.last_restart = max(self.last_restart, terminated.finished_at or "")


def pod_cells(pod: Pod, now_ns: int) -> Cells:
    """All cells of a pod's row."""
    summary = _summarize(pod)
    restarts = str(summary.restarts)
    if summary.restarts and summary.last_restart:
        restarts = f"{restarts} ({since(summary.last_restart, now_ns)} ago)"
    status = pod.status
    return (
        pod.metadata.name,
        f"{summary.ready}/{_counted_containers(pod)}",
        summary.reason,
        restarts,
        age(pod.metadata, now_ns),
        (status.pod_ips[0].ip if status.pod_ips else "") or NONE,
        pod.spec.node_name or NONE,
        status.nominated_node_name or NONE,
        _readiness_gates(pod),
    )


def pod_conditions(pod: Pod) -> tuple[RowCondition, ...]:
    """Whether the pod is completed."""
    return _COMPLETED.get(pod.status.phase, ())


PRINTER = Printer(columns=COLUMNS, cells=pod_cells, conditions=pod_conditions)

_COMPLETED = {
    phase: (RowCondition(type="Completed", status="True", reason=phase, message=message),)
    for phase, message in (("Succeeded", "The pod has completed successfully."), ("Failed", "The pod failed."))
}


def _summarize(pod: Pod) -> _Summary:
    summary = _Summary(reason=_phase(pod))
    sidecars = _Summary(reason="")
    initializing = _go_through_init_containers(pod, summary, sidecars)
    if not initializing or _is_true(pod, "Initialized"):
        summary.restarts, summary.last_restart = sidecars.restarts, sidecars.last_restart
        _go_through_containers(pod, summary)
    if pod.metadata.deletion_timestamp is not None:
        summary.reason = _reason_of_deleted(pod, summary.reason)
    return summary


def _phase(pod: Pod) -> str:
    gated = any(one.type == "PodScheduled" and one.reason == SCHEDULING_GATED for one in pod.status.conditions)
    return SCHEDULING_GATED if gated else pod.status.reason or pod.status.phase


def _go_through_init_containers(pod: Pod, summary: _Summary, sidecars: _Summary) -> bool:
    """Whether the pod is still initializing, by the first init container that is not done."""
    names = _sidecars(pod)
    for i, container in enumerate(pod.status.init_container_statuses):
        is_sidecar = container.name in names
        summary.add_restarts(container)
        if is_sidecar:
            sidecars.add_restarts(container)
        terminated = container.state.terminated
        if terminated is not None and terminated.exit_code == 0:
            continue
        if is_sidecar and container.started:
            summary.ready += container.ready
            continue
        summary.reason = f"Init:{_init_reason(pod, container, i)}"
        return True
    return False


def _init_reason(pod: Pod, container: ContainerStatus, index: int) -> str:
    if container.state.terminated is not None:
        return _reason_of_end(container.state.terminated)
    waiting = container.state.waiting
    if waiting is not None and waiting.reason not in ("", POD_INITIALIZING):
        return waiting.reason
    return f"{index}/{len(pod.spec.init_containers)}"


def _go_through_containers(pod: Pod, summary: _Summary) -> None:
    """In reverse order, so that the first container's reason wins."""
    running = False
    for container in reversed(pod.status.container_statuses):
        summary.add_restarts(container)
        state = container.state
        if state.waiting is not None and state.waiting.reason:
            summary.reason = state.waiting.reason
        elif state.terminated is not None:
            summary.reason = _reason_of_end(state.terminated)
        elif container.ready and state.running is not None:
            running = True
            summary.ready += 1
    if running and summary.reason == "Completed":
        summary.reason = "Running" if _is_true(pod, "Ready") else "NotReady"


def _reason_of_end(terminated: ContainerStateTerminated) -> str:
    if terminated.reason:
        return terminated.reason
    return f"Signal:{terminated.signal}" if terminated.signal else f"ExitCode:{terminated.exit_code}"


def _reason_of_deleted(pod: Pod, reason: str) -> str:
    if pod.status.reason == NODE_LOST:
        return "Unknown"
    return reason if pod.status.phase in ("Succeeded", "Failed") else "Terminating"


def _sidecars(pod: Pod) -> tuple[str, ...]:
    return tuple(one.name for one in pod.spec.init_containers if one.restart_policy == "Always")


def _counted_containers(pod: Pod) -> int:
    return len(pod.spec.containers) + len(_sidecars(pod))


def _is_true(pod: Pod, condition: str) -> bool:
    return any(one.type == condition and one.status == "True" for one in pod.status.conditions)


def _readiness_gates(pod: Pod) -> str:
    gates: Iterable[str] = [gate.condition_type for gate in pod.spec.readiness_gates]
    return f"{sum(_is_true(pod, gate) for gate in gates)}/{len(pod.spec.readiness_gates)}" if gates else NONE
