"""Containers compare their environment and files with their pod's spec."""

import pytest

from kubeactors.sim import Plan, Simulation
from kubeactors.sim.workload import CreateJob
from tests.quality.automatic.mutants import in_force, named

PLAN = Plan(seed=1, steps=(CreateJob(at=0.0, name="sum", completions=1, parallelism=1, exit_code=0, trait="settings"),))


@pytest.mark.parametrize(
    "mutant",
    [
        "environment:expand:confuse:0",
        "fields:field_of:confuse:1",
        "preparation:config_of:negate_condition:0",
        "volumes:modes_of:confuse:0",
        "volumes:mounts_of:confuse:0",
    ],
)
def test_a_wrong_environment_is_found(mutant: str) -> None:
    assert Simulation(PLAN).run().violations == ()
    with in_force(named(f"kubelet.{mutant}")):
        names = [one.invariant for one in Simulation(PLAN).run().violations]
    assert names == ["container-environments-are-correct"]
