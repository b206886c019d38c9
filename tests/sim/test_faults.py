"""Every kind of fault takes effect and heals, and the cluster converges."""

import pytest

from kubeactors.actor.supervision import SECOND
from kubeactors.api.coordination.v1 import Lease
from kubeactors.api.core.v1 import Pod
from kubeactors.apimachinery.time import parse_time
from kubeactors.controllers.pods import ready_time
from kubeactors.sim import Plan, Simulation
from kubeactors.sim.chaos import faults as f
from kubeactors.sim.chaos.faults import AnyFault
from kubeactors.sim.grammar import generate
from kubeactors.sim.plan import FAULT_KINDS
from kubeactors.sim.steps import kind_of
from kubeactors.sim.workload import AnyAction, CreateDeployment, CreateStatefulSet, Roll, Scale

MANAGER, SCHEDULER, NODE = "controller-manager", "scheduler", "node-1"
WORKLOAD: tuple[AnyAction, ...] = (
    CreateDeployment(at=0.0, name="web", replicas=4, tolerate_seconds=5, probes=True),
    CreateStatefulSet(at=0.1, name="db", replicas=2, tolerate_seconds=5),
    Roll(at=5.0, name="web", image="2"),
    Scale(at=7.0, name="web", replicas=6),
)
FAULTS: tuple[AnyFault, ...] = (
    f.NodePowerLoss(at=4.0, node=NODE, seconds=10.0),
    f.KubeletRestart(at=5.1, node=NODE),
    f.ApiServerRestart(at=5.1),
    f.StoreRestart(at=5.1),
    f.ManagerRestart(at=5.1),
    f.SchedulerRestart(at=5.1),
    f.ControllerCrash(at=5.0, controller="replicaset", writes=2),
    f.WatchLag(at=5.0, component=MANAGER, resource="pods", seconds=10.0),
    f.WatchBreak(at=5.0, component=MANAGER, resource="pods", seconds=3.0),
    f.WatchExpired(at=5.0, component=MANAGER, resource="pods", seconds=3.0),
    f.WatchRepeat(at=5.0, component=MANAGER, resource="pods", seconds=3.0),
    f.StoreLag(at=5.0, seconds=1.0),
    f.Conflicts(at=5.0, component=MANAGER, resource="replicasets", count=2),
    f.AdmissionFailure(at=5.0, component=MANAGER, resource="pods", verb="create", count=2),
    f.ReplyLost(at=5.0, component=MANAGER, resource="pods"),
    f.SlowReplies(at=5.0, component=MANAGER, resource="pods", seconds=10.0),
    f.DelayedWrite(at=5.0, component=MANAGER, resource="pods", verb="delete", meanwhile="release", seconds=1.0),
    f.MissedDelete(at=5.0, component=MANAGER, resource="pods", seconds=10.0),
    f.Unavailable(at=5.0, component=MANAGER, seconds=3.0),
    f.Partition(at=5.0, component=NODE, direction="from-server", seconds=10.0),
    f.ZonePowerLoss(at=5.0, seconds=5.0),
    f.NodeReplaced(at=5.0, node=NODE, seconds=10.0),
    f.NodeRemoved(at=5.0, node=NODE),
    f.StaleRestart(at=5.0, component=MANAGER, after=1.0, seconds=3.0),
    f.Stall(at=5.0, component=MANAGER, actor="replicaset", seconds=5.0),
    f.SlowStarts(at=5.0, node=NODE, seconds=5.0),
    f.FailingContainers(at=5.0, node=NODE, how="crash", seconds=5.0),
    f.Throttled(at=5.0, component=MANAGER, seconds=3.0),
    f.RackPowerLoss(at=5.0, nodes=(NODE, "node-2"), seconds=10.0),
    f.Pause(at=5.0, component=MANAGER, seconds=10.0),
    f.ClockSkew(at=4.9, component=MANAGER, ahead_seconds=-18_000.0, seconds=60.0),
    f.VersionSkew(at=5.0, component=MANAGER, seconds=10.0),
    f.StatusCleared(at=5.5, resource="replicasets", number=1),
    f.FieldCorrupted(at=5.5, field="owner-unknown", number=1, seconds=5.0),
    f.SlowActor(at=5.0, component=MANAGER, actor="replicaset", delay_seconds=0.1, seconds=5.0),
    f.MailboxOverflow(at=5.0, component=MANAGER, resource="pods", seconds=5.0),
    f.FailingProbes(at=5.0, node=NODE, probe="readiness", seconds=10.0),
    f.Overload(at=5.0, answer="throttled", seconds=3.0),
    f.DiskFull(at=5.0, seconds=2.0),
    f.TornWrite(at=5.0, how="torn"),
    f.StoreLeaderChange(at=5.0, seconds=2.0),
    f.Compaction(at=5.0, component=MANAGER),
)
OF_ALL: tuple[AnyFault, ...] = (
    f.AdmissionFailure(at=5.0, component=MANAGER, every=3, count=1000, seconds=20.0),
    f.WatchLag(at=5.0, component=MANAGER, resource="", seconds=10.0),
    f.Conflicts(at=5.0, component=MANAGER, resource="", count=2),
    f.ReplyLost(at=5.0, component=MANAGER, resource=""),
)
"""Faults that are about all that a component watches or writes."""
OF_LEADERS: tuple[AnyFault, ...] = (
    f.ManagerRestart(at=5.1),
    f.SchedulerRestart(at=5.1),
    f.ControllerCrash(at=5.0, controller="replicaset", writes=2, process=True),
    f.ControllerCrash(at=5.0, component=SCHEDULER, controller=SCHEDULER, writes=1),
    f.ControllerCrash(at=5.0, component=NODE, controller="", writes=2, process=True),
    f.WatchLag(at=5.0, component=MANAGER, resource="pods", seconds=10.0),
    f.Partition(at=5.0, component=MANAGER, seconds=30.0),
    f.Pause(at=5.0, component=MANAGER, seconds=30.0),
    f.Pause(at=5.0, component=SCHEDULER, seconds=30.0),
    f.Stall(at=5.0, component=SCHEDULER, actor="scheduler", seconds=5.0),
    f.ClockSkew(at=5.0, component=MANAGER, ahead_seconds=18_000.0, seconds=30.0),
    f.StaleRestart(at=5.0, component=MANAGER, after=1.0, seconds=3.0),
)


