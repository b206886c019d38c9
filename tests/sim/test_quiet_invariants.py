"""Each invariant of a quiet cluster finds a mistake in the controller that it is about."""

from random import Random
from unittest.mock import patch

import pytest
from msgspec.structs import replace

from kubeactors.api.apps.v1 import ControllerRevision, ReplicaSet, ReplicaSetStatus
from kubeactors.api.core.v1 import ReplicationController
from kubeactors.apimachinery.meta import LabelSelector
from kubeactors.apiserver.admission.limit_ranger import LimitRanger
from kubeactors.client import controller_of
from kubeactors.controllers.replicaset import ReplicaSetController, ReplicationManager
from kubeactors.controllers.replicaset.replication import as_replica_set
from kubeactors.kubelet.node_watch import NodeWatch
from kubeactors.kubelet.status_writer import StatusWriter
from kubeactors.scheduler.node_info import NodeInfo
from kubeactors.scheduler.pod_info import PodInfo
from kubeactors.scheduler.profile import Profile
from kubeactors.scheduler.results import Diagnosis
from kubeactors.sim import Plan, Simulation
from kubeactors.sim.chaos.faults import (
    FieldCorrupted,
    NodePowerLoss,
    NodeRemoved,
    RackPowerLoss,
    SlowReplies,
    StaleRestart,
    WatchLag,
)
from kubeactors.sim.chaos.faults import Pause as Freeze
from kubeactors.sim.plan import AnyStep
from kubeactors.sim.workload import (
    SLOW_IMAGE,
    Autoscale,
    CreateClaim,
    CreateCronJob,
    CreateDaemonSet,
    CreateDeployment,
    CreateJob,
    CreateNamespace,
    CreateOwnedObject,
    CreatePod,
    CreateReplicationController,
    CreateService,
    CreateStatefulSet,
    CreateStorageClass,
    CreateTenantObject,
    CreateTokenSecret,
    DamageObject,
    DeleteClaim,
    DeleteDeployment,
    DeleteOwner,
    DeletePod,
    DeleteServiceAccount,
    DeleteTokenSecret,
    DeleteWorkload,
    ExpandClaim,
    GrantRole,
    MountClaim,
    Pace,
    Pause,
    RelabelPod,
    RequestCertificate,
    ResizeJob,
    ReviewCertificateRequest,
    Roll,
    RollWorkload,
    Scale,
    ScaleStatefulSet,
    SetBudget,
    SetEndpoints,
    SetLimitRange,
    SetTenantQuota,
    SuspendCronJob,
    Taint,
    Undo,
)
from tests.quality.automatic.mutants import in_force, named

WEB = CreateDeployment(at=0.0, name="web", replicas=3, tolerate_seconds=5)
SLOW = SlowReplies(at=0.0, component="controller-manager", resource="", seconds=300.0, delay_seconds=0.3)
BUSY = CreateDeployment(at=0.0, name="web", replicas=1, load="90m")
LOADED = CreateDeployment(at=0.0, name="web", replicas=2, load="200m")
TRIED = CreateJob(
    at=0.0, name="sum", completions=2, parallelism=2, indexed=True, exit_code=1, backoff_limit_per_index=1
)
SHRINKING = CreateStatefulSet(at=0.0, name="db", replicas=2, claims=True, retention="Delete")
RATHER_SLOW = (Pace(amount=1), Pace(amount=300, percent=True))
CLAIMED = (CreateStorageClass(at=0.0, name="simulated"), CreateClaim(at=0.0, name="disk-1", gibibytes=1))
KIN = (
    CreateOwnedObject(at=0.0, name="a"),
    CreateOwnedObject(at=1.0, name="b"),
    CreateOwnedObject(at=2.0, name="c", owners=("a", "b")),
)

