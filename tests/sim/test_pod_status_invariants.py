"""Pod statuses are judged: whether they are consistent, how they change, and when."""

from itertools import pairwise

import pytest
from msgspec.structs import replace

from kubeactors.actor import SimSystem
from kubeactors.actor.supervision import SECOND
from kubeactors.api.core.v1 import (
    Container,
    ContainerState,
    ContainerStateRunning,
    ContainerStateTerminated,
    ContainerStateWaiting,
    ContainerStatus,
    Node,
    Pod,
    PodCondition,
    PodIP,
    PodSpec,
    PodStatus,
)
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.apimachinery.time import parse_time
from kubeactors.sim.disturbances import RETRIED_SECONDS, Harm
from kubeactors.sim.invariants import Invariant
from kubeactors.sim.invariants.conditions import ConditionTransitionsAreTimestamped
from kubeactors.sim.invariants.pod_status import ContainerStatesAdvance, PodStatusesAreConsistent
from kubeactors.sim.invariants.pod_timing import ContainerRestartsBackOff, PodsTerminateInTime
from kubeactors.sim.world import Commit, World
from kubeactors.storage import KeyValue, StoreEvent

T0, T1, T2 = "2026-01-01T00:00:00Z", "2026-01-01T00:00:10Z", "2026-01-01T00:00:20Z"
WAITS = ContainerState(waiting=ContainerStateWaiting(reason="ContainerCreating"))
BACKS_OFF = ContainerState(waiting=ContainerStateWaiting(reason="CrashLoopBackOff"))
RUNS = ContainerState(running=ContainerStateRunning(started_at=T1))
DONE = ContainerState(terminated=ContainerStateTerminated(exit_code=0, started_at=T0, finished_at=T1))
BROKEN = ContainerState(terminated=ContainerStateTerminated(exit_code=1, started_at=T0, finished_at=T1))


def told(state: ContainerState, count: int = 0, last: ContainerState | None = None, id_: str = "c") -> ContainerStatus:
    """A container's status."""
    runs = state.running is not None
    return ContainerStatus(
        name="main",
        state=state,
        last_state=last or ContainerState(),
        ready=runs,
        started=runs,
        restart_count=count,
        container_id=id_,
        image_id="i",
    )


def pod(one: ContainerStatus, phase: str, ready: str = "", policy: str = "Always", address: str = "10.0.0.1") -> Pod:
    """A pod of one container with that status."""
    said = ready or str(one.ready)
    return Pod(
        metadata=ObjectMeta(name="a", namespace="x", uid="u"),
        spec=PodSpec(restart_policy=policy, node_name="node-1", containers=(Container(name="main"),)),
        status=PodStatus(
            phase=phase,
            start_time=T0,
            host_ip="192.0.2.1",
            pod_ip=address,
            pod_ips=(PodIP(ip=address),) if address else (),
            container_statuses=(one,),
            conditions=tuple(PodCondition(type=type_, status=said) for type_ in ("ContainersReady", "Ready")),
        ),
    )


def judged(type_: type[Invariant], old: Pod, new: Pod) -> list[str]:
    """The violations for a change."""
    sim = SimSystem()
    sim.kernel.wall = parse_time(T2)
    return list(type_(World(), sim.kernel.root).committed(Commit(7, "x/a", old, new)))


EMPTY = Pod()


