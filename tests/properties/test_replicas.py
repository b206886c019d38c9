"""Each reconciler converges to the desired number of replicas under random failures.

Hypothesis draws the sizes, the faults around each change, and the seed of the schedule. The fuzzer's invariants take no
part: each test counts what is in the store in the end.
"""

from collections.abc import Callable, Sequence
from typing import TypeAlias

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kubeactors.api.apps.v1 import Deployment, StatefulSet
from kubeactors.api.batch.v1 import Job
from kubeactors.api.core.v1 import Endpoints, Node, Pod
from kubeactors.controllers.pods import is_ready
from kubeactors.sim import Plan, Simulation
from kubeactors.sim.plan import AnyStep, encode
from kubeactors.sim.strategies import faults
from kubeactors.sim.workload import (
    CreateDaemonSet,
    CreateDeployment,
    CreateJob,
    CreateReplicationController,
    CreateStatefulSet,
    Roll,
    RollWorkload,
    Scale,
    ScaleReplicationController,
    ScaleStatefulSet,
)
from kubeactors.sim.workload.sets import Keeper
from kubeactors.sim.world import World

NAME, IMAGE = "web", "2"
STEP_SECONDS = 4.0
CONVERGES_SECONDS = 400.0
"""The longest wait of a controller that nothing wakes is five minutes."""
Sizes: TypeAlias = list[int]

sizes: st.SearchStrategy[Sizes] = st.lists(st.integers(0, 4), min_size=1, max_size=4)
tried = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=(HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example),
)


def at(number: int) -> float:
    """The time of a user action, in seconds."""
    return number * STEP_SECONDS


def scaled(scale: Callable[[float, int], AnyStep], numbers: Sizes) -> list[AnyStep]:
    """Change the size to each of these; the first one is that at creation."""
    return [scale(at(number), size) for number, size in enumerate(numbers[1:], 1)]


def converged(data: st.DataObject, kind: str, steps: Sequence[AnyStep]) -> World:
    """The cluster some time after these steps, and after the faults around them have healed."""
    drawn = data.draw(faults([step.at for step in steps], workloads=[kind]), label="faults")
    plan = Plan(seed=data.draw(st.integers(0, 2**32 - 1), label="seed"), steps=(*steps, *drawn))
    simulation = Simulation(plan, invariants=())
    outcome = simulation.run(until=plan.ends_at + CONVERGES_SECONDS)
    assert outcome.violations == (), f"kubeactors replay a file with these lines:\n{encode(plan)}"
    return simulation.world


def ready_pods(world: World) -> dict[str, Pod]:
    """The workload's pods by name; evicted ones may be left over, all others are ready."""
    pods = {pod.metadata.name: pod for pod in world.of(Pod).values() if pod.metadata.labels.get("app") == NAME}
    running = {name: pod for name, pod in pods.items() if pod.status.phase != "Failed"}
    assert all(map(is_ready, running.values())), {name: pod.status.phase for name, pod in running.items()}
    return running


def addresses_behind_the_service(world: World) -> set[str]:
    """Of its ready pods."""
    endpoints = world.find(Endpoints, NAME)
    return {one.ip for subset in endpoints.subsets for one in subset.addresses} if endpoints is not None else set()


def images(pods: dict[str, Pod]) -> set[str]:
    """The tags that their containers run."""
    return {pod.spec.containers[0].image.rpartition(":")[2] for pod in pods.values()}


@tried
@given(data=st.data(), numbers=sizes, rolls=st.booleans())
def test_a_deployment_has_its_replicas_of_its_newest_image(data: st.DataObject, numbers: Sizes, *, rolls: bool) -> None:
    steps: list[AnyStep] = [CreateDeployment(at=0.0, name=NAME, replicas=numbers[0])]
    steps += scaled(lambda when, size: Scale(at=when, name=NAME, replicas=size), numbers)
    steps += [Roll(at=at(1) + 0.5, name=NAME, image=IMAGE)] if rolls else []
    world = converged(data, "Deployment", steps)
    pods, deployment = ready_pods(world), world.find(Deployment, NAME)
    assert deployment is not None
    assert len(pods) == deployment.spec.replicas == numbers[-1]
    assert images(pods) <= {IMAGE if rolls else "1"}
    assert addresses_behind_the_service(world) == {pod.status.pod_ip for pod in pods.values()}
    assert deployment.status.ready_replicas == deployment.status.updated_replicas == numbers[-1]


@tried
@given(data=st.data(), numbers=sizes, parallel=st.booleans(), rolls=st.booleans())
def test_a_stateful_set_has_its_members_one_of_each_name(
    data: st.DataObject, numbers: Sizes, *, parallel: bool, rolls: bool
) -> None:
    steps: list[AnyStep] = [CreateStatefulSet(at=0.0, name=NAME, replicas=numbers[0], parallel=parallel)]
    steps += scaled(lambda when, size: ScaleStatefulSet(at=when, name=NAME, replicas=size), numbers)
    steps += [RollWorkload(at=at(1) + 0.5, of="StatefulSet", name=NAME, image=IMAGE)] if rolls else []
    world = converged(data, "StatefulSet", steps)
    pods, stateful_set = ready_pods(world), world.find(StatefulSet, NAME)
    assert stateful_set is not None
    assert set(pods) == {f"{NAME}-{ordinal}" for ordinal in range(numbers[-1])}
    assert images(pods) <= {IMAGE if rolls else "1"}
    assert stateful_set.status.ready_replicas == numbers[-1]


@tried
@given(data=st.data(), surges=st.booleans())
def test_a_daemon_set_has_one_pod_on_each_node(data: st.DataObject, *, surges: bool) -> None:
    create = CreateDaemonSet(at=0.0, name=NAME, max_unavailable=0 if surges else 1, max_surge=1 if surges else 0)
    world = converged(data, "DaemonSet", [create, RollWorkload(at=at(1), of="DaemonSet", name=NAME, image=IMAGE)])
    pods = ready_pods(world)
    assert sorted(pod.spec.node_name for pod in pods.values()) == sorted(
        node.metadata.name for node in world.of(Node).values()
    )
    assert images(pods) == {IMAGE}


@tried
@given(data=st.data(), completions=st.integers(1, 5), parallelism=st.integers(1, 3))
def test_a_job_completes_as_often_as_it_was_asked_to(data: st.DataObject, completions: int, parallelism: int) -> None:
    create = CreateJob(at=0.0, name=NAME, completions=completions, parallelism=parallelism, backoff_limit=1000)
    job = converged(data, "Job", [create]).find(Job, NAME)
    assert job is not None
    assert job.status.succeeded == completions
    assert [one.status for one in job.status.conditions if one.type == "Complete"] == ["True"]


@pytest.mark.parametrize("kind", ["ReplicationController", "ReplicaSet"])
@tried
@given(data=st.data(), numbers=sizes)
def test_replicas_without_rollouts_are_as_many_as_wanted(kind: Keeper, data: st.DataObject, numbers: Sizes) -> None:
    steps: list[AnyStep] = [CreateReplicationController(at=0.0, of=kind, name=NAME, replicas=numbers[0])]
    steps += scaled(lambda when, size: ScaleReplicationController(at=when, of=kind, name=NAME, replicas=size), numbers)
    world = converged(data, kind, steps)
    pods = ready_pods(world)
    assert len(pods) == numbers[-1]
    assert addresses_behind_the_service(world) == {pod.status.pod_ip for pod in pods.values()}