MISTAKES: list[tuple[str, str, tuple[AnyStep, ...]]] = [
    ("no-stale-component-state", "statefulset.controller:StatefulSetController._on_pod:forget_deed:0",
     (CreateStatefulSet(at=0.0, name="db", replicas=2),)),
    ("statuses-are-accurate", "podautoscaler.calculator:_utilization:confuse:0", (BUSY, Autoscale(at=1.0, name="web"))),
    ("unreachable-nodes-are-detected", "nodelifecycle.health:silenced:confuse:1",
     (WEB, NodePowerLoss(at=5.0, node="node-1", seconds=100.0))),
    ("unreachable-nodes-are-detected", "nodelifecycle.health:silenced:confuse:2",
     (WEB, Freeze(at=5.0, component="node-1", seconds=140.0))),
    ("job-counts-are-exact", "job.tracking:_Tally.add:confuse:0",
     (CreateJob(at=0.0, name="sum", completions=1, parallelism=1, exit_code=1),)),
    ("statuses-are-accurate", "deployment.revisions:_history:ignore_filter:0",
     (WEB, Roll(at=10.0, name="web", image="2"), Undo(at=20.0, name="web"))),
    ("statuses-are-accurate", "daemonset.controller:DaemonSetController._current:swap_extremes:0",
     (CreateDaemonSet(at=0.0, name="agent"), *(RollWorkload(at=10.0 * one, of="DaemonSet", name="agent", image=str(one + 1))
                                               for one in (1, 2)))),
    *(("rollout-progress-is-reported", f"deployment.status:{one}:0",
       (CreateDeployment(at=0.0, name="web", replicas=2, deadline_seconds=8, min_ready_seconds=6),
        Roll(at=20.0, name="web", image=SLOW_IMAGE), Roll(at=50.0, name="web", image="2")))
      for one in ("_has_moved:off_by_one", "_deadline:drop_clause")),
    ("scale-down-follows-ranking", "replicaset.ranking:pods_to_delete:drop_clause:0",
     (WEB, Scale(at=20.0, name="web", replicas=7), DeletePod(at=30.0, name="web", number=1),
      Scale(at=60.0, name="web", replicas=3))),
    ("no-oscillation", "nodelifecycle.health:with_execute_taint:drop_condition:1",
     (WEB, NodePowerLoss(at=5.0, node="node-1", seconds=150.0))),
    ("tainted-nodes-are-vacated", "taint_eviction:TaintEvictionController._on_node:skip_wake_up:0",
     (WEB, Taint(at=5.0, node="node-1", seconds=30.0))),
    ("finished-jobs-expire", "ttl_after_finished:TTLAfterFinishedController._on_job:skip_wake_up:0",
     (CreateJob(at=0.0, name="sum", completions=1, parallelism=1, ttl_seconds=10),)),
    ("job-deadlines-are-enforced", "job.controller:JobController._enqueue_later:skip_wake_up:2",
     (CreateJob(at=0.0, name="sum", completions=1, parallelism=1, run_seconds=60.0, deadline_seconds=5),)),
    ("job-parallelism-is-enforced", "job.pods:pods_to_remove:swap_extremes:0",
     (CreateJob(at=0.0, name="sum", completions=3, parallelism=3, run_seconds=40.0),
      ResizeJob(at=5.0, name="sum", parallelism=1))),
    ("cron-jobs-run-on-schedule", "cronjob.controller:CronJobController._enqueue_next:skip_wake_up:0",
     (CreateCronJob(at=0.0, name="tick", run_seconds=0.5), SuspendCronJob(at=150.0, name="tick"))),
    ("jobs-back-off", "clocks:seconds_left:swap_extremes:1",
     (CreateJob(at=20.0, name="sum", completions=1, parallelism=1, exit_code=1),)),
    ("cluster-roles-are-aggregated", "clusterrole_aggregation:ClusterRoleAggregationController._on_role:skip_wake_up:0",
     (GrantRole(at=0.0, name="team-1"),)),
    ("mirrored-endpoints-match", "endpointslice_mirroring:EndpointSliceMirroringController._on_endpoints:skip_wake_up:0",
     (SetEndpoints(at=0.0, name="legacy", count=1), SetEndpoints(at=5.0, name="legacy", count=2))),
    ("namespaces-are-initialized", "serviceaccount:ServiceAccountController._on_namespace:skip_wake_up:0",
     (CreateNamespace(at=0.0, name="team"),)),
    ("deletions-are-completed",
     "persistentvolume.protection:PersistentVolumeClaimProtectionController._on_claim:skip_wake_up:0",
     (SHRINKING, ScaleStatefulSet(at=15.0, name="db", replicas=1))),
    ("services-have-addresses-and-ports", "service_lb:ServiceLBController._on_service:skip_wake_up:0",
     (CreateService(at=0.0, name="front", of="web", form="LoadBalancer"),)),
    ("endpoints-equal-ready-pods", "backends:target_port:confuse:1",
     (WEB, CreateService(at=0.0, name="front", of="web", ports=("http",)))),
    ("endpoints-equal-ready-pods", "endpoints:EndpointsController._on_endpoints:skip_wake_up:0",
     (WEB, DamageObject(at=10.0, of="Endpoints", number=1))),
    ("schedulable-pods-are-scheduled", "ephemeral_volume:EphemeralVolumeController._on_pod:negate_condition:0",
     (CreatePod(at=0.0, name="scratch", pod="scratch-1", scratch=True),)),
    ("used-claims-are-kept",
     "persistentvolume.protection:PersistentVolumeClaimProtectionController.reconcile:negate_condition:1",
     (*CLAIMED, MountClaim(at=1.0, name="disk-1"), DeleteClaim(at=10.0, name="disk-1"), DeletePod(at=20.0, name="disk-1"))),
    ("volume-statuses-are-accurate", "persistentvolume.expander:ExpandController._on_claim:skip_wake_up:0",
     (*CLAIMED, ExpandClaim(at=5.0, name="disk-1", gibibytes=2))),
    ("dependents-are-garbage-collected", "garbagecollector.plan:plan:confuse:1",
     (*KIN, DeleteOwner(at=5.0, name="a"))),
    ("tokens-have-service-accounts", "serviceaccount_tokens:TokensController._on_account:skip_wake_up:0",
     (CreateTokenSecret(at=0.0, name="token-1", account="robot"), DeleteServiceAccount(at=5.0, name="robot"))),
    ("tokens-have-service-accounts", "serviceaccount_tokens:TokensController._forget:confuse:0",
     (CreateTokenSecret(at=0.0, name="token-1", account="default"), DeleteTokenSecret(at=5.0, name="token-1"))),
    ("autoscaling-behavior-is-respected", "podautoscaler.behavior:up_limit:swap_extremes:0",
     (BUSY, Autoscale(at=1.0, name="web", percent=30, paces=RATHER_SLOW, slowest=True))),
    ("autoscaling-behavior-is-respected", "podautoscaler.behavior:up_limit:swap_extremes:1",
     (LOADED, Autoscale(at=1.0, name="web", percent=30, most=9, paces=RATHER_SLOW))),
    ("csrs-are-signed-correctly", "certificates.signers:_problem_of_client:drop_condition:0",
     (RequestCertificate(at=0.0, name="a", signer="client"), ReviewCertificateRequest(at=1.0, name="a", approve=True))),
    ("live-reads-are-fresh", "serviceaccount_tokens:TokensController._forget:read_cache:0",
     (CreateTokenSecret(at=0.0, name="token-1", account="default"), DeleteTokenSecret(at=5.0, name="token-1"))),
    ("specs-are-acted-on-promptly", "statefulset.controller:StatefulSetController._enqueue_named_in:skip_wake_up:0",
     (CreateStatefulSet(at=0.0, name="db", replicas=2), DeletePod(at=20.0, name="db", number=1))),
    ("only-surplus-pods-are-deleted", "replicaset.ranking:pods_to_delete:negate_condition:0",
     (CreateDeployment(at=0.0, name="web", replicas=3, recreate=True), Scale(at=20.0, name="web", replicas=2))),
    *(("specs-are-acted-on-promptly", f"{one}:skip_wake_up:0", (WEB, Scale(at=10.0, name="web", replicas=4)))
      for one in ("replicaset.controller:ReplicasController._on_owner", "deployment.controller:DeploymentController._on_deployment")),
    *(("job-indexes-are-accounted-for", f"job.survey:_fails_index:{one}:0", (TRIED,))
      for one in ("negate_condition", "off_by_one")),
    ("csrs-are-signed-correctly", "certificates.controllers:_RequestController._on_request:skip_wake_up:0",
     (RequestCertificate(at=0.0, name="a", signer="kubelet"),)),
    *(("csrs-are-signed-correctly", f"certificates.authority:{one}:0",
       (RequestCertificate(at=0.0, name="a", signer="kubelet", short=True),))
      for one in ("Authority.sign:negate_condition", "Authority._life:swap_extremes", "_key_usage:drop_clause")),
    ("disruption-target-is-set", "pod_gc:_failure:negate_condition:0", (WEB, NodeRemoved(at=10.0, node="node-1"))),
    ("status-counts-add-up", "disruption.plan:plan:swap_extremes:0", (WEB, SetBudget(at=5.0, name="web"))),
    ("quotas-are-enforced", "resourcequota:ResourceQuotaController._on_change:skip_wake_up:0",
     (SetTenantQuota(at=0.0, hard={"requests.cpu": "1"}), CreateTenantObject(at=5.0, sort="pod", number=1, cpu="100m"))),
    ("quotas-are-enforced", "resourcequota:ResourceQuotaController._on_change:skip_wake_up:0",
     (SetTenantQuota(at=0.0, hard={"count/podtemplates": "2"}), CreateTenantObject(at=5.0, sort="pod-template", number=1))),
    # What comes right later, because something else happens, comes too late.
    ("endpoints-equal-ready-pods", "endpoints:EndpointsController._on_endpoints:skip_wake_up:0",
     (WEB, DamageObject(at=10.0, of="Endpoints", number=1), Scale(at=60.0, name="web", replicas=4))),
    ("endpoints-equal-ready-pods", "endpoints:EndpointsController._on_endpoints:skip_wake_up:0",
     (WEB, SLOW, DamageObject(at=10.0, of="Endpoints", number=1), Scale(at=24.0, name="web", replicas=4))),
    ("namespaces-are-initialized", "serviceaccount:ServiceAccountController._on_account:negate_condition:0",
     (DeleteServiceAccount(at=45.0, name="default"), CreateNamespace(at=100.0, name="team"))),
    ("no-pods-on-missing-nodes", "pod_gc:PodGCController._on_node:skip_wake_up:0", (WEB, NodeRemoved(at=10.0, node="node-1"))),
    ("taints-follow-readiness", "nodelifecycle.health:with_schedule_taints:drop_condition:0",
     (WEB, NodePowerLoss(at=5.0, node="node-1", seconds=100.0))),
    ("unready-nodes-are-tainted", "nodelifecycle.health:with_execute_taint:confuse:0",
     (WEB, NodePowerLoss(at=5.0, node="node-1", seconds=150.0))),
    ("node-evictions-are-rate-limited", "nodelifecycle.health:has_execute_taint:confuse:1",
     (WEB, RackPowerLoss(at=5.0, nodes=("node-1", "node-2"), seconds=150.0))),
    *(("scaling-is-proportional", f"deployment.sizes:_share:swap_extremes:{number}",
       (CreateDeployment(at=0.0, name="web", replicas=before, max_surge=2, max_unavailable=1),
        Roll(at=20.0, name="web", image=SLOW_IMAGE), Pause(at=20.6, name="web"), Scale(at=22.0, name="web", replicas=after)))
      for number, before, after in ((0, 3, 6), (1, 7, 3))),
]  # fmt: skip


