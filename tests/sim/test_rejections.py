"""Unjustified rejections are found, and justified ones are not violations."""

import pytest

from kubeactors.sim import Plan, Simulation
from kubeactors.sim.plan import AnyStep
from kubeactors.sim.workload import (
    CreateClaim,
    CreateDeployment,
    CreateService,
    CreateStorageClass,
    CreateTenantObject,
    ExpandClaim,
    MountClaim,
    RecreateService,
    SetLimitRange,
    SetTenantQuota,
)
from tests.quality.automatic.mutants import in_force, named

LIMITED = (SetLimitRange(at=0.0, number=1, largest="1"), CreateTenantObject(at=15.0, sort="pod", number=1, cpu="1"))
SHARED = (SetTenantQuota(at=0.0, hard={"requests.cpu": "1"}), CreateTenantObject(at=5.0, sort="pod", number=1, cpu="1"))


@pytest.mark.parametrize(
    ("mutant", "steps"),
    [
        ("limit_ranger:_too_much:off_by_one:1", LIMITED),
        ("resource_quota.plugin:ResourceQuotas._check:off_by_one:0", SHARED),
    ],
)
def test_a_rejection_within_the_bounds_is_found(mutant: str, steps: tuple[AnyStep, ...]) -> None:
    plan = Plan(seed=1, steps=steps)
    assert Simulation(plan).run().violations == ()
    with in_force(named(f"apiserver.admission.{mutant}")):
        assert [one.invariant for one in Simulation(plan).run().violations] == ["resource-rejections-are-justified"]


EXPOSED = (
    CreateDeployment(at=0.0, name="web", replicas=1),
    CreateService(at=5.0, name="front", of="web", form="NodePort"),
)


@pytest.mark.parametrize(
    ("mutant", "problem"),
    [
        ("ServiceStrategy._with_health_port:drop_clause:0", "may only be set when"),
        ("ServiceStrategy._take_port:negate_condition:0", "Internal error occurred: failed to allocate a nodePort"),
    ],
)
def test_a_rejection_of_a_valid_request_is_found(mutant: str, problem: str) -> None:
    plan = Plan(seed=1, steps=EXPOSED)
    assert Simulation(plan).run().violations == ()
    with in_force(named(f"apiserver.registry.services:{mutant}")):
        found = Simulation(plan).run().violations[0]
    assert found.invariant == "valid-requests-are-accepted"
    assert problem in found.message


def test_a_rejection_because_of_another_users_write_is_no_violation() -> None:
    steps = (
        CreateService(at=0.0, name="front", of="web"),
        CreateService(at=5.0, name="front", of="web", form="Headless"),
        SetLimitRange(at=0.0, number=1, default="100m"),
        CreateTenantObject(at=15.0, sort="pod", number=1, cpu="1"),
        CreateStorageClass(at=15.0, name="late"),
        CreateClaim(at=16.0, name="disk-1", gibibytes=1, of="late"),
        MountClaim(at=17.0, name="disk-1"),
        ExpandClaim(at=25.0, name="disk-1", gibibytes=3),
        ExpandClaim(at=45.0, name="disk-1", gibibytes=2),
    )
    assert Simulation(Plan(seed=1, steps=steps)).run().violations == ()


def test_a_recreated_service_may_keep_its_cluster_ip() -> None:
    plan = Plan(seed=1, steps=(CreateDeployment(at=0.0, name="web", replicas=1), RecreateService(at=5.0, name="web")))
    assert Simulation(plan).run().violations == ()
    with in_force(named("apiserver.registry.registry:Registry.delete:forget_deed:0")):
        found = [one.invariant for one in Simulation(plan).run().violations]
    assert found == ["released-cluster-ips-are-reusable", "allocators-match-services"]
