"""The state machine of one pod, in isolation."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from kubeactors.api.core.v1 import (
    Container,
    ContainerState,
    ContainerStateTerminated,
    ContainerStatus,
    Pod,
    PodSpec,
    Probe,
)
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.kubelet.pod_worker import PodWorker, Stage
from kubeactors.kubelet.runtimes import Behaviour, ProbeResult, SimulatedRuntime
from kubeactors.kubelet.runtimes import ContainerState as Life

SECOND = 1_000_000_000
START = 1_767_225_600 * SECOND
TIME = "2026-01-01T00:00:00Z"


def a_pod(*containers: Container, restart_policy: str = "Always") -> Pod:
    return Pod(
        metadata=ObjectMeta(name="p", namespace="default", uid="u", generation=1),
        spec=PodSpec(containers=containers, restart_policy=restart_policy, termination_grace_period_seconds=30),
    )


def live(worker: PodWorker, until: int, now: int = START) -> int:
    """Step whenever a timer of the worker is due; the API accepts every status."""
    worker.step(now)
    while worker.wake_at is not None and worker.wake_at <= until:
        now = max(worker.wake_at, now + 1)
        worker.pod = replace(worker.pod, status=worker.status(now))
        worker.step(now)
    worker.pod = replace(worker.pod, status=worker.status(now))
    return now


class Sick(SimulatedRuntime):
    """A runtime whose containers fail every probe."""

    def probe(self, container_id: str, kind: str, probe: Probe, now: int) -> ProbeResult:
        return ProbeResult(success=False, output="no answer")


def test_a_container_is_not_ready_before_the_initial_delay_of_its_probe() -> None:
    runtime = SimulatedRuntime("10.0.0.0/24", Behaviour(start_seconds=1.0))
    probe = Probe(initial_delay_seconds=7, period_seconds=10, success_threshold=1)
    worker = PodWorker(a_pod(Container(name="c", image="x", readiness_probe=probe)), runtime, "1.1.1.1", START)

    ready: list[bool] = []
    for since, until in ((0, 7), (7, 9)):
        live(worker, START + until * SECOND, START + since * SECOND)
        ready.append(worker.pod.status.container_statuses[0].ready)

    assert ready == [False, True]
    assert worker.wake_at is None


def test_a_container_that_fails_its_liveness_probe_is_restarted() -> None:
    runtime = Sick("10.0.0.0/24", Behaviour(start_seconds=0.0))
    probe = Probe(period_seconds=10, failure_threshold=3, success_threshold=1)
    worker = PodWorker(a_pod(Container(name="c", image="x", liveness_probe=probe)), runtime, "1.1.1.1", START)
    live(worker, START + 21 * SECOND)

    assert worker.pod.status.container_statuses[0].restart_count == 1
    assert [one.reason for one in worker.events].count("Unhealthy") >= 3
    assert "Container c failed liveness probe, will be restarted" in [one.message for one in worker.events]


@pytest.mark.parametrize("kind", ["startup_probe", "liveness_probe"])
def test_the_readiness_of_a_container_does_not_improve_while_a_failed_probe_stops_it(kind: str) -> None:
    runtime = Sick("10.0.0.0/24", Behaviour(start_seconds=0.0, stop_seconds=5.0))
    failing, readiness = Probe(period_seconds=10, failure_threshold=3), Probe(period_seconds=10)
    container = replace(Container(name="c", image="x", readiness_probe=readiness), **{kind: failing})
    worker = PodWorker(a_pod(container), runtime, "1.1.1.1", START)
    live(worker, START + 22 * SECOND)

    (status,) = worker.pod.status.container_statuses
    assert (status.state.running is not None, status.started, status.ready) == (True, kind == "liveness_probe", False)
    live(worker, START + 26 * SECOND, START + 22 * SECOND)
    assert worker.pod.status.container_statuses[0].restart_count == 1


@pytest.mark.parametrize("deleted", [False, True])
def test_a_container_of_a_deleted_pod_does_not_wait_for_a_restart(*, deleted: bool) -> None:
    runtime = SimulatedRuntime("10.0.0.0/24", Behaviour(start_seconds=0.0, run_seconds=1.0))
    worker = PodWorker(a_pod(Container(name="c", image="x")), runtime, "1.1.1.1", START)
    live(worker, START + 5 * SECOND)
    if deleted:
        worker.pod = replace(worker.pod, metadata=replace(worker.pod.metadata, deletion_timestamp=TIME))
    live(worker, START + 6 * SECOND, START + 5 * SECOND)

    (status,) = worker.pod.status.container_statuses
    assert (status.state.waiting is None, status.state.terminated is not None) == (deleted, deleted)
    assert (worker.pod.status.phase, status.restart_count) == ("Succeeded" if deleted else "Running", 1)


def test_an_idle_pod_worker_sets_no_timer() -> None:
    runtime = SimulatedRuntime("10.0.0.0/24", Behaviour(start_seconds=1.0))
    worker = PodWorker(a_pod(Container(name="c", image="x")), runtime, "1.1.1.1", START)
    live(worker, START + 10 * SECOND)
    assert worker.wake_at is None


def test_completed_init_containers_stay_completed_across_a_power_failure_and_a_restart() -> None:
    told = PodWorker(preparing_pod(), a_runtime(), "1.1.1.1", START)
    live(told, START + 5 * SECOND)
    lost = a_runtime()
    after_the_loss = PodWorker(told.pod, lost, "1.1.1.1", START + 6 * SECOND)
    after_the_loss.recover()
    live(after_the_loss, START + 9 * SECOND, START + 6 * SECOND)

    for read in (after_the_loss.pod, a_pod_that_is_beginning()):  # as it is, or as a stale API server shows it
        anew = PodWorker(read, lost, "1.1.1.1", START + 10 * SECOND)
        anew.adopt(lost.list_pod_sandboxes()[0], START + 10 * SECOND)
        live(anew, START + 11 * SECOND, START + 10 * SECOND)
        assert [one.state.terminated is not None for one in anew.pod.status.init_container_statuses] == [True]
        assert {one.name for one in lost.list_containers(lost.list_pod_sandboxes()[0].id, START)} == {"main"}
    assert after_the_loss.pod.status.init_container_statuses == told.pod.status.init_container_statuses


def test_the_restart_count_of_a_sidecar_continues_after_a_power_failure() -> None:
    beside = Container(name="beside", image="x", restart_policy="Always")
    pod = a_pod(Container(name="main", image="x"))
    told = PodWorker(replace(pod, spec=replace(pod.spec, init_containers=(beside,))), a_runtime(), "1.1.1.1", START)
    live(told, START + 5 * SECOND)
    for lost in (1, 2):
        now = START + lost * 10 * SECOND
        told = PodWorker(told.pod, a_runtime(), "1.1.1.1", now)
        told.recover()
        live(told, now + 5 * SECOND, now)
        status = told.pod.status
        assert [one.restart_count for one in status.init_container_statuses + status.container_statuses] == [lost, lost]


def test_the_restart_count_of_an_init_container_continues_after_a_power_failure() -> None:
    pod = preparing_pod()
    told = PodWorker(replace(pod, spec=replace(pod.spec, restart_policy="Always")), a_runtime(), "1.1.1.1", START)
    live(told, START + 5 * SECOND)
    for lost in (1, 2):
        now = START + lost * 10 * SECOND
        told = PodWorker(told.pod, a_runtime(), "1.1.1.1", now)
        told.recover()
        live(told, now + 5 * SECOND, now)
        (first,) = told.pod.status.init_container_statuses
        assert (first.restart_count, first.state.terminated is not None) == (lost, True)


def preparing_pod() -> Pod:
    pod = a_pod(Container(name="done", image="x", command=("sh", "-c", "exit 0")), Container(name="main", image="x"))
    first = Container(name="first", image="x", command=("sh", "-c", "exit 0"))
    return replace(pod, spec=replace(pod.spec, init_containers=(first,), restart_policy="OnFailure"))


def a_pod_that_is_beginning() -> Pod:
    done = ContainerState(terminated=ContainerStateTerminated(exit_code=0))
    statuses = (ContainerStatus(name="done", state=done), ContainerStatus(name="main"))
    pod = preparing_pod()
    return replace(pod, status=replace(pod.status, start_time=TIME, container_statuses=statuses))


def a_runtime() -> SimulatedRuntime:
    return SimulatedRuntime("10.0.0.0/24", Behaviour(start_seconds=1.0))


commands = st.sampled_from([(), ("sh", "-c", "exit 0"), ("sh", "-c", "exit 1")])
actions = st.lists(st.sampled_from(["wait", "long wait", "delete", "restart", "step"]), max_size=12)


@given(
    st.lists(commands, min_size=1, max_size=3),
    st.sampled_from(["Always", "OnFailure", "Never"]),
    st.sampled_from([0.0, 1.0]),
    st.sampled_from([0.0, 5.0, 100.0]),
    actions,
)
@settings(max_examples=200, deadline=None)
def test_the_phase_of_a_pod_only_moves_forward_whatever_happens(
    wanted: list[tuple[str, ...]], policy: str, start_seconds: float, stop_seconds: float, history: list[str]
) -> None:
    runtime = SimulatedRuntime("10.0.0.0/24", Behaviour(start_seconds=start_seconds, stop_seconds=stop_seconds))
    containers = (Container(name=f"c{number}", image="x", command=one) for number, one in enumerate(wanted))
    worker = PodWorker(a_pod(*containers, restart_policy=policy), runtime, "1.1.1.1", START)
    now = START
    counts = [0] * len(wanted)
    for action in history:
        before = worker.pod.status.phase
        match action:
            case "wait":
                now += 3 * SECOND
            case "long wait":
                now += 200 * SECOND
            case "delete":
                metadata = replace(
                    worker.pod.metadata, deletion_timestamp="2026-01-01T00:00:00Z", deletion_grace_period_seconds=30
                )
                worker.pod = replace(worker.pod, metadata=metadata)
            case "restart":
                found = runtime.list_pod_sandboxes()
                worker = PodWorker(worker.pod, runtime, "1.1.1.1", now)
                if found:
                    worker.adopt(found[0], now)
            case _:
                pass
        now = live(worker, now, now)

        running = [
            one.name
            for sandbox in runtime.list_pod_sandboxes()
            for one in runtime.list_containers(sandbox.id, now)
            if one.state is Life.RUNNING
        ]
        assert len(running) == len(set(running))
        status = worker.pod.status
        if before in {"Succeeded", "Failed"}:
            assert (status.phase, running) == (before, [])
        if worker.stage is Stage.TERMINATED:
            assert (worker.wake_at, running) == (None, [])
        seen = [one.restart_count for one in status.container_statuses]
        assert all(after >= earlier for earlier, after in zip(counts, seen, strict=True))
        counts = seen
