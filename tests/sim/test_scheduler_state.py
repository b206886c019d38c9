"""A scheduler's state is compared with that of a new scheduler."""

import pytest

from kubeactors.sim import Plan, Simulation
from kubeactors.sim.plan import AnyStep
from kubeactors.sim.workload import AddForeignNodes, CreateDeployment
from tests.quality.automatic.mutants import in_force, named

VISIT = AddForeignNodes(at=1.0, machines=1, apart_seconds=1.0, seconds=15.0, held_seconds=0.0)
WEB = CreateDeployment(at=1.0, name="web", replicas=2)


@pytest.mark.parametrize(
    ("invariant", "mutant", "step"),
    [
        ("scheduler-cache-equals-store", "cache:Cache.remove_node:confuse:1", VISIT),
        ("scheduler-accounting-is-correct", "population:Population.hold:negate_condition:0", WEB),
    ],
)
def test_a_mistake_in_the_schedulers_accounting_is_found(invariant: str, mutant: str, step: AnyStep) -> None:
    plan = Plan(seed=1, steps=(step,))
    assert Simulation(plan).run().violations == ()
    with in_force(named(f"scheduler.{mutant}")):
        assert invariant in {one.invariant for one in Simulation(plan).run().violations}
