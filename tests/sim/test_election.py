"""Two schedulers and two controller managers: one of each leads, and a failover loses nothing."""

from typing import cast

import pytest

from kubeactors.actor.cell import Cell
from kubeactors.actor.supervision import SECOND
from kubeactors.api.apps.v1 import Deployment
from kubeactors.api.coordination.v1 import Lease
from kubeactors.api.core.v1 import Event, Pod
from kubeactors.client.leaderelector import Tenure
from kubeactors.sim import Plan, Simulation
from kubeactors.sim.bounds.goals import unconverged
from kubeactors.sim.chaos.crash import SimulatedCrash
from kubeactors.sim.chaos.faults import AnyFault, ManagerRestart, Partition, SchedulerRestart, Stall, Unavailable
from kubeactors.sim.tree import actors_of, cells
from kubeactors.sim.user import Perform
from kubeactors.sim.workload import CreateDeployment, Scale

KINDS = ("controller-manager", "scheduler")


def two_of_each(seed: int = 1) -> Simulation:
    """A running cluster with leader election."""
    simulation = Simulation(Plan(seed=seed, candidates=2))
    assert simulation.boot()
    assert simulation.sim.run_until(lambda: all(leaders(simulation).values()), 10)
    simulation.arm()
    return simulation


def lease_of(simulation: Simulation, kind: str) -> Lease:
    """The Lease of a kind of component."""
    found = simulation.world.find(Lease, f"kube-{kind}", "kube-system")
    assert found is not None
    return found


def holder_of(simulation: Simulation, kind: str) -> str:
    """The candidate that holds the Lease: its name without the unique suffix."""
    return (lease_of(simulation, kind).spec.holder_identity or "").rpartition("_")[0]


def leaders(simulation: Simulation) -> dict[str, list[str]]:
    """The leaders, by Lease."""
    found: dict[str, list[str]] = {f"kube-{kind}": [] for kind in KINDS}
    for path, actor in actors_of(simulation.sim.kernel.root, Tenure):
        tenure = cast("Tenure[object]", actor)
        found[tenure.lease].append(path.split("/")[2])
    return found


def passes(simulation: Simulation, seconds: int) -> None:
    """Time passes; at no checked moment are there two leaders, and no invariant is violated."""
    for _ in range(seconds * 4):
        simulation.sim.run(0.25)
        assert all(len(names) <= 1 for names in leaders(simulation).values()), leaders(simulation)
    assert not simulation.judge.violations


def works(simulation: Simulation) -> None:
    """The cluster converges."""
    assert simulation.sim.run_until(lambda: not next(unconverged(simulation.world), ""), 90), next(
        unconverged(simulation.world), ""
    )
    assert not simulation.judge.violations


def cut(simulation: Simulation, fault: AnyFault) -> None:
    """Inject a fault now."""
    simulation.chaos.arm(fault, simulation.sim.now)


def test_one_candidate_of_each_kind_leads_and_the_lease_names_it() -> None:
    simulation = two_of_each()
    passes(simulation, 30)
    for kind in KINDS:
        assert leaders(simulation)[f"kube-{kind}"] == [holder_of(simulation, kind)]
        assert lease_of(simulation, kind).spec.lease_transitions == 0
        assert lease_of(simulation, kind).spec.lease_duration_seconds == 15
    told = [one.message for one in simulation.world.of(Event).values() if one.reason == "LeaderElection"]
    assert sorted(told) == sorted(f"{lease_of(simulation, kind).spec.holder_identity} became leader" for kind in KINDS)


def test_a_standby_starts_nothing() -> None:
    simulation = two_of_each()
    working = [
        cell.path.split("/")[2]
        for cell in cells(simulation.sim.kernel.root)
        if cell.path.count("/") == 3 and cell.path.endswith("/leading")
    ]
    assert sorted(working) == sorted(holder_of(simulation, kind) for kind in KINDS)


