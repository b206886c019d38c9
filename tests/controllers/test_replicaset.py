"""A ReplicaSet has as many pods as it wants: its own, and no more."""

from msgspec.structs import replace

from kubeactors.api.apps.v1 import ReplicaSet, ReplicaSetStatus
from kubeactors.api.core.v1 import ConfigMap, Pod
from kubeactors.apimachinery.meta import ObjectMeta, OwnerReference
from kubeactors.client import controller_of
from tests.controllers.plane import Plane, meta, replica_set, running, sized, template, unready


def orphan() -> Pod:
    return Pod(metadata=meta("orphan", app="web"), spec=template().spec)


def names(plane: Plane) -> list[str]:
    return sorted(pod.metadata.name for pod in plane.list(Pod) if pod.metadata.deletion_timestamp is None)


def status(plane: Plane) -> ReplicaSetStatus:
    return plane.get(ReplicaSet, "web").status


def test_pods_are_created_from_the_template_and_owned(control_plane: Plane) -> None:
    made = control_plane.create(replica_set(2))
    control_plane.tick()
    pods = control_plane.list(Pod)
    reference = OwnerReference(
        api_version="apps/v1", kind="ReplicaSet", name="web", uid=made.metadata.uid, controller=True,
        block_owner_deletion=True,
    )  # fmt: skip
    assert [pod.metadata.owner_references for pod in pods] == [(reference,)] * 2
    assert [pod.metadata.generate_name for pod in pods] == ["web-"] * 2
    assert [pod.metadata.labels for pod in pods] == [{"app": "web"}] * 2
    assert all(pod.metadata.name.startswith("web-") and len(pod.metadata.name) == 9 for pod in pods)
    assert status(control_plane) == ReplicaSetStatus(
        replicas=2, fully_labeled_replicas=2, ready_replicas=2, available_replicas=2, terminating_replicas=0,
        observed_generation=1,
    )  # fmt: skip
    assert control_plane.events("web") == [
        ("SuccessfulCreate", f"Created pod: {name}") for name in names(control_plane)
    ]


def test_pods_share_the_spec_of_their_template(control_plane: Plane) -> None:
    control_plane.create(replica_set(3))
    control_plane.sim.run(1.0)
    one, *others = control_plane.list(Pod)
    assert all(pod.spec == one.spec for pod in others)


def test_a_set_scales_up_down_and_to_zero(control_plane: Plane) -> None:
    made = control_plane.create(replica_set(2))
    for wanted in (5, 1, 0):
        control_plane.tick()
        control_plane.change(made, sized(wanted))
        control_plane.tick()
        assert len(names(control_plane)) == wanted
        assert status(control_plane).replicas == wanted


def test_a_scale_down_deletes_the_pods_that_rank_first(control_plane: Plane) -> None:
    made = control_plane.create(replica_set(3))
    control_plane.tick()
    sick = control_plane.list(Pod)[1]
    control_plane.change(sick, unready, "status")
    control_plane.sim.run(1.0)
    control_plane.change(made, sized(2))
    control_plane.sim.run(1.0)
    assert sick.metadata.name not in names(control_plane)
    assert ("SuccessfulDelete", f"Deleted pod: {sick.metadata.name}") in control_plane.events("web")


def test_a_deleted_pod_is_replaced_while_it_terminates(control_plane: Plane) -> None:
    control_plane.create(replica_set(2))
    control_plane.tick()
    doomed = control_plane.list(Pod)[0]
    control_plane.delete(doomed)
    control_plane.sim.run(1.0)
    assert len(control_plane.list(Pod)) == 3
    assert status(control_plane).terminating_replicas == 1
    control_plane.tick()
    assert len(control_plane.list(Pod)) == 2


def test_a_finished_pod_is_replaced_and_left_alone(control_plane: Plane) -> None:
    control_plane.create(replica_set(2))
    control_plane.tick()
    finished = control_plane.list(Pod)[0]
    control_plane.change(finished, lambda pod: replace(pod, status=replace(pod.status, phase="Failed")), "status")
    control_plane.sim.run(1.0)
    assert len(control_plane.list(Pod)) == 3
    assert control_plane.get(Pod, finished.metadata.name).metadata.deletion_timestamp is None


