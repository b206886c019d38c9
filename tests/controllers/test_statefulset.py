"""A StatefulSet's pods come and go in order, each at most once, and keep their names and their storage."""

from functools import partial

from msgspec.structs import replace

from kubeactors.api.apps.v1 import (
    ControllerRevision,
    RollingUpdateStatefulSetStrategy,
    StatefulSet,
    StatefulSetOrdinals,
    StatefulSetPersistentVolumeClaimRetentionPolicy,
    StatefulSetSpec,
    StatefulSetStatus,
    StatefulSetUpdateStrategy,
)
from kubeactors.api.core.v1 import (
    PersistentVolumeClaim,
    PersistentVolumeClaimSpec,
    Pod,
    VolumeResourceRequirements,
)
from kubeactors.api.core.v1.claim_templates import PersistentVolumeClaim as ClaimTemplate
from kubeactors.apimachinery.meta import DeleteOptions, ObjectMeta
from tests.controllers.plane import SELECTOR, Plane, meta, running, template, unready

CLAIMS = (
    ClaimTemplate(
        metadata=ObjectMeta(name="data", labels={"x": "y"}),
        spec=PersistentVolumeClaimSpec(
            access_modes=("ReadWriteOnce",), resources=VolumeResourceRequirements(requests={"storage": "1Gi"})
        ),
    ),
)


def stateful_set(replicas: int = 2, *, image: str = "example/web:1", **spec: object) -> StatefulSet:
    fields = {
        "replicas": replicas, "selector": SELECTOR, "template": template(image), "service_name": "web", **spec
    }  # fmt: skip
    return StatefulSet(metadata=meta("web"), spec=StatefulSetSpec(**fields))  # type: ignore[arg-type]


def rolling(**fields: object) -> StatefulSetUpdateStrategy:
    return StatefulSetUpdateStrategy(
        type="RollingUpdate",
        rolling_update=RollingUpdateStatefulSetStrategy(**fields),  # type: ignore[arg-type]
    )


def names(plane: Plane) -> list[str]:
    return sorted(pod.metadata.name for pod in plane.list(Pod))


def images(plane: Plane) -> dict[str, str]:
    return {pod.metadata.name: pod.spec.containers[0].image[-1] for pod in plane.list(Pod)}


def status(plane: Plane) -> StatefulSetStatus:
    return plane.get(StatefulSet, "web").status


def with_image(plane: Plane, found: StatefulSet, image: str) -> None:
    plane.change(found, lambda one: replace(one, spec=replace(one.spec, template=template(image))))


def sized(plane: Plane, found: StatefulSet, replicas: int) -> None:
    plane.change(found, lambda one: replace(one, spec=replace(one.spec, replicas=replicas)))


def test_a_set_settles_with_pods_of_stable_names(control_plane: Plane) -> None:
    control_plane.create(stateful_set(2))
    control_plane.tick(4)
    (revision,) = control_plane.list(ControllerRevision)
    name = revision.metadata.name
    assert status(control_plane) == StatefulSetStatus(
        observed_generation=1, replicas=2, ready_replicas=2, current_replicas=2, updated_replicas=2,
        current_revision=name, update_revision=name, collision_count=0, available_replicas=2,
    )  # fmt: skip
    assert [(pod.metadata.name, pod.metadata.labels, pod.spec.hostname) for pod in control_plane.list(Pod)] == [
        (
            f"web-{i}",
            {
                "app": "web", "statefulset.kubernetes.io/pod-name": f"web-{i}", "apps.kubernetes.io/pod-index": str(i),
                "controller-revision-hash": name,
            },
            f"web-{i}",
        )
        for i in range(2)
    ]  # fmt: skip
    assert control_plane.events("web") == [
        ("SuccessfulCreate", f"Create Pod web-{i} in StatefulSet web successful") for i in range(2)
    ]


def test_a_pod_waits_for_its_predecessor(control_plane: Plane) -> None:
    control_plane.create(stateful_set(3))
    control_plane.sim.run(60.0)
    assert names(control_plane) == ["web-0"]
    assert (status(control_plane).replicas, status(control_plane).ready_replicas) == (1, 0)
    control_plane.tick()
    assert names(control_plane) == ["web-0", "web-1"]


