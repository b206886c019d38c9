"""Devices: pods share the few that exist one after the other, and mistakes in their allocation are found."""

import pytest

from kubeactors.api.core.v1 import Pod
from kubeactors.api.resource.v1 import ResourceClaim
from kubeactors.sim import Plan, Simulation
from kubeactors.sim.plan import AnyStep
from kubeactors.sim.workload import CreateDevicePod, DeleteDeviceClaim, DeletePod, PublishDevices
from tests.quality.automatic.mutants import in_force, named

ONE = PublishDevices(at=0.0, node="node-2", count=1)
TWO_WANT_IT = (CreateDevicePod(at=0.1, name="gadget-1"), CreateDevicePod(at=0.1, name="gadget-2", run_seconds=3.0))
TWO_SHARE_IT = (
    CreateDevicePod(at=0.1, name="gadget-1", shared=True),
    CreateDevicePod(at=1.0, name="gadget-2", shared=True),
)

MISTAKES: list[tuple[str, str, tuple[AnyStep, ...]]] = [
    ("one-claim-per-device", "scheduler.device_book:DeviceBook._is_taken:drop_clause:0", TWO_WANT_IT),
    ("device-claims-match-pods", "controllers.resourceclaim:ResourceClaimController._on_pod:skip_wake_up:1",
     (*TWO_WANT_IT, DeletePod(at=8.0, name="gadget-1"))),
    ("schedulable-pods-are-scheduled", "scheduler.device_book:DeviceBook._is_taken:confuse:0", TWO_WANT_IT),
    ("used-device-claims-are-kept", "controllers.resourceclaim:ResourceClaimController._is_used_by:confuse:4",
     (*TWO_SHARE_IT, DeleteDeviceClaim(at=5.0))),
]  # fmt: skip


def ran(*steps: AnyStep) -> Simulation:
    """A run without violations."""
    simulation = Simulation(Plan(seed=1, steps=(ONE, *steps)))
    assert simulation.run().violations == ()
    return simulation


def test_a_pod_waits_for_a_device_until_another_pod_has_released_it() -> None:
    world = ran(*TWO_WANT_IT, DeletePod(at=20.0, name="gadget-1")).world
    assert [(one.metadata.name, one.status.phase) for one in world.of(Pod).values()] == [("gadget-2", "Succeeded")]
    assert dict(world.of(ResourceClaim)) == {}


def test_a_deleted_claim_is_kept_while_a_pod_uses_it() -> None:
    held = ran(*TWO_SHARE_IT, DeleteDeviceClaim(at=5.0)).world
    assert [one.metadata.name for one in held.of(ResourceClaim).values()] == ["shared"]
    assert {one.spec.node_name for one in held.of(Pod).values()} == {"node-2"}
    users = [DeletePod(at=20.0, name=f"gadget-{number}") for number in (1, 2)]
    assert dict(ran(*TWO_SHARE_IT, DeleteDeviceClaim(at=5.0), *users).world.of(ResourceClaim)) == {}


@pytest.mark.parametrize(("invariant", "mutant", "steps"), MISTAKES, ids=[one[0] for one in MISTAKES])
def test_a_mistake_in_allocation_is_found(invariant: str, mutant: str, steps: tuple[AnyStep, ...]) -> None:
    with in_force(named(mutant)):  # who comes first depends on the seed
        outcomes = [Simulation(Plan(seed=seed, steps=(ONE, *steps))).run() for seed in (1, 2, 3)]
    assert invariant in {one.invariant for outcome in outcomes for one in outcome.violations}
