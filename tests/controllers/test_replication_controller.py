"""A ReplicationController is looked after as a ReplicaSet is, under its own name."""

from msgspec.structs import replace

from kubeactors.api.core.v1 import (
    Pod,
    ReplicationController,
    ReplicationControllerSpec,
    ReplicationControllerStatus,
)
from kubeactors.apimachinery.meta import OwnerReference
from tests.controllers.plane import Plane, meta, replica_set, template


def controller(replicas: int = 2) -> ReplicationController:
    spec = ReplicationControllerSpec(replicas=replicas, template=template())
    return ReplicationController(metadata=meta("web"), spec=spec)


def test_pods_are_created_and_owned(control_plane: Plane) -> None:
    made = control_plane.create(controller())
    control_plane.tick()
    reference = OwnerReference(
        api_version="v1", kind="ReplicationController", name="web", uid=made.metadata.uid, controller=True,
        block_owner_deletion=True,
    )  # fmt: skip
    pods = control_plane.list(Pod)
    assert [pod.metadata.owner_references for pod in pods] == [(reference,)] * 2
    assert control_plane.get(ReplicationController, "web").status == ReplicationControllerStatus(
        replicas=2, fully_labeled_replicas=2, ready_replicas=2, available_replicas=2, observed_generation=1
    )
    assert [reason for reason, _ in control_plane.events("web")] == ["SuccessfulCreate"] * 2


def test_the_status_is_written_once(control_plane: Plane) -> None:
    control_plane.create(controller())
    control_plane.tick(2)
    before = control_plane.get(ReplicationController, "web")
    control_plane.sim.run(600.0)
    assert control_plane.get(ReplicationController, "web") == before


def test_a_replication_controller_scales_and_adopts(control_plane: Plane) -> None:
    control_plane.create(Pod(metadata=meta("orphan", app="web"), spec=template().spec))
    made = control_plane.create(controller(1))
    control_plane.tick()
    assert [pod.metadata.name for pod in control_plane.list(Pod)] == ["orphan"]
    control_plane.change(made, lambda one: replace(one, spec=replace(one.spec, replicas=0)))
    control_plane.tick(2)
    assert control_plane.list(Pod) == ()


def test_a_replica_set_of_the_same_name_keeps_its_own_pods(control_plane: Plane) -> None:
    control_plane.create(controller(2))
    control_plane.tick()
    control_plane.create(replica_set(3))
    control_plane.tick()
    kinds = sorted(pod.metadata.owner_references[0].kind for pod in control_plane.list(Pod))
    assert kinds == ["ReplicaSet"] * 3 + ["ReplicationController"] * 2


def test_pods_outlive_a_replication_controller_by_default(control_plane: Plane) -> None:
    made = control_plane.create(controller(1))
    control_plane.tick()
    control_plane.delete(made)
    control_plane.tick(2)
    assert control_plane.find(ReplicationController, "web") is None
    assert [pod.metadata.owner_references for pod in control_plane.list(Pod)] == [()]