@pytest.mark.parametrize(
    ("found", "problem"),
    [
        (pod(told(RUNS), "Running"), ""),
        (pod(told(RUNS), "Pending"), "its phase is Pending"),
        (pod(told(RUNS), "Running", ready="False"), "ContainersReady is False"),
        (pod(told(RUNS), "Failed", ready="False"), "its phase is Failed"),
        (pod(told(RUNS), "Running", address=""), "has no podIP"),
        (pod(told(RUNS, id_=""), "Running"), "has no container id"),
        (pod(told(RUNS, count=1, last=DONE), "Running"), ""),
        (pod(told(WAITS), "Pending"), ""),
        (pod(told(WAITS), "Running"), "none of its containers has started"),
        (pod(told(WAITS, count=1, last=BROKEN), "Running"), ""),
        (pod(replace(told(WAITS), started=True), "Pending"), "has started: true"),
        (pod(told(BACKS_OFF, count=1, last=DONE), "Running"), ""),
        (pod(told(BACKS_OFF, count=1, last=BROKEN), "Failed"), "main waits for a restart"),
        (pod(told(DONE), "Succeeded", policy="Never"), ""),
        (pod(told(DONE), "Running", policy="Never"), "all of its containers have finished"),
        (pod(told(DONE), "Running"), ""),
        (pod(told(BROKEN), "Succeeded", policy="Never"), "not all of its containers have succeeded"),
        (pod(told(BROKEN), "Running", policy="OnFailure"), ""),
        (pod(told(DONE), "Failed", policy="OnFailure"), "its phase is Failed"),
    ],
)
def test_the_parts_of_a_pod_status_are_consistent(found: Pod, problem: str) -> None:
    problems = judged(PodStatusesAreConsistent, EMPTY, found)
    assert bool(problems) == bool(problem), problems
    assert any(problem in one for one in problems) or not problem


@pytest.mark.parametrize(
    ("old", "new", "policy", "problem"),
    [
        (told(WAITS, id_=""), told(RUNS), "Always", ""),
        (told(RUNS), told(DONE), "Never", ""),
        (told(DONE), told(RUNS, count=1, last=DONE, id_="d"), "Always", ""),
        (told(DONE), told(RUNS, count=1, last=DONE, id_="d"), "OnFailure", "and restarted, though"),
        (told(BROKEN), told(RUNS, count=1, last=BROKEN, id_="d"), "OnFailure", ""),
        (told(BROKEN), told(RUNS, count=1, last=BROKEN, id_="d"), "Never", "and restarted, though"),
        (told(DONE), told(RUNS, count=1, id_="d"), "Always", "has no last termination state"),
        (told(DONE), told(RUNS), "Always", "runs again after it terminated"),
        (told(RUNS), told(RUNS, count=1, last=BROKEN), "Always", "kept its id"),
        (told(RUNS, count=1, last=BROKEN), told(DONE, id_="d"), "Always", "went back from 1 restarts to 0"),
        (told(DONE), told(BROKEN), "Never", "changed its termination state"),
    ],
)
def test_a_container_advances_as_its_restart_policy_allows(
    old: ContainerStatus, new: ContainerStatus, policy: str, problem: str
) -> None:
    before, after = (pod(one, "Running", policy=policy) for one in (old, new))
    problems = judged(ContainerStatesAdvance, before, after)
    assert bool(problems) == bool(problem), problems
    assert any(problem in one for one in problems) or not problem


@pytest.mark.parametrize("affected", [False, True])
def test_an_end_that_no_runtime_knows_is_forgotten_only_by_a_kubelet_that_was_affected(*, affected: bool) -> None:
    unknown = ContainerState(terminated=ContainerStateTerminated(exit_code=137, reason="ContainerStatusUnknown"))
    before, after = pod(told(WAITS, last=unknown, id_=""), "Pending"), pod(told(RUNS, count=1), "Running")
    sim, world = SimSystem(), World()
    if affected:
        world.faults.affect("node-1", 0)
    problems = list(ContainerStatesAdvance(world, sim.kernel.root).committed(Commit(7, "x/a", before, after)))
    assert bool(problems) is not affected


@pytest.mark.parametrize(
    ("status", "since", "problem"),
    [
        ("True", T0, ""),
        ("True", T1, "is still True"),
        ("False", T2, ""),
        ("False", T0, "its lastTransitionTime is still 2026-01-01T00:00:00Z"),
    ],
)
def test_a_transition_time_changes_with_the_status(status: str, since: str, problem: str) -> None:
    before, after = (
        Pod(status=PodStatus(conditions=(PodCondition(type="Ready", status=one, last_transition_time=time),)))
        for one, time in (("True", T0), (status, since))
    )
    problems = judged(ConditionTransitionsAreTimestamped, before, after)
    assert bool(problems) == bool(problem)
    assert not problem or problem in problems[0]