@pytest.mark.parametrize("fault", [*FAULTS, *OF_ALL], ids=kind_of)
def test_a_fault_takes_effect_and_heals(fault: AnyFault) -> None:
    outcome = Simulation(Plan(seed=1, steps=(*WORKLOAD, fault))).run()
    assert outcome.violations == ()
    assert outcome.faults.get(kind_of(fault), 0) >= 1


@pytest.mark.parametrize("fault", OF_LEADERS, ids=kind_of)
def test_a_fault_targets_the_leader(fault: AnyFault) -> None:
    outcome = Simulation(Plan(seed=2, candidates=2, steps=(*WORKLOAD, fault))).run()
    assert outcome.violations == ()
    assert outcome.faults.get(kind_of(fault), 0) >= 1


def test_a_fault_affects_its_component_from_when_it_takes_effect() -> None:
    crash = f.ControllerCrash(at=1.0, controller="replicaset", writes=1)
    simulation = Simulation(Plan(seed=1, steps=(crash, CreateDeployment(at=10.0, name="web", replicas=1))))
    assert simulation.run().faults == {kind_of(crash): 1}
    assert simulation.world.faults.affected_until(MANAGER) >= 10 * SECOND


def test_clock_skew_of_a_node_shows_in_its_status_and_does_no_harm() -> None:
    skew = f.ClockSkew(at=1.0, component=NODE, ahead_seconds=-18_000.0, seconds=100.0)
    simulation = Simulation(Plan(seed=1, steps=(CreateDeployment(at=2.0, name="web", replicas=3), skew)))
    assert simulation.run(50.0).violations == ()
    world, hour = simulation.world, (simulation.sim.kernel.wall + simulation.sim.now) // (3600 * SECOND)
    for lease in (one for one in world.of(Lease).values() if one.metadata.namespace == "kube-node-lease"):
        lost = 5 if lease.metadata.name == NODE else 0
        assert _hour(lease.spec.renew_time) == hour - lost
    pods = [one for one in world.of(Pod).values() if one.spec.node_name == NODE]
    assert pods
    for pod in pods:
        running = pod.status.container_statuses[0].state.running
        assert (running is not None and _hour(running.started_at), _hour(ready_time(pod))) == (hour, hour - 5)


def _hour(time: str | None) -> int:
    assert time
    return parse_time(time) // (3600 * SECOND)


def test_a_cleared_pod_status_is_reported_again() -> None:
    lost = f.StatusCleared(at=8.0, resource="pods", number=0)
    outcome = Simulation(Plan(seed=1, steps=(*WORKLOAD[:2], lost))).run()
    assert outcome.violations == ()
    assert outcome.faults == {kind_of(lost): 1}


def test_every_kind_of_fault_is_tried_here() -> None:
    assert sorted(FAULT_KINDS) == sorted(dict.fromkeys(map(kind_of, FAULTS)))


def test_the_grammar_draws_every_kind_of_fault() -> None:
    drawn = {kind_of(fault) for seed in range(120) for fault in generate(seed).faults}
    assert sorted(drawn) == sorted(FAULT_KINDS)
    assert {generate(seed).candidates for seed in range(120)} == {1, 2}