def test_parallel_pods_are_created_and_deleted_at_once(control_plane: Plane) -> None:
    made = control_plane.create(stateful_set(5, pod_management_policy="Parallel"))
    control_plane.sim.run(1.0)
    assert len(names(control_plane)) == 5
    control_plane.tick()
    sized(control_plane, made, 1)
    control_plane.sim.run(1.0)
    control_plane.run_pods()
    assert names(control_plane) == ["web-0"]


def test_a_scale_down_deletes_the_highest_ordinal_first(control_plane: Plane) -> None:
    made = control_plane.create(stateful_set(3))
    control_plane.tick(4)
    sized(control_plane, made, 1)
    control_plane.sim.run(1.0)
    assert [one.metadata.name for one in control_plane.list(Pod) if one.metadata.deletion_timestamp] == ["web-2"]
    control_plane.tick(3)
    assert names(control_plane) == ["web-0"]
    assert ("SuccessfulDelete", "Delete Pod web-2 in StatefulSet web successful") in control_plane.events("web")


def test_ordinals_may_start_at_another_number(control_plane: Plane) -> None:
    control_plane.create(stateful_set(2, ordinals=StatefulSetOrdinals(start=5)))
    control_plane.tick(4)
    assert names(control_plane) == ["web-5", "web-6"]


def test_a_rolling_update_goes_from_the_last_pod_to_the_first(control_plane: Plane) -> None:
    made = control_plane.create(stateful_set(3))
    control_plane.tick(4)
    with_image(control_plane, made, "example/web:2")
    seen: list[str] = []
    for _ in range(12):
        control_plane.tick()
        seen.append("".join(images(control_plane).get(f"web-{i}", "-") for i in range(3)))
    assert seen[-1] == "222"
    assert all(one in {"111", "11-", "112", "1-2", "122", "-22", "222"} for one in seen)
    assert [one.revision for one in control_plane.list(ControllerRevision)] == [1, 2] or [2, 1]
    assert status(control_plane).current_revision == status(control_plane).update_revision
    assert status(control_plane).current_replicas == 3


def test_pods_below_the_partition_keep_their_revision_even_when_recreated(control_plane: Plane) -> None:
    made = control_plane.create(stateful_set(3, update_strategy=rolling(partition=2)))
    control_plane.tick(4)
    with_image(control_plane, made, "example/web:2")
    control_plane.tick(6)
    assert images(control_plane) == {"web-0": "1", "web-1": "1", "web-2": "2"}
    assert (status(control_plane).current_replicas, status(control_plane).updated_replicas) == (2, 1)
    control_plane.delete(control_plane.get(Pod, "web-0"))
    control_plane.tick(4)
    assert images(control_plane) == {"web-0": "1", "web-1": "1", "web-2": "2"}


def test_on_delete_replaces_only_deleted_pods(control_plane: Plane) -> None:
    made = control_plane.create(stateful_set(2, update_strategy=StatefulSetUpdateStrategy(type="OnDelete")))
    control_plane.tick(4)
    with_image(control_plane, made, "example/web:2")
    control_plane.tick(2)
    assert images(control_plane) == {"web-0": "1", "web-1": "1"}
    control_plane.delete(control_plane.get(Pod, "web-0"))
    control_plane.tick(3)
    assert images(control_plane) == {"web-0": "2", "web-1": "1"}


def test_a_rollback_makes_the_old_revision_the_newest(control_plane: Plane) -> None:
    made = control_plane.create(stateful_set(1))
    control_plane.tick(2)
    first = status(control_plane).update_revision
    with_image(control_plane, made, "example/web:2")
    control_plane.tick(3)
    with_image(control_plane, made, "example/web:1")
    control_plane.tick(3)
    assert status(control_plane).update_revision == first
    assert sorted(one.revision for one in control_plane.list(ControllerRevision)) == [2, 3]


