"""The pod conditions that the kubelet owns. Pure.

Source: pkg/kubelet/status/generate.go, pkg/kubelet/types/pod_status.go (v1.36).
"""

from collections.abc import Mapping
from functools import lru_cache

import msgspec

from kubeactors.api.core.v1 import ContainerStatus, Pod, PodCondition, PodSpec
from kubeactors.kubelet.lifecycle import FAILED, SUCCEEDED, is_sidecar, names

INITIALIZED = "Initialized"
READY = "Ready"
CONTAINERS_READY = "ContainersReady"
READY_TO_START = "PodReadyToStartContainers"
OWNED = (READY_TO_START, INITIALIZED, READY, CONTAINERS_READY)
SCHEDULED = "PodScheduled"
"""Written with the binding. The kubelet overrides a lagging scheduler that sets it to False later, and adds it to a pod
that was created with a node, or whose conditions were removed."""

Verdict = tuple[bool, str, str]
"""Status, reason, message."""
_TRUE: Verdict = (True, "", "")


class Observed(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The kubelet's view of a pod's containers, with statuses in the order of the spec."""

    init_statuses: tuple[ContainerStatus, ...] = ()
    statuses: tuple[ContainerStatus, ...] = ()
    phase: str
    has_sandbox: bool = False


def conditions(pod: Pod, observed: Observed, now: str) -> tuple[PodCondition, ...]:
    """All conditions of the pod: those of others, unchanged, then ours; `now` is the time of transitions."""
    known = {one.type: one for one in pod.status.conditions}
    containers_ready = _containers_ready(pod.spec, observed)
    verdicts = (
        (READY_TO_START, (observed.has_sandbox, "", "")),
        (INITIALIZED, _initialized(pod.spec, observed)),
        (READY, _ready(pod, known, containers_ready)),
        (CONTAINERS_READY, containers_ready),
    )
    others = pod.status.conditions if SCHEDULED in known else (*pod.status.conditions, PodCondition(type=SCHEDULED))
    return (
        *[_contradicted(one, pod, now) for one in others if one.type not in OWNED],
        *[_condition(type_, verdict, known.get(type_), pod.metadata.generation, now) for type_, verdict in verdicts],
    )


def _contradicted(one: PodCondition, pod: Pod, now: str) -> PodCondition:
    is_wrong = one.type == SCHEDULED and one.status != "True"
    return _condition(SCHEDULED, _TRUE, one, pod.metadata.generation, now) if is_wrong else one


def failed_conditions(pod: Pod, now: str) -> tuple[PodCondition, ...]:
    """The conditions of a pod that failed before any container ran."""
    known = {one.type: one for one in pod.status.conditions}
    others = tuple(one for one in pod.status.conditions if one.type not in OWNED)
    failed = (False, "PodFailed", "")
    return others + tuple(
        _condition(type_, failed, known.get(type_), pod.metadata.generation, now) for type_ in (READY, CONTAINERS_READY)
    )


def _condition(type_: str, verdict: Verdict, old: PodCondition | None, generation: int, now: str) -> PodCondition:
    status = "True" if verdict[0] else "False"
    since = old.last_transition_time if old is not None and old.status == status else now
    return _shared_condition(type_, generation, status, since, *verdict[1:])


@lru_cache(maxsize=1024)
def _shared_condition(  # noqa: PLR0913, PLR0917 -- the fields of a condition
    type_: str, generation: int, status: str, since: str | None, reason: str, message: str
) -> PodCondition:
    """A condition, shared by all pods with the same transition in the same second."""
    return PodCondition(
        type=type_,
        observed_generation=generation,
        status=status,
        last_transition_time=since,
        reason=reason,
        message=message,
    )


def _containers_ready(spec: PodSpec, observed: Observed) -> Verdict:
    if observed.phase == SUCCEEDED:
        return (False, "PodCompleted", "")
    if observed.phase == FAILED:
        return (False, "PodFailed", "")
    ready = {one.name: one.ready for one in (*observed.init_statuses, *observed.statuses)}
    serving = (*(one for one in spec.init_containers if is_sidecar(one)), *spec.containers)
    unready = [one for one in serving if not ready[one.name]]
    if not unready:
        return _TRUE
    return (False, "ContainersNotReady", f"containers with unready status: {names(unready)}")


def _ready(pod: Pod, known: Mapping[str, PodCondition], containers_ready: Verdict) -> Verdict:
    if not containers_ready[0]:
        return containers_ready
    messages: list[str] = []
    for gate in pod.spec.readiness_gates:
        condition = known.get(gate.condition_type)
        if condition is None:
            messages.append(f'corresponding condition of pod readiness gate "{gate.condition_type}" does not exist.')
        elif condition.status != "True":
            messages.append(
                f'the status of pod readiness gate "{gate.condition_type}" is not "True", but {condition.status}'
            )
    return (False, "ReadinessGatesNotReady", ", ".join(messages)) if messages else _TRUE


def _initialized(spec: PodSpec, observed: Observed) -> Verdict:
    if observed.phase == SUCCEEDED:
        return (True, "PodCompleted", "")
    if any(one.state.running or one.state.terminated or one.last_state.terminated for one in observed.statuses):
        return _TRUE
    incomplete = [
        container
        for container, status in zip(spec.init_containers, observed.init_statuses, strict=True)
        if not (status.started if is_sidecar(container) else status.ready)
    ]
    if not incomplete:
        return _TRUE
    return (False, "ContainersNotInitialized", f"containers with incomplete status: {names(incomplete)}")