@pytest.mark.parametrize("direction", ["both", "to-server", "from-server"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_partitioned_leader_stops_before_another_one_takes_over(seed: int, direction: str) -> None:
    simulation = two_of_each(seed)
    simulation.user.tell(Perform(CreateDeployment(at=0.0, name="web", replicas=4, tolerate_seconds=5)))
    before = {kind: holder_of(simulation, kind) for kind in KINDS}
    for name in before.values():
        cut(simulation, Partition(at=0.1, component=name, seconds=60.0, direction=direction))  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] -- one of the three
    passes(simulation, 30)
    for kind, name in before.items():
        assert holder_of(simulation, kind) != name
        assert lease_of(simulation, kind).spec.lease_transitions == 1
    works(simulation)
    passes(simulation, 60)
    assert {kind: lease_of(simulation, kind).spec.lease_transitions for kind in KINDS} == dict.fromkeys(KINDS, 1)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_standby_takes_over_after_a_crash(seed: int) -> None:
    simulation = two_of_each(seed)
    simulation.user.tell(Perform(CreateDeployment(at=0.0, name="web", replicas=4, tolerate_seconds=5)))
    cut(simulation, ManagerRestart(at=0.05))
    cut(simulation, SchedulerRestart(at=0.05))
    passes(simulation, 20)
    works(simulation)
    simulation.user.tell(Perform(Scale(at=0.0, name="web", replicas=7)))
    simulation.sim.run(1)
    works(simulation)
    assert sum(isinstance(one, Pod) for one in simulation.world.of(Pod).values()) == 7
    assert len(simulation.world.of(Deployment)) == 1


def test_a_leader_survives_an_outage_shorter_than_its_renew_deadline() -> None:
    simulation = two_of_each()
    before = {kind: lease_of(simulation, kind).spec.holder_identity for kind in KINDS}
    for kind in KINDS:
        cut(simulation, Unavailable(at=0.1, component=holder_of(simulation, kind), seconds=6.0))
    passes(simulation, 30)
    assert {kind: lease_of(simulation, kind).spec.holder_identity for kind in KINDS} == before


def process(simulation: Simulation, name: str) -> list[Cell]:
    """All actors of a process."""
    return [cell for cell in cells(simulation.sim.kernel.root) if cell.path.split("/")[2:3] == [name]]


def test_a_leader_that_was_paused_for_long_steps_down_when_it_resumes() -> None:
    simulation = two_of_each()
    name = holder_of(simulation, "scheduler")
    paused = process(simulation, name)
    for cell in paused:
        simulation.network.stall(cell)
    simulation.sim.run(40)
    assert holder_of(simulation, "scheduler") != name
    for cell in paused:
        simulation.network.unstall(cell)
    simulation.sim.run(0.25)
    assert leaders(simulation)["kube-scheduler"] == [holder_of(simulation, "scheduler")]
    simulation.user.tell(Perform(CreateDeployment(at=0.0, name="web", replicas=4, tolerate_seconds=5)))
    simulation.sim.run(1)
    assert simulation.sim.run_until(lambda: not next(unconverged(simulation.world), ""), 60)


def test_a_delayed_elector_does_not_prolong_leadership() -> None:
    simulation = two_of_each()
    name = holder_of(simulation, "scheduler")
    cut(simulation, Stall(at=0.1, component=name, seconds=60.0))
    passes(simulation, 40)
    assert leaders(simulation)["kube-scheduler"] == [holder_of(simulation, "scheduler")] != [name]
    passes(simulation, 40)


def test_a_restarted_elector_does_not_lead_because_of_its_predecessors_lease() -> None:
    simulation = two_of_each()
    leads = holder_of(simulation, "scheduler")
    (elector,) = (cell for cell in cells(simulation.sim.kernel.root) if cell.path == f"/cluster/{leads}")
    assert simulation.sim.run_until(lambda: elector.activations is not None, 10)
    simulation.sim.crash(elector, SimulatedCrash("amid an attempt to renew"))
    simulation.sim.settle()
    assert leaders(simulation)["kube-scheduler"] == []
    passes(simulation, 25)  # a write in flight may have renewed a Lease without a holder
    assert leaders(simulation)["kube-scheduler"] == [holder_of(simulation, "scheduler")]


@pytest.mark.parametrize("hours", [-5, 5])
def test_a_clock_jump_does_not_change_the_leader(hours: int) -> None:
    simulation = two_of_each()
    before = {kind: lease_of(simulation, kind).spec.holder_identity for kind in KINDS}
    simulation.sim.kernel.wall += hours * 3600 * SECOND
    passes(simulation, 30)
    assert {kind: lease_of(simulation, kind).spec.holder_identity for kind in KINDS} == before


def test_a_candidate_that_stops_releases_its_lease() -> None:
    simulation = two_of_each()
    name = holder_of(simulation, "scheduler")
    (elector,) = (cell for cell in cells(simulation.sim.kernel.root) if cell.path == f"/cluster/{name}")
    _ = simulation.sim.stop(elector)
    simulation.sim.run(0.1)
    assert lease_of(simulation, "scheduler").spec.holder_identity == ""
    passes(simulation, 5)
    assert holder_of(simulation, "scheduler") not in ("", name)


@pytest.mark.parametrize("stops", [True, False])
def test_a_single_candidate_leads_again_at_once_after_a_restart(stops: bool) -> None:  # noqa: FBT001 -- a parameter
    simulation = Simulation(Plan(seed=1), leader_elect=True)
    assert simulation.boot()
    passes(simulation, 3)
    before = {kind: lease_of(simulation, kind).spec.holder_identity for kind in KINDS}
    if stops:
        simulation.replace_plane()
    else:
        cut(simulation, ManagerRestart(at=0.0))
        cut(simulation, SchedulerRestart(at=0.0))
    passes(simulation, 3)
    assert all(leaders(simulation).values())
    for kind in KINDS:
        assert lease_of(simulation, kind).spec.holder_identity != before[kind]
