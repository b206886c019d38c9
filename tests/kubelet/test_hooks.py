"""Lifecycle hooks, grace periods, and containers added to running pods."""

from msgspec.structs import replace

from kubeactors.api.core.v1 import Container, EphemeralContainer, Pod
from kubeactors.api.core.v1.probe import ExecAction, Lifecycle, LifecycleHandler, SleepAction
from kubeactors.apimachinery.time import parse_time
from kubeactors.kubelet import Log, ReadLog
from kubeactors.kubelet.runtimes import Behaviour
from tests.kubelet.plane import Plane, a_pod, condition

SECOND = 1_000_000_000


def is_running(pod: Pod) -> bool:
    return pod.status.phase == "Running"


def hooked(
    name: str = "p", *, pre_stop: LifecycleHandler | None = None, post_start: LifecycleHandler | None = None
) -> Pod:
    lifecycle = Lifecycle(pre_stop=pre_stop, post_start=post_start)
    return a_pod(name, Container(name="c", image="example/x", lifecycle=lifecycle), node_name="node-0")


def sleep(seconds: int) -> LifecycleHandler:
    return LifecycleHandler(sleep=SleepAction(seconds=seconds))


def command(*words: str) -> LifecycleHandler:
    return LifecycleHandler(exec=ExecAction(command=words))


def seconds_until_gone(plane: Plane, name: str = "p") -> float:
    begun = plane.sim.now
    while plane.find_pod(name) is not None:
        plane.sim.run(0.25)
        assert plane.sim.now - begun < 120 * SECOND
    return (plane.sim.now - begun) / SECOND


def reasons(plane: Plane, name: str = "p") -> list[tuple[str, str]]:
    return [(one.reason, one.message) for one in plane.events(name) if one.reason not in {"Pulled", "Created"}]


def test_a_container_is_stopped_after_its_pre_stop_hook() -> None:
    plane = Plane(nodes=1, behaviour=Behaviour(stop_seconds=3.0))
    plane.create(hooked(pre_stop=command("sh", "-c", "sleep 5; sleep 2")))
    plane.run_until_pod("p", is_running)
    plane.delete_pod("p")
    assert 10.0 <= seconds_until_gone(plane) < 11.0


def test_a_pre_stop_hook_that_uses_up_the_grace_period_leaves_two_seconds() -> None:
    plane = Plane(nodes=1, behaviour=Behaviour(stop_seconds=20.0))
    plane.create(hooked(pre_stop=sleep(25)))
    plane.run_until_pod("p", is_running)
    plane.delete_pod("p", 10)
    assert 12.0 <= seconds_until_gone(plane) < 13.0


def test_a_shorter_grace_period_interrupts_a_pre_stop_hook() -> None:
    plane = Plane(nodes=1)
    plane.create(hooked(pre_stop=sleep(25)))
    plane.run_until_pod("p", is_running)
    plane.delete_pod("p", 30)
    plane.sim.run(2.0)
    plane.delete_pod("p", 1)
    assert seconds_until_gone(plane) < 3.5


def test_a_failed_pre_stop_hook_has_an_event() -> None:
    plane = Plane(nodes=1)
    plane.create(hooked(pre_stop=command("false")))
    plane.run_until_pod("p", is_running)
    plane.delete_pod("p")
    plane.sim.run(2.0)
    assert ("FailedPreStopHook", "PreStopHook failed") in reasons(plane)


def test_a_container_is_running_when_its_post_start_hook_has_finished() -> None:
    plane = Plane(nodes=1)
    plane.create(hooked(post_start=sleep(8)))
    plane.sim.run(5.0)
    waiting = plane.pod("p").status.container_statuses[0].state.waiting
    assert waiting is not None
    assert waiting.reason == "ContainerCreating"
    pod = plane.run_until_pod("p", is_running)
    assert condition(pod, "Ready") == ("True", "", "")


def test_a_failed_post_start_hook_kills_the_container() -> None:
    plane = Plane(nodes=1)
    plane.create(hooked(post_start=command("false")))
    pod = plane.run_until_pod(
        "p", lambda one: bool(one.status.container_statuses) and one.status.container_statuses[0].restart_count > 1
    )
    assert pod.status.container_statuses[0].last_state.terminated is not None
    told = reasons(plane)
    assert ("FailedPostStartHook", "PostStartHook failed") in told
    assert ("Killing", "FailedPostStartHook") in told


def test_an_ephemeral_container_starts_once_in_a_running_pod() -> None:
    plane = Plane(nodes=1)
    pod = plane.create(a_pod("p", node_name="node-0"))
    pod = plane.run_until_pod("p", is_running)
    added = EphemeralContainer(name="debug", image="busybox", command=("sh", "-c", "exit 3"))
    changed = replace(pod, spec=replace(pod.spec, ephemeral_containers=(added,)))
    plane.do(lambda: plane.client.update(changed, subresource="ephemeralcontainers"))
    after = plane.run_until_pod(
        "p", lambda one: any(status.state.terminated for status in one.status.ephemeral_container_statuses)
    )
    plane.sim.run(60.0)

    assert plane.pod("p") == after
    (status,) = after.status.ephemeral_container_statuses
    assert status.state.terminated is not None
    assert (status.state.terminated.exit_code, status.restart_count, status.ready) == (3, 0, False)
    assert is_running(after)
    assert condition(after, "Ready") == ("True", "", "")
    paths = [one.involved_object.field_path for one in plane.events("p")]
    assert "spec.ephemeralContainers{debug}" in paths
    log = plane.sim.ask(plane.kubelets["node-0"], ReadLog(namespace="default", pod="p", container="debug"))
    assert isinstance(log, Log)
    assert log.lines[-1] == "exit 3"


def test_the_grace_period_begins_when_the_pod_is_deleted() -> None:
    plane = Plane(nodes=1, behaviour=Behaviour(stop_seconds=100.0))
    plane.create(hooked())
    plane.run_until_pod("p", is_running)
    plane.delete_pod("p", 5)
    deleted = plane.pod("p").metadata.deletion_timestamp
    assert deleted is not None
    assert parse_time(deleted) <= plane.sim.kernel.wall + plane.sim.now + 5 * SECOND
    assert 5.0 <= seconds_until_gone(plane) < 6.0
