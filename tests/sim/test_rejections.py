"""Who is refused although he keeps to the bounds is heard."""

import pytest

from kubeactors.sim import Plan, Simulation
from kubeactors.sim.plan import AnyStep
from kubeactors.sim.workload import (
    Claim,
    CreateDeployment,
    Expose,
    Furnish,
    GrowClaim,
    OfferClass,
    RecreateService,
    SetLimits,
    SetShare,
    UseClaim,
)
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
        assert [one.invariant for one in Simulation(plan).run().violations] == ["resource-rejections-are-justified"]


EXPOSED = (CreateDeployment(at=0.0, name="web", replicas=1), Expose(at=5.0, name="front", of="web", form="NodePort"))


@pytest.mark.parametrize(
    ("mutant", "problem"),
    [
        ("ServiceStrategy._with_health_port:drop_clause:0", "may only be set when"),
        ("ServiceStrategy._take_port:negate_condition:0", "Internal error occurred: failed to allocate a nodePort"),
    ],
)
def test_who_asks_for_what_is_valid_is_not_told_otherwise(mutant: str, problem: str) -> None:
    plan = Plan(seed=1, steps=EXPOSED)
    assert Simulation(plan).run().violations == ()
    with in_force(named(f"apiserver.registry.services:{mutant}")):
        found = Simulation(plan).run().violations[0]
    assert found.invariant == "valid-requests-are-accepted"
    assert problem in found.message


def test_who_is_refused_by_what_others_have_said_is_refused_rightly() -> None:
    steps = (
        Expose(at=0.0, name="front", of="web"),
        Expose(at=5.0, name="front", of="web", form="Headless"),
        SetLimits(at=0.0, number=1, default="100m"),
        Furnish(at=15.0, sort="pod", number=1, cpu="1"),
        OfferClass(at=15.0, name="late"),
        Claim(at=16.0, name="disk-1", gibibytes=1, of="late"),
        UseClaim(at=17.0, name="disk-1"),
        GrowClaim(at=25.0, name="disk-1", gibibytes=3),
        GrowClaim(at=45.0, name="disk-1", gibibytes=2),
    )
    assert Simulation(Plan(seed=1, steps=steps)).run().violations == ()


def test_who_makes_a_service_again_keeps_its_address() -> None:
    plan = Plan(seed=1, steps=(CreateDeployment(at=0.0, name="web", replicas=1), RecreateService(at=5.0, name="web")))
    assert Simulation(plan).run().violations == ()
    with in_force(named("apiserver.registry.registry:Registry.delete:forget_deed:0")):
        found = [one.invariant for one in Simulation(plan).run().violations]
    assert found == ["released-cluster-ips-are-reusable", "allocators-match-services"]
