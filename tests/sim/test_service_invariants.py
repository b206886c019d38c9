"""Each invariant of services finds mistakes in their allocation, and nothing else."""

import pytest

from kubeactors.sim import Plan, Simulation
from kubeactors.sim.invariants.apiserver import services
from kubeactors.sim.invariants.controllers.services import ServicesHaveAddressesAndPorts
from kubeactors.sim.invariants.invariant import Invariant
from kubeactors.sim.workload import CreateDeployment, CreateService, DeleteService, ServiceForm
from tests.quality.automatic.mutants import in_force, named

FORMS: tuple[tuple[ServiceForm, tuple[str, ...]], ...] = (
    ("ClusterIP", ("80",)),
    ("NodePort", ("80",)),
    ("LoadBalancer", ("81",)),
    ("ClusterIP", ("80",)),
    ("ExternalName", ("80",)),
    ("NodePort", ("80",)),
    ("LoadBalancer", ("80", "http")),
)
"""The types that a service takes, one after the other."""
PLAN = Plan(
    seed=1,
    steps=(
        CreateDeployment(at=0.0, name="web", replicas=1),
        *(
            CreateService(at=5.0 * number, name="front", of="web", form=form, ports=ports)
            for number, (form, ports) in enumerate(FORMS, start=1)
        ),
        CreateService(at=50.0, name="side", of="web", form="LoadBalancer"),
        DeleteService(at=60.0, name="side"),
    ),
)
JUDGES: tuple[type[Invariant], ...] = (*services.INVARIANTS, ServicesHaveAddressesAndPorts)


def test_a_service_may_change_its_type_to_any_other() -> None:
    assert Simulation(PLAN).run().violations == ()


@pytest.mark.parametrize(
    ("mutant", "invariant"),
    [
        ("services:ServiceStrategy._with_address:negate_condition:1", "cluster-ips-are-stable"),
        ("services:_with_given:negate_condition:3", "node-ports-are-stable"),
        ("allocators:_upper_first:confuse:0", "static-ranges-are-left-to-users"),
        ("registry:Registry._replace:forget_deed:0", "allocators-match-services"),
        ("services:addresses_of:negate_condition:0", "ip-addresses-match-services"),
        ("services:_with_families:drop_clause:7", "services-have-addresses-and-ports"),
        ("services:ServiceStrategy._with_node_ports:negate_condition:0", "services-have-addresses-and-ports"),
    ],
)
def test_a_mistake_in_allocation_is_found(mutant: str, invariant: str) -> None:
    judges = [one for one in JUDGES if one.name == invariant]  # others may end the run before
    with in_force(named(f"apiserver.registry.{mutant}")):
        assert invariant in [one.invariant for one in Simulation(PLAN, judges).run().violations]
