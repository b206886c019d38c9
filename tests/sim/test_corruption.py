"""Corrupted fields are repaired by the components that own them, or restored by the fault when it heals."""

from collections.abc import Callable
from typing import get_args

import pytest

from kubeactors.api.apps.v1 import Deployment, ReplicaSet
from kubeactors.api.coordination.v1 import Lease
from kubeactors.api.core.v1 import Node, Pod
from kubeactors.client import controller_of
from kubeactors.sim import Plan, Simulation
from kubeactors.sim.bounds.rollouts import is_ready, wanted
from kubeactors.sim.chaos.corruption import HASH, NOBODY, NOWHERE
from kubeactors.sim.chaos.faults import CorruptibleField, FieldCorrupted
from kubeactors.sim.workload import CreateDeployment
from kubeactors.sim.world import World

CORRUPTED_AT, NEVER = 5.0, 1000.0


def simulated(field: CorruptibleField, seconds: float, until: float) -> Simulation:
    """A Deployment of two pods with a corrupted field."""
    fault = FieldCorrupted(at=CORRUPTED_AT, field=field, number=1, seconds=seconds)
    simulation = Simulation(Plan(seed=1, candidates=2, steps=(CreateDeployment(at=0.0, name="web", replicas=2), fault)))
    outcome = simulation.run(until)
    assert outcome.violations == ()
    assert outcome.faults == {"field-corrupted": 1}
    return simulation


def _owned_and_ready(world: World) -> bool:
    pods = world.of(Pod).values()
    owners = [controller_of(one.metadata) for one in pods]
    return (
        len(pods) == 2
        and all(map(is_ready, pods))
        and all(one is not None and one.uid != NOBODY and one.uid in world.by_uid for one in owners)
        and all(one.status.pod_ip for one in pods)
    )


def _sizes(world: World) -> bool:
    return [wanted(one) for one in world.of(ReplicaSet).values()] == [2] and _owned_and_ready(world)


def _generations(world: World) -> bool:
    both: list[ReplicaSet | Deployment] = [*world.of(ReplicaSet).values(), *world.of(Deployment).values()]
    return [one.status.observed_generation for one in both] == [one.metadata.generation for one in both]


def _led(world: World) -> bool:
    return all(one.spec.holder_identity not in {None, "", NOWHERE} for one in world.of(Lease).values())


def _nodes_are_right(world: World) -> bool:
    nodes = world.of(Node).values()
    healthy = [("Ready", "True")]
    return all(
        [(one.type, one.status) for one in node.status.conditions if one.status == "True"] == healthy
        and node.status.allocatable["pods"] != "0"
        for node in nodes
    )


REPAIRED: dict[CorruptibleField, Callable[[World], bool]] = {
    "replicas": _sizes,
    "no-replicas": _sizes,
    "owner-lost": _owned_and_ready,
    "owner-unknown": _owned_and_ready,
    "generation": _generations,
    "holder": _led,
    "tainted": lambda world: not any(one.spec.taints for one in world.of(Node).values()),
    "unready": _owned_and_ready,
    "node-unready": _nodes_are_right,
    "no-room": _nodes_are_right,
}


@pytest.mark.parametrize("field", REPAIRED)
def test_a_corrupted_field_is_repaired_by_the_component_that_owns_it(field: CorruptibleField) -> None:
    assert REPAIRED[field](simulated(field, NEVER, 45.0).world)


def test_a_pod_that_has_lost_the_label_of_its_replica_set_is_released_and_stays() -> None:
    world = simulated("hash-lost", NEVER, 30.0).world
    free = [one for one in world.of(Pod).values() if HASH not in one.metadata.labels]
    assert [controller_of(one.metadata) for one in free] == [None]
    assert len(world.of(Pod)) == 3


def test_a_field_that_no_component_repairs_is_restored_when_the_fault_heals() -> None:
    corrupted, healed = (simulated("labels-lost", seconds, 9.0).world.of(Node).values() for seconds in (NEVER, 3.0))
    assert [bool(one.metadata.labels) for one in corrupted].count(False) == 1
    assert all(one.metadata.labels["kubernetes.io/hostname"] == one.metadata.name for one in healed)


def test_a_pod_nominated_to_a_missing_node_is_scheduled_elsewhere() -> None:
    steps = (
        CreateDeployment(at=0.0, name="web", replicas=7),
        FieldCorrupted(at=5.0, field="nomination", number=0, seconds=1.0),
    )
    simulation = Simulation(Plan(seed=1, pods_per_node=2, steps=steps))
    assert simulation.run().violations == ()
    assert simulation.chaos.fired == {"field-corrupted": 1}


def test_every_field_is_tried_here() -> None:
    assert sorted((*REPAIRED, "hash-lost", "labels-lost", "nomination")) == sorted(get_args(CorruptibleField))
