"""User actions in a cluster without faults."""

import gc
import weakref
from typing import get_args

import pytest
from msgspec.structs import replace

from kubeactors.api.apps.v1 import Deployment, ReplicaSet
from kubeactors.api.batch.v1 import Job
from kubeactors.api.certificates.v1.certificatesigningrequest import CertificateSigningRequest as Csr
from kubeactors.api.core.v1 import (
    ConfigMap,
    Endpoints,
    Namespace,
    PersistentVolumeClaim,
    Pod,
    Secret,
    Service,
    ServiceAccount,
)
from kubeactors.api.core.v1.persistentvolume import PersistentVolume
from kubeactors.api.discovery.v1 import EndpointSlice
from kubeactors.api.rbac.v1 import ClusterRole
from kubeactors.client import controller_of
from kubeactors.sim import Plan, Simulation
from kubeactors.sim.grammar import generate
from kubeactors.sim.steps import kind_of
from kubeactors.sim.users.auxiliary import Widget
from kubeactors.sim.users.manifests import image_of
from kubeactors.sim.workload import (
    AnyAction,
    Autoscale,
    CreateClaim,
    CreateCronJob,
    CreateDefinition,
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
    CreateVolume,
    DamageObject,
    DamageRootCA,
    DeleteClaim,
    DeleteDefinition,
    DeleteEndpoints,
    DeleteNamespace,
    DeleteOwner,
    DeletePod,
    DeleteServiceAccount,
    DeleteTokenSecret,
    DeleteVolume,
    DeleteWorkload,
    Derived,
    Evict,
    ExpandClaim,
    GrantRole,
    Keeper,
    MountClaim,
    ReadObjects,
    RequestCertificate,
    ReviewCertificateRequest,
    RevokeRole,
    Roll,
    RollWorkload,
    ScaleReplicationController,
    ScaleStatefulSet,
    SetEndpoints,
    SetLimitRange,
    SetTenantQuota,
    SuspendCronJob,
    SuspendJob,
)

LATER = (RequestCertificate(at=700.0, name="late", signer="foreign"),)
"""Something that makes a run as long as this."""


def ran(*steps: AnyAction) -> Simulation:
    """A run of these steps in which nothing was violated."""
    simulation = Simulation(Plan(seed=3, steps=steps))
    assert simulation.run().violations == ()
    return simulation


def test_a_cron_job_runs_each_minute_until_it_is_suspended() -> None:
    simulation = ran(CreateCronJob(at=0.0, name="tick", run_seconds=0.5), SuspendCronJob(at=150.0, name="tick"))
    assert len([one for one in simulation.world.log[Job] if one.old is None]) == 2


def test_a_namespace_is_deleted_with_its_contents() -> None:
    simulation = ran(CreateNamespace(at=0.0, name="team"), DeleteNamespace(at=5.0, name="team"))
    world = simulation.world
    assert world.find(Namespace, "team", "") is None
    assert [
        one for type_ in (Pod, ConfigMap) for one in world.of(type_).values() if one.metadata.namespace == "team"
    ] == []
    assert any(one.current.metadata.namespace == "team" for one in world.log[Pod])


def test_a_force_deleted_pod_is_replaced() -> None:
    simulation = ran(
        CreateStatefulSet(at=0.0, name="db", replicas=2), DeletePod(at=5.0, name="db", number=0, force=True)
    )
    uids = {one.current.metadata.uid for one in simulation.world.log[Pod] if one.current.metadata.name == "db-0"}
    assert len(uids) == 2


def test_a_suspended_job_starts_when_resumed_and_is_deleted_after_its_ttl() -> None:
    create = CreateJob(at=0.0, name="sum", completions=2, parallelism=1, suspended=True, ttl_seconds=5)
    world = ran(create, SuspendJob(at=9.0, name="sum", suspend=False)).world
    assert world.of(Job) == {}
    jobs = [one.current for one in world.log[Job] if isinstance(one.current, Job)]
    assert {(job.spec.suspend, bool(job.status.start_time)) for job in jobs} == {
        (True, False),
        (False, False),
        (False, True),
    }
    assert any(job.status.succeeded == 2 for job in jobs)


def test_an_autoscaler_follows_the_load() -> None:
    create = CreateDeployment(at=0.0, name="web", replicas=2, load="90m 60:20m")
    world = ran(create, Autoscale(at=1.0, name="web", most=4)).world
    sizes = [one.current.spec.replicas for one in world.log[Deployment] if isinstance(one.current, Deployment)]
    assert max(one or 0 for one in sizes) == 4
    assert sizes[-1] == 1


