"""Delayed writes: the cluster may have changed when they arrive."""

import pytest

from kubeactors.api.apps.v1 import ReplicaSet
from kubeactors.api.batch.v1 import Job
from kubeactors.api.core.v1 import Pod
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.sim import Plan, Simulation
from kubeactors.sim.chaos.faults import DelayedWrite, ManagerRestart, MissedDelete
from kubeactors.sim.plan import AnyStep, PlanError, decode, encode
from kubeactors.sim.workload import (
    CreateDeployment,
    CreateJob,
    CreateNamespace,
    CreateStatefulSet,
    DeleteNamespace,
    DeletePod,
    DeleteWorkload,
    Scale,
)
from tests.quality.automatic.mutants import in_force, named

MANAGER, NODE = "controller-manager", "node-1"
LATE_CREATION = DelayedWrite(at=0.0, component=MANAGER, resource="pods", verb="create", seconds=3.0)


def lived(*steps: AnyStep, late: int) -> Simulation:
    """A cluster after these steps, without violations and with so many delayed writes."""
    simulation = Simulation(Plan(seed=1, nodes=1, steps=steps))
    outcome = simulation.run()
    assert outcome.violations == ()
    assert outcome.faults["delayed-write"] == late
    return simulation


def made(simulation: Simulation, type_: type[TypedObject]) -> int:
    """How many objects of a kind were ever created."""
    return sum(1 for commit in simulation.world.log_of(type_) if commit.old is None)


def apps(simulation: Simulation) -> list[str]:
    """The labels `app` of the present pods."""
    return sorted(pod.metadata.labels["app"] for pod in simulation.world.of(Pod).values())


def test_a_pod_that_a_user_releases_while_its_deletion_is_in_flight_stays() -> None:
    late = DelayedWrite(at=4.9, component=MANAGER, resource="pods", verb="delete", meanwhile="release", seconds=1.0)
    scale = Scale(at=5.0, name="web", replicas=2)
    assert apps(lived(CreateDeployment(at=0.0, name="web", replicas=3), late, scale, late=1)) == [
        "astray",
        "web",
        "web",
    ]


def test_a_pod_that_reuses_a_name_while_the_deletion_of_the_former_pod_is_in_flight_stays() -> None:
    late = DelayedWrite(at=4.9, component=NODE, resource="pods", verb="delete", meanwhile="replace", seconds=1.0)
    delete = DeletePod(at=5.0, name="web")
    assert apps(lived(CreateDeployment(at=0.0, name="web", replicas=2), late, delete, late=1)) == [
        "astray",
        "web",
        "web",
    ]


def test_the_name_of_an_orphaned_pod_of_a_stateful_set_is_not_taken() -> None:
    late = DelayedWrite(at=9.9, component=MANAGER, resource="pods", verb="patch", meanwhile="replace", seconds=1.0)
    again = CreateStatefulSet(at=10.0, name="db", replicas=1)
    first = CreateStatefulSet(at=0.0, name="db", replicas=1)
    orphan = DeleteWorkload(at=5.0, of="StatefulSet", name="db", propagation="Orphan")
    assert apps(lived(first, orphan, late, again, late=1)) == ["db"]


def test_a_job_that_a_user_replaces_during_its_sync_runs_again() -> None:
    late = DelayedWrite(at=0.0, component=MANAGER, resource="jobs", verb="any", meanwhile="replace", seconds=0.05)
    simulation = lived(late, CreateJob(at=0.1, name="sum", completions=1, parallelism=1), late=1)
    (left,) = simulation.world.of(Job).values()
    assert (made(simulation, Job), left.status.succeeded) == (2, 1)


def test_an_object_recreated_in_a_terminating_namespace_is_deleted_with_it() -> None:
    late = DelayedWrite(at=1.0, component="scheduler", meanwhile="replace", seconds=0.05)
    simulation = lived(late, CreateNamespace(at=1.01, name="team"), DeleteNamespace(at=1.51, name="team"), late=1)
    assert apps(simulation) == []


def test_an_owner_deleted_while_the_reply_to_its_creation_is_in_flight_is_recreated() -> None:
    late = DelayedWrite(
        at=0.0, component=MANAGER, resource="replicasets", verb="create", leg="reply", meanwhile="delete", seconds=1.0
    )
    simulation = lived(late, CreateDeployment(at=0.1, name="web", replicas=2), late=1)
    assert made(simulation, ReplicaSet) == 2
    assert apps(simulation) == ["web", "web"]


def test_a_delayed_write_arrives_once() -> None:
    assert made(lived(LATE_CREATION, CreateDeployment(at=0.1, name="web", replicas=2), late=1), Pod) == 2


def test_a_delayed_write_of_a_stopped_sender_is_lost() -> None:
    steps = (LATE_CREATION, CreateDeployment(at=0.1, name="web", replicas=1), ManagerRestart(at=1.0))
    assert made(lived(*steps, late=1), Pod) == 1


def test_an_object_deleted_in_a_gap_of_its_watch_is_recreated() -> None:
    missed = MissedDelete(at=0.0, component=MANAGER, resource="replicasets", seconds=40.0)
    plan = Plan(seed=1, nodes=1, steps=(missed, CreateDeployment(at=0.1, name="web", replicas=2)))
    simulation = Simulation(plan)
    assert simulation.run().violations == ()
    assert made(simulation, ReplicaSet) == 2
    with in_force(named("controllers.deployment.controller:DeploymentController._reconcile:negate_condition:0")):
        found = {one.invariant for one in Simulation(plan).run().violations}
        assert found == {"specs-are-acted-on-promptly", "statuses-are-accurate"}


def test_an_unknown_interference_is_rejected_with_its_line() -> None:
    text = encode(Plan(steps=(LATE_CREATION,))).replace('"meanwhile":null', '"meanwhile":"paint"')
    with pytest.raises(PlanError, match=r"line 2: this is no delayed-write: Invalid enum value 'paint'"):
        decode(text)
