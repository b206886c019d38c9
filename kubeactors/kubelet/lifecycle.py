"""Restart policies and pod phases. Pure.

Source: pkg/kubelet/kubelet_pods.go getPhase, pkg/api/v1/pod/util.go, pkg/kubelet/container/helpers.go (v1.36).
"""

from collections.abc import Iterable

from kubeactors.api.core.v1 import Container, ContainerStatus, Pod, PodSpec

PENDING, RUNNING, SUCCEEDED, FAILED = "Pending", "Running", "Succeeded", "Failed"
TERMINAL = (SUCCEEDED, FAILED)

ALWAYS, ON_FAILURE, NEVER = "Always", "OnFailure", "Never"
DEFAULT_GRACE_SECONDS = 30


def is_sidecar(container: Container) -> bool:
    """Whether the init container is a sidecar, which runs for the whole life of the pod."""
    return container.restart_policy == ALWAYS


def restarts(spec: PodSpec, container: Container, exit_code: int, *, init: bool = False) -> bool:
    """Whether a container that exited with this code restarts.

    >>> restarts(PodSpec(restart_policy="OnFailure"), Container(), 0)
    False
    >>> restarts(PodSpec(restart_policy="Always"), Container(), 0, init=True)
    False
    """
    for rule in container.restart_policy_rules:
        codes = rule.exit_codes
        if rule.action == "Restart" and codes is not None and _is_named(codes.operator, codes.values, exit_code):
            return True
    policy = container.restart_policy or spec.restart_policy or ALWAYS
    if init and container.restart_policy is None and policy == ALWAYS:
        policy = ON_FAILURE
    return policy == ALWAYS or (policy == ON_FAILURE and exit_code != 0)


def _is_named(operator: str, codes: tuple[int, ...], exit_code: int) -> bool:
    return (exit_code in codes) == (operator == "In")


def phase(
    spec: PodSpec,
    init_statuses: tuple[ContainerStatus, ...],
    statuses: tuple[ContainerStatus, ...],
    *,
    is_over: bool,
    was_initialized: bool,
) -> str:
    """The phase of a pod, derived from its containers.

    Args:
        spec: the pod's spec.
        init_statuses: the statuses of its init containers, in order.
        statuses: the statuses of its containers, in order.
        is_over: no container will start again, whatever the restart policy says.
        was_initialized: a container has run, so that restarting sidecars do not make the pod Pending again.
    """
    pending, failed = _initialization(spec, init_statuses)
    if failed:
        return FAILED
    sidecars = [
        one for one, container in zip(init_statuses, spec.init_containers, strict=True) if is_sidecar(container)
    ]
    if pending or (not was_initialized and any(not one.started for one in sidecars)):
        return PENDING
    if any(_is_waiting(one) for one in statuses):
        return PENDING
    if any(one.state.running is not None for one in (*statuses, *sidecars)):
        return RUNNING
    ended = [_exit_code(one) for one in statuses]
    again = (restarts(spec, container, code) for container, code in zip(spec.containers, ended, strict=True))
    if not is_over and any(again):
        return RUNNING
    return FAILED if any(ended) else SUCCEEDED


def _initialization(spec: PodSpec, statuses: tuple[ContainerStatus, ...]) -> tuple[bool, bool]:
    """Whether initialization is pending, and whether it has failed for good."""
    pending = failed = False
    for container, status in zip(spec.init_containers, statuses, strict=True):
        if is_sidecar(container):
            continue
        if status.state.terminated is None and status.last_state.terminated is None:
            pending = True
        elif (code := _exit_code(status)) != 0:
            pending = True
            failed = failed or not restarts(spec, container, code, init=True)
        elif status.state.terminated is None:
            pending = True
    return pending, failed


def _is_waiting(status: ContainerStatus) -> bool:
    """Whether the container has never run."""
    state = status.state
    return state.running is None and state.terminated is None and status.last_state.terminated is None


def _exit_code(status: ContainerStatus) -> int:
    """The exit code of its last termination."""
    ended = status.state.terminated or status.last_state.terminated
    return ended.exit_code if ended is not None else 0


def names(containers: Iterable[Container]) -> str:
    """The names, as Go prints a slice.

    >>> names((Container(name="a"), Container(name="b")))
    '[a b]'
    """
    return f"[{' '.join(one.name for one in containers)}]"


def grace_period_seconds(pod: Pod) -> float:
    """The pod's effective termination grace period."""
    seconds = pod.metadata.deletion_grace_period_seconds
    if seconds is None:
        seconds = pod.spec.termination_grace_period_seconds
    return float(DEFAULT_GRACE_SECONDS if seconds is None else seconds)