def test_claims_of_scaled_down_pods_are_deleted_if_the_set_says_so() -> None:
    create = CreateStatefulSet(at=0.0, name="db", replicas=2, claims=True, retention="Delete", start=3)
    world = ran(create, ScaleStatefulSet(at=15.0, name="db", replicas=1)).world
    assert [one.metadata.name for one in world.of(PersistentVolumeClaim).values()] == ["data-db-3"]


@pytest.mark.parametrize("of", get_args(Keeper))
def test_a_controller_adopts_orphans_of_its_predecessor_and_added_pods(of: Keeper) -> None:
    create = CreateReplicationController(at=0.0, name="old", of=of, replicas=2)
    world = ran(
        create,
        ScaleReplicationController(at=5.0, name="old", of=of, replicas=3),
        RollWorkload(at=8.0, of=of, name="old", image="2"),
        DeleteWorkload(at=10.0, of=of, name="old", propagation="Orphan"),
        CreatePod(at=20.0, name="old", pod="added"),
        replace(create, at=30.0, replicas=4),
    ).world
    pods = [one for one in world.of(Pod).values() if one.metadata.labels.get("app") == "old"]
    made = [one for one in world.log[Pod] if one.old is None and one.current.metadata.labels.get("app") == "old"]
    assert (len(pods), len(made)) == (4, 4)
    assert all(controller_of(one.metadata) is not None for one in pods)


def test_pods_with_ordinals_below_the_partition_keep_their_template() -> None:
    create = CreateStatefulSet(at=0.0, name="db", replicas=2, partition=1)
    world = ran(create, RollWorkload(at=10.0, of="StatefulSet", name="db", image="2")).world
    images = {one.metadata.name: one.spec.containers[0].image for one in world.of(Pod).values()}
    assert images == {"db-0": image_of("1"), "db-1": image_of("2")}


def test_manual_endpoints_are_mirrored_until_they_are_deleted() -> None:
    publish = SetEndpoints(at=0.0, name="legacy", count=2)
    assert len(slices_of("legacy", ran(publish))) == 1
    assert slices_of("legacy", ran(publish, DeleteEndpoints(at=5.0, name="legacy"))) == []


def slices_of(service: str, simulation: Simulation) -> list[EndpointSlice]:
    found = simulation.world.of(EndpointSlice).values()
    return [one for one in found if one.metadata.labels.get("kubernetes.io/service-name") == service]


def test_an_aggregated_role_has_the_rules_of_the_roles_it_selects() -> None:
    grants = (GrantRole(at=0.0, name="team-1"), GrantRole(at=1.0, name="team-2", verbs=("list",)))
    team = ran(*grants, RevokeRole(at=5.0, name="team-1")).world.find(ClusterRole, "team", "")
    assert team is not None
    assert [one.verbs for one in team.rules or ()] == [("list",)]


def test_a_pod_gets_its_ephemeral_volume() -> None:
    world = ran(CreatePod(at=0.0, name="scratch", pod="scratch-1", scratch=True)).world
    assert [one.status.phase for one in world.of(PersistentVolumeClaim).values()] == ["Bound"]
    assert [one.status.phase for one in world.of(Pod).values()] == ["Running"]


def test_reads_change_nothing() -> None:
    web = CreateDeployment(at=0.0, name="web", replicas=3)
    look = ReadObjects(at=2.0, of="Pod", labels="app=web", page=1, apart_seconds=0.5, again=True, watch_seconds=10.0)
    simulation, without = (
        ran(web, look, Roll(at=5.0, name="web", image="2")),
        ran(web, Roll(at=5.0, name="web", image="2")),
    )
    assert simulation.actions["read-objects"] == 1
    assert sorted(simulation.world.of(Pod)) != []
    assert len(simulation.world.of(Pod)) == len(without.world.of(Pod))


def test_a_service_changes_its_type_and_finds_the_ports_of_pods_by_name() -> None:
    web = CreateDeployment(at=0.0, name="web", replicas=1)
    front = CreateService(at=0.0, name="front", of="web", form="LoadBalancer", ports=("80", "http"))
    service = ran(web, front).world.find(Service, "front")
    assert service is not None
    assert [one.ip for one in service.status.load_balancer.ingress] == ["192.0.2.130"]
    world = ran(
        web,
        front,
        CreateService(at=20.0, name="front", of="web", ports=("http",)),
        Roll(at=30.0, name="web", image="2"),
    ).world
    service, endpoints = world.find(Service, "front"), world.find(Endpoints, "front")
    assert service is not None
    assert endpoints is not None
    assert service.status.load_balancer.ingress == ()
    assert [port.port for subset in endpoints.subsets for port in subset.ports] == [8050]