@pytest.mark.parametrize(
    ("invariant", "mutant", "steps"), MISTAKES, ids=lambda one: one if isinstance(one, str) else ""
)
def test_a_mistake_is_found(invariant: str, mutant: str, steps: tuple[AnyStep, ...]) -> None:
    plan = Plan(seed=1, steps=steps)
    assert Simulation(plan).run().violations == ()
    with in_force(named(f"controllers.{mutant}")):
        assert invariant in {one.invariant for one in Simulation(plan).run().violations}


def test_a_scheduler_that_chooses_the_worst_node_is_found() -> None:
    def worst(profile: Profile, pod: PodInfo, _random: Random) -> NodeInfo | Diagnosis:
        found = profile.feasible(pod)
        return found if isinstance(found, Diagnosis) else min(found, key=found.__getitem__)

    plan = Plan(seed=1, steps=(CreateDeployment(at=5.0, name="web", replicas=2),))
    assert Simulation(plan).run().violations == ()
    with patch.object(Profile, "select", worst):
        assert {one.invariant for one in Simulation(plan).run().violations} == {"replicas-are-spread"}


def test_pod_affinity_may_lead_to_a_node_with_more_pods() -> None:
    steps = (
        CreateDeployment(at=0.0, name="web", replicas=7, trait="together"),
        RelabelPod(at=20.0, name="web"),
        DeleteDeployment(at=40.0, name="web"),
        CreateDeployment(at=43.0, name="web", replicas=6),
    )
    assert Simulation(Plan(seed=1, pods_per_node=12, steps=steps)).run().violations == ()