def ended(second: int) -> ContainerState:
    """It failed after it ran for a second."""
    times = [f"2026-01-01T00:00:{one:02}Z" for one in (second - 1, second)]
    return ContainerState(
        terminated=ContainerStateTerminated(exit_code=1, started_at=times[0], finished_at=times[1], container_id="c")
    )


def begun(second: int) -> ContainerState:
    """It has been running since that second."""
    return ContainerState(running=ContainerStateRunning(started_at=f"2026-01-01T00:00:{second:02}Z"))


@pytest.mark.parametrize(("again", "problems"), [(25, 0), (16, 1)])
def test_the_second_restart_backs_off_for_ten_seconds(again: int, problems: int) -> None:
    sim = SimSystem()
    invariant = ContainerRestartsBackOff(World(), sim.kernel.root)
    steps = (
        told(WAITS),
        told(begun(10)),
        told(ended(11)),
        told(begun(11), count=1, last=ended(11), id_="d"),
        told(ended(14), count=1, last=ended(11), id_="d"),
        told(begun(again), count=2, last=ended(14), id_="e"),
    )
    found: list[str] = []
    for before, after in pairwise(steps):
        old, new = pod(before, "Running"), pod(after, "Running")
        found += invariant.committed(Commit(7, "x/a", old, new))
    assert len(found) == problems


def test_an_overdue_restart_is_a_violation() -> None:
    sim, world = SimSystem(), World()
    invariant = ContainerRestartsBackOff(world, sim.kernel.root)
    before, after = pod(told(RUNS), "Running"), pod(told(BROKEN), "Running")
    write(world, "pods/x/a", after)
    assert not list(invariant.committed(Commit(7, "x/a", before, after)))
    sim.run(5.0)
    assert not list(invariant.looked())
    sim.run(10.0)
    assert list(invariant.looked())


def test_an_overdue_removal_is_a_violation_unless_a_finalizer_explains_it() -> None:
    sim, world = SimSystem(), World()
    until = "1970-01-01T00:00:30Z"
    write(world, "nodes/node-1", Node(metadata=ObjectMeta(name="node-1", uid="n")))
    going = pod(told(RUNS), "Running")
    write(world, "pods/x/a", replace(going, metadata=replace(going.metadata, deletion_timestamp=until)))
    held = replace(going.metadata, name="b", uid="v", deletion_timestamp=until, finalizers=("f",))
    write(world, "pods/x/b", replace(going, metadata=held))
    sim.kernel.wall = 0
    invariant = PodsTerminateInTime(world, sim.kernel.root)
    sim.run(35.0)
    assert not list(invariant.looked())
    sim.run(10.0)
    assert len(list(invariant.looked())) == 1


def test_a_kubelet_that_learns_late_of_a_deletion_has_the_whole_grace_period_from_then_on() -> None:
    sim, world = SimSystem(), World()
    write(world, "nodes/node-1", Node(metadata=ObjectMeta(name="node-1", uid="n")))
    going = pod(told(RUNS), "Running")
    metadata = replace(going.metadata, deletion_timestamp="1970-01-01T00:00:30Z", deletion_grace_period_seconds=30)
    write(world, "pods/x/a", replace(going, metadata=metadata))
    sim.kernel.wall = 0
    world.faults.affect("node-1", 90 * SECOND, harm=Harm(impairs_watches=False))
    invariant = PodsTerminateInTime(world, sim.kernel.root)
    sim.run(90.0 + RETRIED_SECONDS + 35.0)
    assert not list(invariant.looked())
    sim.run(10.0)
    assert len(list(invariant.looked())) == 1


def write(world: World, key: str, value: Pod | Node) -> None:
    """The store has an object."""
    world.apply(StoreEvent(kv=KeyValue(key, value, 7, 7, 1), previous=None, deleted=False))