def test_claims_are_bound_once_there_is_a_class_a_volume_or_a_pod_and_can_be_expanded() -> None:
    classes = (CreateStorageClass(at=5.0, name="simulated"), CreateStorageClass(at=0.0, name="late"))
    claims = (
        CreateClaim(at=0.0, name="disk-1", gibibytes=1),
        CreateClaim(at=0.0, name="disk-2", gibibytes=2, of="manual"),
        CreateClaim(at=0.0, name="disk-3", gibibytes=1, of="late"),
        CreateClaim(at=0.0, name="disk-4", gibibytes=1, of="late"),
    )
    volumes = (CreateVolume(at=6.0, name="small", gibibytes=1), CreateVolume(at=7.0, name="large", gibibytes=3))
    later = (MountClaim(at=8.0, name="disk-3"), ExpandClaim(at=9.0, name="disk-1", gibibytes=4))
    found = ran(*classes, *claims, *volumes, *later).world.of(PersistentVolumeClaim).values()
    assert {one.metadata.name: one.status.capacity.get("storage", "") for one in found} == {
        "disk-1": "4Gi", "disk-2": "3Gi", "disk-3": "1Gi", "disk-4": ""
    }  # fmt: skip


def test_claims_in_use_and_bound_volumes_are_kept() -> None:
    first = (
        CreateVolume(at=0.0, name="volume-1", gibibytes=1),
        CreateClaim(at=0.0, name="disk-1", gibibytes=1, of="manual"),
    )
    dropped = (
        MountClaim(at=2.0, name="disk-1"),
        DeleteVolume(at=10.0, name="volume-1"),
        DeleteClaim(at=11.0, name="disk-1"),
    )
    world = ran(*first, *dropped).world
    held = (world.find(PersistentVolume, "volume-1", ""), world.find(PersistentVolumeClaim, "disk-1"))
    assert [one is not None and one.metadata.deletion_timestamp is not None for one in held] == [True, True]
    world = ran(*first, *dropped, DeletePod(at=20.0, name="disk-1")).world
    assert (dict(world.of(PersistentVolume)), dict(world.of(PersistentVolumeClaim))) == ({}, {})


def test_dependents_are_deleted_with_their_last_owner_and_widgets_with_their_definition() -> None:
    kin = (
        CreateOwnedObject(at=2.0, name="a"),
        CreateOwnedObject(at=3.0, name="w1", owners=("a",)),
        CreateOwnedObject(at=4.0, name="b", owners=("a", "w1")),
    )
    steps = (CreateDefinition(at=0.0), *kin, CreateOwnedObject(at=5.0, name="c", owners=("b",), held_seconds=10.0))
    names = [one.metadata.name for one in ran(*steps, DeleteOwner(at=6.0, name="a")).world.of(ConfigMap).values()]
    assert not {"a", "b", "c"}.intersection(names)
    world = ran(*steps, DeleteDefinition(at=8.0)).world
    assert dict(world.of(Widget)) == {}
    assert world.find(ConfigMap, "b") is not None


def test_a_deleted_account_loses_its_tokens_and_a_damaged_root_ca_is_repaired() -> None:
    tokens = (
        CreateTokenSecret(at=0.0, name="token-1", account="default"),
        CreateTokenSecret(at=0.0, name="token-2", account="robot"),
    )
    world = ran(
        *tokens,
        DeleteServiceAccount(at=3.0, name="robot"),
        DeleteTokenSecret(at=4.0, name="token-1"),
        DamageRootCA(at=5.0, namespace="default"),
    ).world
    assert dict(world.of(Secret)) == {}
    account = world.find(ServiceAccount, "default")
    assert account is not None
    assert account.secrets == ()


def test_objects_of_controllers_are_recreated_or_repaired() -> None:
    web = CreateDeployment(at=0.0, name="web", replicas=2)
    shrunk = ran(web, DamageObject(at=10.0, of="ReplicaSet", number=0, delete=False)).world
    assert [one.spec.replicas for one in shrunk.of(ReplicaSet).values()] == [2]
    derived: tuple[Derived, ...] = ("ReplicaSet", "Endpoints", "EndpointSlice")
    for of in derived:
        world = ran(web, DamageObject(at=10.0, of=of, number=0)).world
        gone = [one.current for log in world.log.values() for one in log if one.new is None]
        assert [one.kind for one in gone if one.kind == of] == [of]
        assert [one.status.phase for one in world.of(Pod).values()] == ["Running", "Running"]