def test_the_revision_history_limit_is_enforced(control_plane: Plane) -> None:
    made = control_plane.create(stateful_set(1, revision_history_limit=1))
    for number in range(2, 6):
        control_plane.tick(3)
        with_image(control_plane, made, f"example/web:{number}")
    control_plane.tick(4)
    assert sorted(one.revision for one in control_plane.list(ControllerRevision)) == [4, 5]


def test_a_finished_pod_is_replaced_under_its_name(control_plane: Plane) -> None:
    control_plane.create(stateful_set(1))
    control_plane.tick(2)
    before = control_plane.get(Pod, "web-0")
    control_plane.change(before, lambda pod: replace(pod, status=replace(pod.status, phase="Failed")), "status")
    control_plane.tick(2)
    after = control_plane.get(Pod, "web-0")
    assert (after.status.phase, after.metadata.uid != before.metadata.uid) == ("Running", True)


def test_a_pod_is_available_once_it_has_been_ready_for_long_enough(control_plane: Plane) -> None:
    control_plane.create(stateful_set(2, min_ready_seconds=3600))
    control_plane.tick(3)
    assert (names(control_plane), status(control_plane).ready_replicas) == (["web-0"], 1)
    assert status(control_plane).available_replicas == 0
    control_plane.sim.run(3600.0)
    assert names(control_plane) == ["web-0", "web-1"]


def test_claims_are_created_before_their_pods_and_outlive_them(control_plane: Plane) -> None:
    made = control_plane.create(stateful_set(2, volume_claim_templates=CLAIMS))
    control_plane.tick(4)
    claims = control_plane.list(PersistentVolumeClaim)
    assert [(one.metadata.name, one.metadata.labels) for one in claims] == [
        (f"data-web-{i}", {"x": "y", "app": "web"}) for i in range(2)
    ]
    volume = control_plane.get(Pod, "web-0").spec.volumes[0]
    assert (volume.name, volume.persistent_volume_claim and volume.persistent_volume_claim.claim_name) == (
        "data", "data-web-0"
    )  # fmt: skip
    assert control_plane.events("web")[0] == (
        "SuccessfulCreate", "Create Claim data-web-0 Pod web-0 in StatefulSet web success"
    )  # fmt: skip
    control_plane.delete(made)
    control_plane.tick(3)
    assert (names(control_plane), len(control_plane.list(PersistentVolumeClaim))) == ([], 2)


def test_claims_of_condemned_pods_are_deleted_and_recreated_empty(control_plane: Plane) -> None:
    policy = StatefulSetPersistentVolumeClaimRetentionPolicy(when_scaled="Delete", when_deleted="Delete")
    made = control_plane.create(
        stateful_set(2, volume_claim_templates=CLAIMS, persistent_volume_claim_retention_policy=policy)
    )
    control_plane.tick(4)
    kept, lost = control_plane.list(PersistentVolumeClaim)
    assert [one.kind for one in kept.metadata.owner_references] == ["StatefulSet"]
    sized(control_plane, made, 1)
    control_plane.tick(4)
    assert [one.metadata.name for one in control_plane.list(PersistentVolumeClaim)] == ["data-web-0"]
    sized(control_plane, made, 2)
    control_plane.tick(4)
    again = control_plane.get(PersistentVolumeClaim, "data-web-1")
    assert again.metadata.uid != lost.metadata.uid
    control_plane.remove(made, "Background")
    control_plane.tick(4)
    assert control_plane.list(PersistentVolumeClaim) == ()


def test_a_pod_is_not_created_while_its_claim_is_terminating(control_plane: Plane) -> None:
    claim = PersistentVolumeClaim(
        metadata=replace(meta("data-web-0"), finalizers=("example.com/kept",)), spec=CLAIMS[0].spec
    )
    old = control_plane.create(claim)
    control_plane.remove(old, "Background")
    control_plane.create(stateful_set(2, volume_claim_templates=CLAIMS))
    control_plane.tick(4)
    assert names(control_plane) == []
    assert control_plane.events("web")[0] == (
        "FailedCreate", "Create Pod web-0 in StatefulSet web failed error: pvc data-web-0 is being deleted"
    )  # fmt: skip
    control_plane.change(old, lambda one: replace(one, metadata=replace(one.metadata, finalizers=())))
    control_plane.tick(4)
    assert names(control_plane) == ["web-0", "web-1"]
    assert control_plane.get(PersistentVolumeClaim, "data-web-0").metadata.uid != old.metadata.uid


