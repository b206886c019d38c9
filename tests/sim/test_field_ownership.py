"""Several managers write one object: values and owners are compared with the rules of server-side apply."""

import pytest

from kubeactors.api.core.v1 import ConfigMap
from kubeactors.sim import Plan, Simulation
from kubeactors.sim.grammar import Seeded
from kubeactors.sim.grammar.topics.field_managers import FieldManagers
from kubeactors.sim.invariants.apiserver.field_ownership import FieldOwnershipIsTracked
from kubeactors.sim.plan import in_order
from kubeactors.sim.users.manifests import NAMESPACE
from kubeactors.sim.workload import WriteAsManager
from tests.quality.automatic.mutants import in_force, named


def shared(seed: int, writes: int = 15) -> Plan:
    """One object, and many writes of it, one after the other."""
    drawn = FieldManagers(Seeded(seed))
    steps = [*drawn.first(1.0), *(drawn.another(4.0 + number) for number in range(writes))]
    return Plan(seed=seed, nodes=1, steps=in_order([*steps]))


@pytest.mark.parametrize("seed", [1, 2, 4])
def test_correct_ownership_violates_nothing(seed: int) -> None:
    simulation = Simulation(shared(seed))
    assert simulation.run(until=25.0).violations == ()
    assert simulation.actions["write-as-manager"] > 10


@pytest.mark.parametrize(
    "mutant",
    [
        "apiserver.field_manager:FieldManager.of_change:drop_clause:2",
        "apiserver.field_manager:FieldManager.applied:negate_condition:1",
        "apiserver.field_manager:FieldManager.applied:swallow:1",
        "apiserver.field_manager:_changed_parts:confuse:0",
    ],
)
def test_a_mistake_in_server_side_apply_is_found(mutant: str) -> None:
    with in_force(named(mutant)):
        runs = (Simulation(shared(seed), (FieldOwnershipIsTracked,)).run(until=25.0) for seed in (1, 2, 4, 5))
        assert any(one.invariant == "field-ownership-is-tracked" for run in runs for one in run.violations)


def test_a_dry_run_stores_nothing_and_a_conflict_is_resolved_by_force() -> None:
    simulation = Simulation(
        Plan(
            seed=1,
            nodes=1,
            steps=(
                WriteAsManager(at=1.0, of="ConfigMap", name="managed", manager="alice", fields=("x",), value="1"),
                WriteAsManager(at=2.0, of="ConfigMap", name="managed", manager="bob", fields=("x",), value="2"),
                WriteAsManager(
                    at=3.0, of="ConfigMap", name="managed", manager="bob", fields=("x",), value="2", rehearsed=True
                ),
                WriteAsManager(
                    at=4.0, of="ConfigMap", name="managed", manager="bob", how="force", fields=("y",), value="2"
                ),
            ),
        )
    )
    assert simulation.run(until=6.0).violations == ()
    assert simulation.actions["write-as-manager"] == 2


def test_an_update_without_a_uid_keeps_the_objects_identity() -> None:
    steps = (
        WriteAsManager(at=1.0, of="ConfigMap", name="managed", manager="alice", fields=("x", "y")),
        WriteAsManager(
            at=2.0, of="ConfigMap", name="managed", manager="bob", how="overwrite", fields=("y", "z"), value="2"
        ),
    )
    plan = Plan(seed=1, nodes=1, steps=steps)
    simulation = Simulation(plan)
    assert simulation.run(until=6.0).violations == ()
    found = simulation.world.find(ConfigMap, "managed", NAMESPACE)
    assert found is not None
    assert found.data == {"y": "2", "z": "2"}
    with in_force(named("apiserver.registry.metadata:carried_over:drop_guard:0")):
        assert [one.invariant for one in Simulation(plan).run(until=6.0).violations] == ["valid-requests-are-accepted"]