def test_a_quota_limits_the_pods_in_its_scope_and_widgets() -> None:
    pods = [
        CreateTenantObject(at=2.0 + number, sort="pod", number=number, cpu="" if number else "100m")
        for number in range(3)
    ]
    world = ran(SetTenantQuota(at=0.0, hard={"pods": "1"}, scope="BestEffort"), *pods).world
    assert sorted(one.metadata.name for one in world.of(Pod).values()) == ["pod-0", "pod-1"]
    widgets = [CreateTenantObject(at=5.0 + number, sort="widget", number=number) for number in range(3)]
    counted = SetTenantQuota(at=3.0, hard={"count/widgets.example.org": "2"})
    assert len(ran(CreateDefinition(at=0.0), counted, *widgets).world.of(Widget)) == 2


def test_containers_and_claims_are_held_to_a_limit_range() -> None:
    limits = SetLimitRange(at=0.0, number=1, default="150m", largest="200m", gibibytes=1)
    sizes = [
        CreateTenantObject(at=12.0 + number, sort="pod", number=number, cpu=("", "100m", "2")[number])
        for number in range(3)
    ]
    claims = [CreateTenantObject(at=12.0, sort="claim", number=number) for number in (1, 2)]
    world = ran(
        limits, *sizes, *claims, SetLimitRange(at=20.0, number=1), CreateTenantObject(at=32.0, sort="pod", number=3)
    ).world
    cpu = [one.spec.containers[0].resources for one in world.of(Pod).values()]
    assert [(one.requests.get("cpu"), one.limits.get("cpu")) for one in cpu] == [
        ("150m", "150m"),
        ("100m", "150m"),
        (None, None),
    ]
    assert [one.metadata.name for one in world.of(PersistentVolumeClaim).values()] == ["claim-1"]


def test_a_mirror_pod_that_a_user_deletes_is_recreated() -> None:
    gone = [DeletePod(at=3.0, name="own", number=number, force=bool(number)) for number in range(2)]
    simulation = Simulation(Plan(seed=1, own_pods=1, steps=tuple(gone)))
    assert simulation.run().violations == ()
    shown = sorted((one.metadata.name, one.status.phase) for one in simulation.world.of(Pod).values())
    assert shown == [(f"own-1-node-{number}", "Running") for number in (1, 2, 3)]
    assert sum(1 for one in simulation.world.log_of(Pod) if one.new is None) == 2


def test_an_approved_request_is_signed_and_removed_when_its_certificate_has_expired() -> None:
    asked = [
        RequestCertificate(at=0.0, name="person", signer="client", short=True),
        RequestCertificate(at=0.0, name="kubelet", signer="kubelet"),
        RequestCertificate(at=0.0, name="wrong", signer="client", good=False),
        RequestCertificate(at=0.0, name="elsewhere", signer="foreign"),
        RequestCertificate(at=0.0, name="denied", signer="client"),
    ]
    decided = [
        ReviewCertificateRequest(at=2.0, name=one.name, approve=one.name != "denied")
        for one in asked
        if one.name != "kubelet"
    ]
    both = [
        {one.metadata.name: one for one in ran(*asked, *decided, *more).world.of(Csr).values()} for more in ((), LATER)
    ]
    soon = {
        name: ([one.type for one in found.status.conditions], bool(found.status.certificate))
        for name, found in both[0].items()
    }
    assert soon == {
        "person": (["Approved"], True),
        "kubelet": (["Approved"], True),
        "wrong": (["Approved", "Failed"], False),
        "elsewhere": (["Approved"], False),
        "denied": (["Denied"], False),
    }
    assert sorted(soon.keys() - both[1].keys()) == ["person"]


def test_the_grammar_draws_every_kind_of_action() -> None:
    drawn = {kind_of(step) for seed in range(300) for step in generate(seed, ()).steps}
    unused = {"delete-node", "interfere"}  # what faults do
    assert drawn | unused == {str(one.__struct_config__.tag) for one in get_args(AnyAction)}
    assert any(step.force for seed in range(20) for step in generate(seed, ()).steps if isinstance(step, DeletePod))


def test_a_finished_simulation_is_freed() -> None:
    simulation = Simulation(Plan(seed=1))
    simulation.run(20)
    gone = weakref.ref(simulation)
    del simulation
    gc.collect()
    assert gone() is None


def test_an_action_has_an_effect_if_something_was_written() -> None:
    web = CreateDeployment(at=0.0, name="web", replicas=1)
    lost = (Roll(at=1.0, name="api", image="2"), DeletePod(at=1.0, name="api", number=0))
    done = (web, Roll(at=1.0, name="web", image="2"), Evict(at=1.5, name="web", number=0))
    outcome = Simulation(Plan(steps=(*done, *lost))).run(until=2.0)
    assert outcome.actions == {"create-deployment": 1, "roll": 1, "evict": 1}
    assert outcome.in_vain == {"roll": 1, "delete-pod": 1}
