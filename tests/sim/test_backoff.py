"""Who is refused waits before he asks again."""

from kubeactors.sim import Plan, Simulation
from kubeactors.sim.workload import CreateDeployment, SetQuota
from tests.quality.automatic.mutants import in_force, named

PLAN = Plan(seed=1, steps=(SetQuota(at=0.0, pods=2), CreateDeployment(at=1.0, name="web", replicas=3)))
"""One pod of a deployment is refused, for good."""


def test_who_asks_again_after_longer_and_longer_waits_is_not_objected_to() -> None:
    assert Simulation(PLAN).run().violations == ()


def test_who_asks_again_at_once_all_the_time_is() -> None:
    with in_force(named("client.workqueue:WorkQueue.add_rate_limited:swap_extremes:0")):
        assert [one.invariant for one in Simulation(PLAN).run().violations] == ["retries-back-off"]