def test_an_orphan_that_matches_is_adopted(control_plane: Plane) -> None:
    control_plane.create(orphan())
    made = control_plane.create(replica_set(2))
    control_plane.sim.run(1.0)
    owner = controller_of(control_plane.get(Pod, "orphan").metadata)
    assert owner is not None
    assert (owner.name, owner.uid) == ("web", made.metadata.uid)
    assert len(names(control_plane)) == 2


def test_an_orphan_created_later_is_adopted_and_a_surplus_pod_deleted(control_plane: Plane) -> None:
    control_plane.create(replica_set(2))
    control_plane.tick()
    control_plane.create(orphan())
    control_plane.tick()
    assert len(names(control_plane)) == 2


def test_a_pod_that_no_longer_matches_is_released_and_replaced(control_plane: Plane) -> None:
    control_plane.create(replica_set(2))
    control_plane.tick()
    pod = control_plane.list(Pod)[0]
    control_plane.change(pod, lambda one: replace(one, metadata=replace(one.metadata, labels={"app": "other"})))
    control_plane.sim.run(1.0)
    assert control_plane.get(Pod, pod.metadata.name).metadata.owner_references == ()
    assert len(names(control_plane)) == 3


def test_a_pod_of_another_controller_is_not_adopted(control_plane: Plane) -> None:
    owner = control_plane.create(ConfigMap(metadata=ObjectMeta(name="owner", namespace="default")))
    reference = OwnerReference(
        api_version="v1", kind="ConfigMap", name="owner", uid=owner.metadata.uid, controller=True
    )
    taken = orphan()
    control_plane.create(replace(taken, metadata=replace(taken.metadata, owner_references=(reference,))))
    control_plane.create(replica_set(2))
    control_plane.sim.run(1.0)
    assert len(names(control_plane)) == 3


def test_pods_are_available_once_they_have_been_ready_for_long_enough(control_plane: Plane) -> None:
    control_plane.create(replica_set(2, min_ready_seconds=3600))
    control_plane.sim.run(1.0)
    for pod in control_plane.list(Pod):
        control_plane.do(lambda pod=pod: control_plane.client.bind(pod, "node-1"))  # type: ignore[misc]
        control_plane.change(pod, running, "status")
    control_plane.sim.run(10.0)
    assert (status(control_plane).ready_replicas, status(control_plane).available_replicas) == (2, 0)
    control_plane.sim.run(3600.0)
    assert status(control_plane).available_replicas == 2


def test_a_rejected_creation_is_reported_and_retried(control_plane: Plane) -> None:
    made = replica_set(2)
    missing = replace(made.spec.template.spec, service_account_name="missing")
    refused = replace(made.spec, template=replace(made.spec.template, spec=missing))
    control_plane.create(replace(made, spec=refused))
    control_plane.sim.run(5.0)
    (condition,) = status(control_plane).conditions
    assert (condition.type, condition.status, condition.reason) == ("ReplicaFailure", "True", "FailedCreate")
    assert 'serviceaccount "missing" not found' in condition.message
    reason, message = control_plane.events("web")[0]
    assert reason == "FailedCreate"
    assert message.startswith('Error creating: pods "web-')


def test_a_terminating_set_creates_nothing(control_plane: Plane) -> None:
    held = replica_set(2)
    held = replace(held, metadata=replace(held.metadata, finalizers=("example.com/hold",)))
    made = control_plane.create(held)
    control_plane.tick()
    control_plane.remove(made, "Orphan")
    control_plane.sim.run(1.0)
    for pod in control_plane.list(Pod):
        control_plane.end(pod)
    control_plane.sim.run(5.0)
    assert control_plane.list(Pod) == ()


def test_a_controller_that_keeps_crashing_creates_no_surplus_pods(control_plane: Plane) -> None:
    controller = control_plane.child("controllers/replicaset")
    made = control_plane.create(replica_set(20))
    for _ in range(10):
        for _ in range(7):
            control_plane.sim.step()
        control_plane.sim.crash(controller, RuntimeError("killed"))
        assert len(names(control_plane)) <= 20
        control_plane.sim.run(0.3)
        assert len(names(control_plane)) <= 20
    control_plane.sim.run(60.0)
    assert len(names(control_plane)) == 20
    assert status(control_plane).observed_generation == made.metadata.generation
