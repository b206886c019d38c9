"""Runtimes that adopt the pods and containers of a runtime that is gone."""

from kubeactors.api.core.v1 import (
    Container,
    ContainerState,
    ContainerStateRunning,
    ContainerStateTerminated,
    ContainerStatus,
    Pod,
    PodSpec,
    PodStatus,
)
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.apimachinery.time import format_time
from kubeactors.kubelet.runtimes import ContainerState as Life
from kubeactors.kubelet.runtimes import PodSandboxConfig
from kubeactors.kubelet.runtimes.simulated import SimulatedRuntime

SECOND = 1_000_000_000
NOW = 1_800_000_000 * SECOND


def pod(state: ContainerState, *, image: str = "app:1", ip: str = "10.0.0.2") -> Pod:
    status = ContainerStatus(name="app", image=image, state=state, restart_count=2, container_id="simulated://abc")
    spec = PodSpec(containers=(Container(name="app", image=image),))
    metadata = ObjectMeta(name="a", namespace="default", uid="u")
    return Pod(metadata=metadata, spec=spec, status=PodStatus(pod_ip=ip, container_statuses=(status,)))


def test_a_running_container_of_an_adopted_pod_keeps_running() -> None:
    runtime = SimulatedRuntime("10.0.0.0/24")
    began = ContainerStateRunning(started_at=format_time(NOW - 60 * SECOND))
    assert runtime.adopt(pod(ContainerState(running=began)), NOW)
    (sandbox,) = runtime.list_pod_sandboxes()
    (found,) = runtime.list_containers(sandbox.id, NOW)
    assert (sandbox.ip, sandbox.config.uid) == ("10.0.0.2", "u")
    assert (found.id, found.attempt, found.state, found.started_at) == ("abc", 2, Life.RUNNING, NOW - 60 * SECOND)


def test_a_terminated_container_of_an_adopted_pod_stays_terminated() -> None:
    runtime = SimulatedRuntime("10.0.0.0/24")
    end = ContainerStateTerminated(
        exit_code=3, reason="Error", started_at=format_time(NOW), finished_at=format_time(NOW)
    )
    assert runtime.adopt(pod(ContainerState(terminated=end)), NOW + SECOND)
    (sandbox,) = runtime.list_pod_sandboxes()
    (found,) = runtime.list_containers(sandbox.id, NOW + SECOND)
    assert (found.state, found.exit_code, found.finished_at) == (Life.EXITED, 3, NOW)


def test_start_times_ahead_of_the_clock_of_the_runtime_become_the_present() -> None:
    runtime = SimulatedRuntime("10.0.0.0/24")
    runtime.adopt(pod(ContainerState(running=ContainerStateRunning(started_at=format_time(NOW + 60 * SECOND)))), NOW)
    (sandbox,) = runtime.list_pod_sandboxes()
    assert runtime.list_containers(sandbox.id, NOW)[0].state is Life.RUNNING


def test_the_ip_of_an_adopted_pod_is_not_given_to_another_pod() -> None:
    runtime = SimulatedRuntime("10.0.0.0/24")
    runtime.adopt(pod(ContainerState(running=ContainerStateRunning(started_at=format_time(NOW)))), NOW)
    other = runtime.run_pod_sandbox(PodSandboxConfig(uid="v", namespace="default", name="b"), NOW)
    assert other is not None
    assert other.ip == "10.0.0.3"
