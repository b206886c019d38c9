"""Invariants of what controllers decide find a mistake before it does any harm."""

from contextlib import AbstractContextManager
from unittest.mock import patch

import pytest

from kubeactors.controllers.deployment import plan as deployment_plan
from kubeactors.sim import Plan, Simulation
from kubeactors.sim.chaos.faults import AdmissionFailure, DelayedWrite
from kubeactors.sim.plan import AnyStep
from kubeactors.sim.workload import (
    AddForeignNodes,
    Autoscale,
    CreateDaemonSet,
    CreateDeployment,
    CreateJob,
    CreateStatefulSet,
    Roll,
    RollWorkload,
    ScaleStatefulSet,
    SetAdmissionRule,
)
from tests.quality.automatic.mutants import in_force, named
from tests.quality.mutants.workloads import availability_by_hearsay

MANAGER = "controller-manager"
ROLLOUT = (
    CreateDeployment(at=0.0, name="web", replicas=7, max_surge=2, max_unavailable=1),
    DelayedWrite(at=2.99, component=MANAGER, verb="delete", count=1, seconds=1.0),
    Roll(at=25.1, name="web", image="2"),
)


def nothing_rolls() -> AbstractContextManager[object]:
    """A rollout never begins: the status is written, and no ReplicaSet is created."""

    def roll(self: deployment_plan._Rollout) -> deployment_plan.Plan:
        return self.finished(self.counted())

    return patch.object(deployment_plan._Rollout, "roll", roll)


def mutant(name: str) -> AbstractContextManager[object]:
    return in_force(named(f"controllers.{name}"))


MISTAKES: tuple[tuple[str, AbstractContextManager[object], tuple[AnyStep, ...]], ...] = (
    ("failed-writes-are-retried", mutant("nodeipam.controller:NodeIpamController._assign:swallow:0"),
     (AdmissionFailure(at=16.6, component=MANAGER, resource="nodes", verb="patch", count=1, answer="forbidden"),
      AddForeignNodes(at=22.0, machines=1, apart_seconds=1.0, seconds=3.0, held_seconds=15.0))),
    ("admission-policies-are-checked", mutant("policy_status:ValidatingAdmissionPolicyStatusController.reconcile:confuse:0"),
     (SetAdmissionRule(at=1.0, form="validating", number=1, seconds=25.0, sort="secret", operations=("*",), place="elsewhere", by="all",
              which=2, soft=True, errs=False, in_binding=True, answer="nobody"),)),
    ("autoscaling-behavior-is-respected", mutant("podautoscaler.behavior:decide:swap_extremes:0"),
     (CreateDeployment(at=0.0, name="web", replicas=5, load="20m"),
      Autoscale(at=0.1, name="web", least=2, most=6, percent=80, patience_seconds=90))),
    ("rollout-steps-keep-within-bounds", availability_by_hearsay(), ROLLOUT),
    ("specs-are-acted-on-promptly", nothing_rolls(), (CreateDeployment(at=0.0, name="web", replicas=2),)),
    ("specs-are-acted-on-promptly", mutant("statefulset.identity:is_in_range:off_by_one:1"),
     (CreateStatefulSet(at=0.0, name="db", replicas=3), ScaleStatefulSet(at=20.0, name="db", replicas=2))),
    ("stateful-claims-have-owners", mutant("statefulset.claims:owners:confuse:3"),
     (CreateStatefulSet(at=0.0, name="db", replicas=1, claims=True),)),
    ("finished-pods-are-counted-first", mutant("job.tracking:_Tally.add:confuse:0"),
     (CreateJob(at=0.0, name="batch", completions=3, parallelism=2, run_seconds=2.0),)),
    ("pods-are-made-from-templates", mutant("daemonset.placing:Placing.pod:negate_condition:0"),
     (CreateDaemonSet(at=0.0, name="agent"),)),
    ("availability-takes-its-time", mutant("replicaset.controller:ReplicasController._count:confuse:0"),
     (CreateDeployment(at=0.0, name="web", replicas=2, min_ready_seconds=6),)),
    ("the-newest-revision-is-rolled-out", mutant("deployment.plan:_Rollout.sync_revision:swap_extremes:0"),
     (CreateDeployment(at=0.0, name="web", replicas=2), *(Roll(at=at, name="web", image=image) for at, image in ((15.0, "2"), (40.0, "3"))))),
    ("cluster-converges", mutant("daemonset.plan:is_updated:drop_clause:3"),
     (CreateDaemonSet(at=0.0, name="agent"), RollWorkload(at=20.0, of="DaemonSet", name="agent", image="2"))),
)  # fmt: skip


@pytest.mark.parametrize(("invariant", "mistake", "steps"), MISTAKES, ids=[one for one, _, _ in MISTAKES])
def test_a_wrong_decision_is_found(
    invariant: str, mistake: AbstractContextManager[object], steps: tuple[AnyStep, ...]
) -> None:
    plan = Plan(seed=1, steps=steps)
    assert Simulation(plan).run().violations == ()
    with mistake:
        assert invariant in {one.invariant for one in Simulation(plan).run().violations}