def test_a_claim_deleted_before_its_pod_is_scheduled_is_recreated(control_plane: Plane) -> None:
    control_plane.create(stateful_set(1, volume_claim_templates=CLAIMS))
    control_plane.sim.run(60.0)
    old = control_plane.get(PersistentVolumeClaim, "data-web-0")
    control_plane.remove(old, "Background")
    control_plane.sim.run(60.0)
    assert control_plane.get(PersistentVolumeClaim, "data-web-0").metadata.uid != old.metadata.uid


def test_an_orphan_with_the_right_name_is_adopted_and_gets_its_labels(control_plane: Plane) -> None:
    orphan = control_plane.create(Pod(metadata=meta("web-0", app="web"), spec=template().spec))
    control_plane.create(Pod(metadata=meta("other", app="web"), spec=template().spec))
    made = control_plane.create(stateful_set(1, update_strategy=StatefulSetUpdateStrategy(type="OnDelete")))
    control_plane.tick(3)
    adopted = control_plane.get(Pod, "web-0")
    assert adopted.metadata.uid == orphan.metadata.uid
    assert [one.uid for one in adopted.metadata.owner_references] == [made.metadata.uid]
    assert adopted.metadata.labels["apps.kubernetes.io/pod-index"] == "0"
    assert control_plane.get(Pod, "other").metadata.owner_references == ()


def test_a_foreign_pod_of_the_same_name_is_waited_for(control_plane: Plane) -> None:
    stranger = control_plane.create(Pod(metadata=meta("web-0", app="else"), spec=template().spec))
    control_plane.create(stateful_set(1))
    control_plane.tick(2)
    assert control_plane.get(Pod, "web-0").metadata.uid == stranger.metadata.uid
    control_plane.end(stranger)
    control_plane.sim.run(30.0)
    assert control_plane.get(Pod, "web-0").metadata.labels["app"] == "web"


def test_an_unhealthy_pod_blocks_a_scale_up(control_plane: Plane) -> None:
    made = control_plane.create(stateful_set(2))
    control_plane.tick(3)
    control_plane.change(control_plane.get(Pod, "web-0"), unready, "status")
    sized(control_plane, made, 3)
    control_plane.sim.run(5.0)
    assert names(control_plane) == ["web-0", "web-1"]
    control_plane.change(control_plane.get(Pod, "web-0"), running, "status")
    control_plane.sim.run(5.0)
    assert names(control_plane) == ["web-0", "web-1", "web-2"]


def test_a_controller_that_keeps_crashing_creates_each_pod_once(control_plane: Plane) -> None:
    controller = control_plane.child("controllers/statefulset")
    control_plane.create(stateful_set(10, pod_management_policy="Parallel", volume_claim_templates=CLAIMS))
    for _ in range(10):
        for _ in range(7):
            control_plane.sim.step()
        control_plane.sim.crash(controller, RuntimeError("killed"))
        control_plane.sim.run(0.3)
    control_plane.sim.run(60.0)
    assert names(control_plane) == sorted(f"web-{i}" for i in range(10))
    assert len(control_plane.list(PersistentVolumeClaim)) == 10
    assert len(control_plane.list(ControllerRevision)) == 1


def test_a_settled_set_causes_no_writes(control_plane: Plane) -> None:
    control_plane.create(stateful_set(2))
    control_plane.tick(4)
    before = control_plane.get(StatefulSet, "web")
    control_plane.sim.run(600.0)
    assert control_plane.get(StatefulSet, "web") == before


def test_revisions_of_a_set_in_foreground_deletion_are_not_recreated(control_plane: Plane) -> None:
    control_plane.create(stateful_set(1))
    control_plane.tick(2)
    options = DeleteOptions(propagation_policy="Foreground")
    control_plane.do(partial(control_plane.client.delete, StatefulSet, "web", "default", options=options))
    control_plane.tick(3)
    assert not control_plane.list(ControllerRevision)
    assert not control_plane.list(StatefulSet)