def test_a_node_with_more_pods_may_be_chosen_while_room_appears_on_all_nodes() -> None:
    steps = (
        CreateDeployment(at=0.0, name="web", replicas=6, recreate=True, stop_seconds=20),
        Autoscale(at=0.1, name="web", most=5),
        Roll(at=7.61, name="web", image="slow"),
        Pause(at=8.51, name="web"),
    )
    assert Simulation(Plan(seed=1, pods_per_node=2, steps=steps)).run().violations == ()


@pytest.mark.parametrize("force", [False, True])
def test_the_room_of_a_static_pod_without_a_mirror_pod_may_be_used(*, force: bool) -> None:
    deletions = [DeletePod(at=10.0 + second, name="own", force=force) for second in range(3)]
    steps: tuple[AnyStep, ...] = (CreateDeployment(at=0.0, name="web", replicas=3), *deletions)
    for seed in (1, 3):
        plan = Plan(seed=seed, nodes=1, pods_per_node=3, own_pods=1, steps=steps)
        assert Simulation(plan).run().violations == ()


def test_pausing_a_recreating_deployment_scales_its_latest_replica_set_up_at_once() -> None:
    steps = (
        CreateDeployment(at=0.0, name="web", replicas=6, max_surge=2, max_unavailable=1, recreate=True),
        SlowReplies(at=0.0, component="controller-manager", resource="", seconds=15.0, delay_seconds=0.3),
        StaleRestart(at=0.09, component="controller-manager", resource="pods", after=4.41, seconds=10.0),
        Roll(at=1.0, name="web", image="3"),
        Undo(at=2.55, name="web"),
        Roll(at=6.0, name="web", image="slow"),
        Pause(at=10.01, name="web"),
    )
    assert Simulation(Plan(seed=9050353, steps=steps)).run().violations == ()


