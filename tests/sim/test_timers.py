"""Writes that are due because time passes are no omission, even if times in objects come from clocks that are hours off."""

import pytest
from msgspec.structs import replace

from kubeactors.actor.supervision import SECOND
from kubeactors.api.apps.v1 import Deployment, DeploymentCondition, DeploymentSpec, DeploymentStatus
from kubeactors.api.policy.v1 import PodDisruptionBudget, PodDisruptionBudgetStatus
from kubeactors.apimachinery.meta import ObjectMeta, TypedObject
from kubeactors.apimachinery.time import format_time
from kubeactors.sim.bounds.timers import is_due
from kubeactors.sim.world import World
from kubeactors.storage import KeyValue, StoreEvent

HOUR, NOW = 3600, 400_000 * SECOND
WINDOW_SECONDS = 20.0


def at(seconds: float) -> str:
    """The time so many seconds from now."""
    return format_time(NOW + int(seconds * SECOND))


def rollout(updated: float, *, reason: str = "ReplicaSetUpdated", paused: bool = False) -> Deployment:
    """A deployment with ten minutes for each step of a rollout, the last of which was so many seconds from now."""
    condition = DeploymentCondition(type="Progressing", status="True", reason=reason, last_update_time=at(updated))
    return Deployment(
        metadata=ObjectMeta(name="a"),
        spec=DeploymentSpec(progress_deadline_seconds=600, paused=paused),
        status=DeploymentStatus(conditions=(condition,)),
    )


def evicted(seconds: float) -> PodDisruptionBudget:
    """A budget one of whose pods was evicted so many seconds from now, and is there still."""
    return PodDisruptionBudget(
        metadata=ObjectMeta(name="a"), status=PodDisruptionBudgetStatus(disrupted_pods={"web-0": at(seconds)})
    )


@pytest.mark.parametrize(
    ("found", "due"),
    [
        (rollout(-300), False),
        (rollout(-590), True),
        (rollout(-700), False),
        (evicted(-60), False),
        (evicted(-110), True),
        (evicted(-200), False),
    ],
)
def test_a_write_is_due_as_time_passes(found: TypedObject, *, due: bool) -> None:
    assert is_due(world_of(found), NOW, WINDOW_SECONDS) is due


@pytest.mark.parametrize(
    ("found", "due"),
    [
        (rollout(-300), False),
        (rollout(5 * HOUR), True),
        (rollout(-5 * HOUR), True),
        (rollout(5 * HOUR, reason="NewReplicaSetAvailable"), False),
        (rollout(-5 * HOUR, reason="ProgressDeadlineExceeded"), False),
        (rollout(5 * HOUR, paused=True), False),
        (replace(rollout(5 * HOUR), spec=DeploymentSpec(progress_deadline_seconds=None)), False),
    ],
)
def test_a_deadline_that_a_wrong_clock_has_set_is_due_when_a_controller_restarts(
    found: TypedObject, *, due: bool
) -> None:
    world = world_of(found)
    assert not is_due(world, NOW, WINDOW_SECONDS)
    world.faults.skew("controller-manager")
    assert is_due(world, NOW, WINDOW_SECONDS) is due


def world_of(found: TypedObject) -> World:
    """A world in which that is all there is."""
    world = World()
    world.apply(StoreEvent(kv=KeyValue("x/a", found, 1, 1, 1), previous=None, deleted=False))
    return world
