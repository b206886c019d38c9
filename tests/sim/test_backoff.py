"""A component backs off before it retries a rejected write."""

from kubeactors.sim import Plan, Simulation
from kubeactors.sim.workload import CreateDeployment, SetQuota
from tests.quality.automatic.mutants import in_force, named

PLAN = Plan(seed=1, steps=(SetQuota(at=0.0, pods=2), CreateDeployment(at=1.0, name="web", replicas=3)))
"""The creation of one pod of a deployment is always rejected."""


def test_retries_with_increasing_delays_violate_nothing() -> None:
    assert Simulation(PLAN).run().violations == ()


def test_retries_without_delay_are_found() -> None:
    with in_force(named("client.workqueue:WorkQueue.add_rate_limited:swap_extremes:0")):
        assert [one.invariant for one in Simulation(PLAN).run().violations] == ["retries-back-off"]