def test_two_revisions_may_share_a_number_if_one_was_adopted_late() -> None:
    steps = (
        CreateStatefulSet(at=0.0, name="db", replicas=1),
        WatchLag(at=4.0, component="controller-manager", resource="controllerrevisions", seconds=30.0),
        DeleteWorkload(at=5.0, of="StatefulSet", name="db", propagation="Orphan"),
        CreateStatefulSet(at=10.0, name="db", replicas=1, image="2"),
    )
    simulation = Simulation(Plan(seed=1, steps=steps))
    assert simulation.run().violations == ()
    assert [one.revision for one in simulation.world.of(ControllerRevision).values()] == [1, 1]


def test_a_replication_controller_that_adopts_all_pods_is_found() -> None:
    def unselective(owner: ReplicationController) -> ReplicaSet:
        found = as_replica_set(owner)
        return replace(found, spec=replace(found.spec, selector=LabelSelector()))

    steps = (
        CreateReplicationController(at=0.0, name="old", replicas=1),
        CreatePod(at=10.0, name="scratch", pod="scratch-1"),
    )
    assert Simulation(Plan(seed=1, steps=steps)).run().violations == ()
    with patch.object(ReplicationManager, "view", staticmethod(unselective)):
        assert {one.invariant for one in Simulation(Plan(seed=1, steps=steps)).run().violations} == {
            "adoption-matches-the-selector"
        }


def test_a_replica_set_that_creates_pods_only_for_a_deployment_is_found() -> None:
    reconcile = ReplicaSetController._reconcile

    async def of_deployments(self: ReplicaSetController, key: str, owner: ReplicaSet) -> None:
        if controller_of(owner.metadata) is not None:
            await reconcile(self, key, owner)

    plan = Plan(seed=1, steps=(CreateReplicationController(at=0.0, name="bare", of="ReplicaSet", replicas=2),))
    assert Simulation(plan).run().violations == ()
    with patch.object(ReplicaSetController, "_reconcile", of_deployments):
        found = {one.invariant for one in Simulation(plan).run().violations}
        assert found == {"specs-are-acted-on-promptly", "statuses-are-accurate"}


def test_a_replication_controller_without_a_status_is_found() -> None:
    def silent(owner: ReplicationController, status: ReplicaSetStatus) -> ReplicationController:
        return replace(owner, status=replace(owner.status, observed_generation=status.observed_generation))

    plan = Plan(seed=1, steps=(CreateReplicationController(at=0.0, name="old", replicas=1),))
    with patch.object(ReplicationManager, "reported", staticmethod(silent)):
        assert {one.invariant for one in Simulation(plan).run().violations} == {"statuses-are-accurate"}


def test_a_limit_range_that_is_not_enforced_is_found() -> None:
    steps = (SetLimitRange(at=0.0, number=1, largest="1"), CreateTenantObject(at=15.0, sort="pod", number=1, cpu="2"))
    with patch.object(LimitRanger, "_limit_ranges", return_value=()):
        assert {one.invariant for one in Simulation(Plan(seed=1, steps=steps)).run().violations} == {
            "limit-ranges-are-enforced"
        }


def test_a_missing_mirror_pod_is_found() -> None:
    plan = Plan(seed=1, own_pods=1)
    assert Simulation(plan).run().violations == ()
    with patch.object(StatusWriter, "write_mirror"):
        assert {one.invariant for one in Simulation(plan).run().violations} == {"mirror-pods-match-static-pods"}


def test_a_node_that_its_kubelet_does_not_correct_is_found() -> None:
    plan = Plan(seed=1, steps=(FieldCorrupted(at=5.0, field="no-room", number=0, seconds=1.0),))
    with patch.object(NodeWatch, "_look"):
        assert {one.invariant for one in Simulation(plan).run().violations} == {"node-statuses-match-kubelets"}
