"""Simulated containers, which are nothing but times in a table."""

from kubeactors.api.core.v1 import Container, Pod, PodSpec, PodStatus
from kubeactors.api.core.v1.container import ResourceRequirements
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.kubelet.runtimes import (
    Behaviour,
    ContainerConfig,
    ContainerState,
    PodSandboxConfig,
    SimulatedRuntime,
    Visited,
)

SECOND = 1_000_000_000


def a_container(runtime: SimulatedRuntime, *command: str) -> tuple[str, str]:
    """Return the IDs of a sandbox, and of a container in it that was started at second 0."""
    sandbox = runtime.run_pod_sandbox(PodSandboxConfig(uid="u", namespace="d", name="p"), 0)
    assert sandbox is not None
    config = ContainerConfig(container=Container(name="c", image="x", command=command), attempt=0)
    container_id = runtime.create_container(sandbox.id, config, 0)
    runtime.start_container(container_id, 0)
    return sandbox.id, container_id


def test_a_started_container_runs_and_reports_its_start_time() -> None:
    runtime = SimulatedRuntime("10.0.0.0/24", Behaviour(start_seconds=2.0))
    sandbox, container = a_container(runtime)

    assert runtime.container_status(container, 0).state is ContainerState.CREATED
    assert runtime.next_change(sandbox, 0) == 2 * SECOND
    seen = runtime.container_status(container, 2 * SECOND)
    assert (seen.state, seen.started_at) == (ContainerState.RUNNING, 2 * SECOND)
    assert runtime.next_change(sandbox, 2 * SECOND) is None


def test_the_command_determines_how_a_container_terminates() -> None:
    runtime = SimulatedRuntime("10.0.0.0/24", Behaviour(start_seconds=0.0))
    _, failing = a_container(runtime, "sh", "-c", "exit 3")
    _, fine = a_container(runtime, "sh", "-c", "exit 0")
    seen = [runtime.container_status(one, 0) for one in (failing, fine)]

    assert [(one.state, one.exit_code, one.reason) for one in seen] == [
        (ContainerState.EXITED, 3, "Error"),
        (ContainerState.EXITED, 0, "Completed"),
    ]


def test_a_container_that_does_not_stop_in_time_is_killed() -> None:
    runtime = SimulatedRuntime("10.0.0.0/24", Behaviour(start_seconds=0.0, stop_seconds=5.0))
    _, patient = a_container(runtime)
    _, hurried = a_container(runtime)
    runtime.stop_container(patient, 30.0, 10 * SECOND)
    runtime.stop_container(hurried, 1.0, 10 * SECOND)
    ends = [runtime.container_status(one, 20 * SECOND) for one in (patient, hurried)]

    assert [(one.finished_at, one.exit_code) for one in ends] == [(15 * SECOND, 0), (11 * SECOND, 137)]


def test_the_state_of_a_terminated_container_does_not_change() -> None:
    runtime = SimulatedRuntime("10.0.0.0/24", Behaviour(start_seconds=0.0))
    sandbox, container = a_container(runtime, "sh", "-c", "exit 3")
    runtime.stop_container(container, 0.0, SECOND)
    runtime.stop_pod_sandbox(sandbox, SECOND)
    seen = runtime.container_status(container, 2 * SECOND)
    assert (seen.exit_code, seen.finished_at) == (3, 0)


def test_no_sandbox_is_created_until_an_ip_is_free() -> None:
    runtime = SimulatedRuntime("10.0.0.0/30")
    first = runtime.run_pod_sandbox(PodSandboxConfig(uid="a", namespace="d", name="a"), 0)
    assert first is not None
    second = PodSandboxConfig(uid="b", namespace="d", name="b")
    assert runtime.run_pod_sandbox(second, 0) is None
    runtime.stop_pod_sandbox(first.id, 0)
    runtime.stop_pod_sandbox(first.id, 0)

    found = runtime.run_pod_sandbox(second, 0)
    assert found is not None
    assert found.ip == first.ip == "10.0.0.2"


def test_ids_are_distinct_and_deterministic() -> None:
    def made() -> list[str]:
        runtime = SimulatedRuntime("10.0.0.0/24")
        return [id_ for _ in range(3) for id_ in a_container(runtime)]

    assert made() == made()
    assert len(set(made())) == 6


def test_requests_to_the_server_of_the_autoscaling_walkthrough_take_cpu_up_to_its_limit() -> None:
    server = Container(
        name="c", image="registry.k8s.io/hpa-example", resources=ResourceRequirements(limits={"cpu": "500m"})
    )
    pod = Pod(metadata=ObjectMeta(uid="u"), spec=PodSpec(containers=(server,)), status=PodStatus(phase="Running"))
    its, other = SimulatedRuntime("10.0.0.0/24", Behaviour(start_seconds=0.0)), SimulatedRuntime("10.0.1.0/24")
    other.shared = its.shared
    sandbox = its.run_pod_sandbox(PodSandboxConfig(uid="u", namespace="d", name="p"), 0)
    assert sandbox is not None
    container = its.create_container(sandbox.id, ContainerConfig(container=server, attempt=0), 0)
    its.start_container(container, 0)

    answers: list[Visited] = []
    used = [its.container_stats(container, 0).cpu_nano_cores // 1_000_000]
    for number, requests in enumerate((0, 500, 5000, 0), start=1):
        for _ in range(requests):
            other.answer(pod, 80, "/", answers.append)
        used.append(its.container_stats(container, number * 30 * SECOND).cpu_nano_cores // 1_000_000)
    assert used == [1, 1, 101, 501, 1]
    assert answers == [Visited(status=200, body="OK!")] * 5500
    assert its.container_stats(container, 120 * SECOND).cpu_nano_seconds == (120 * 1 + 30 * 600) * 1_000_000
