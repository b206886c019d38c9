"""Pods look whether their environment and their files are what they have asked for."""

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
def test_a_container_that_is_told_something_else_is_heard(mutant: str) -> None:
    assert Simulation(PLAN).run().violations == ()
    with in_force(named(f"kubelet.{mutant}")):
        names = [one.invariant for one in Simulation(PLAN).run().violations]
    assert names == ["container-environments-are-correct"]
