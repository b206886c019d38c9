"""Who is refused although he keeps to the bounds is heard."""

import pytest

from kubeactors.sim import Plan, Simulation
from kubeactors.sim.plan import AnyStep
from kubeactors.sim.workload import CreateDeployment, Furnish, RecreateService, SetLimits, SetShare
from tests.quality.automatic.mutants import in_force, named

LIMITED = (SetLimits(at=0.0, number=1, largest="1"), Furnish(at=15.0, sort="pod", number=1, cpu="1"))
SHARED = (SetShare(at=0.0, hard={"requests.cpu": "1"}), Furnish(at=5.0, sort="pod", number=1, cpu="1"))


@pytest.mark.parametrize(
    ("mutant", "steps"),
    [
        ("limit_ranger:_too_much:off_by_one:1", LIMITED),
        ("resource_quota.plugin:ResourceQuotas._check:off_by_one:0", SHARED),
    ],
)
def test_who_asks_for_just_as_much_as_he_may_have_gets_it(mutant: str, steps: tuple[AnyStep, ...]) -> None:
    plan = Plan(seed=1, steps=steps)
    assert Simulation(plan).run().violations == ()
    with in_force(named(f"apiserver.admission.{mutant}")):
        assert [one.invariant for one in Simulation(plan).run().violations] == ["refusals-hold-water"]


def test_who_makes_a_service_again_keeps_its_address() -> None:
    plan = Plan(seed=1, steps=(CreateDeployment(at=0.0, name="web", replicas=1), RecreateService(at=5.0, name="web")))
    assert Simulation(plan).run().violations == ()
    with in_force(named("apiserver.registry.registry:Registry.delete:forget_deed:0")):
        assert [one.invariant for one in Simulation(plan).run().violations] == ["addresses-are-given-back"]
