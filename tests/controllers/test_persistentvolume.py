"""Claims get volumes that suit them, one each; what is in use stays, and what is released goes as its policy says."""

from msgspec.structs import replace

from kubeactors.api.core.v1 import (
    ObjectReference,
    PersistentVolumeClaim,
    PersistentVolumeClaimSpec,
    PersistentVolumeClaimVolumeSource,
    Pod,
    Volume,
    VolumeResourceRequirements,
)
from kubeactors.api.core.v1.persistentvolume import PersistentVolume, PersistentVolumeSpec
from kubeactors.api.core.v1.volume import HostPathVolumeSource
from kubeactors.api.core.v1.volume_matching import BOUND_BY_CONTROLLER, best_match
from kubeactors.api.storage.v1 import StorageClass
from kubeactors.api.storage.v1.storageclass import IS_DEFAULT
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.controllers.persistentvolume.provisioner import LOCAL_PATH, PROVISIONER
from kubeactors.sim.network import Network
from kubeactors.sim.tree import cells
from tests.controllers.plane import Plane, meta, template


def claim(
    name: str = "c", size: str = "1Gi", class_: str | None = "slow", modes: tuple[str, ...] = ("ReadWriteOnce",)
) -> PersistentVolumeClaim:
    spec = PersistentVolumeClaimSpec(
        access_modes=modes, storage_class_name=class_, resources=VolumeResourceRequirements(requests={"storage": size})
    )
    return PersistentVolumeClaim(metadata=meta(name), spec=spec)


def volume(
    name: str, size: str = "1Gi", *, class_: str = "slow", policy: str = "Retain", phase: str = ""
) -> PersistentVolume:
    spec = PersistentVolumeSpec(
        capacity={"storage": size}, access_modes=("ReadWriteOnce",), storage_class_name=class_,
        persistent_volume_reclaim_policy=policy, host_path=HostPathVolumeSource(path="/x"),
    )  # fmt: skip
    made = PersistentVolume(metadata=ObjectMeta(name=name), spec=spec)
    return replace(made, status=replace(made.status, phase=phase))


def storage_class(name: str = "fast", mode: str = "Immediate", policy: str = "Delete") -> StorageClass:
    return StorageClass(
        metadata=ObjectMeta(name=name), provisioner=PROVISIONER, volume_binding_mode=mode, reclaim_policy=policy
    )


def found(plane: Plane, name: str = "c") -> PersistentVolumeClaim:
    return plane.get(PersistentVolumeClaim, name)


def phases(plane: Plane) -> dict[str, str]:
    return {one.metadata.name: one.status.phase for one in plane.list(PersistentVolume, "")}


def test_a_claim_gets_the_smallest_volume_that_is_large_enough(control_plane: Plane) -> None:
    for name, size in (("tiny", "500Mi"), ("large", "10Gi"), ("right", "2Gi")):
        control_plane.create(volume(name, size))
    control_plane.sim.run(2.0)
    assert phases(control_plane) == {"tiny": "Available", "large": "Available", "right": "Available"}
    made = control_plane.create(claim())
    control_plane.sim.run(2.0)
    bound = found(control_plane)
    assert (bound.spec.volume_name, bound.status.phase, bound.status.capacity) == ("right", "Bound", {"storage": "2Gi"})
    assert bound.metadata.annotations == {
        "pv.kubernetes.io/bind-completed": "yes",
        "pv.kubernetes.io/bound-by-controller": "yes",
    }
    chosen = control_plane.get(PersistentVolume, "right", "")
    assert chosen.status.phase == "Bound"
    assert chosen.spec.claim_ref is not None
    assert chosen.spec.claim_ref.uid == made.metadata.uid


def test_a_claim_is_bound_to_a_volume_that_is_created_later(control_plane: Plane) -> None:
    control_plane.create(claim())
    control_plane.sim.run(2.0)
    assert found(control_plane).status.phase == "Pending"
    control_plane.create(volume("v"))
    control_plane.sim.run(2.0)
    assert found(control_plane).spec.volume_name == "v"


def test_two_claims_never_share_a_volume(control_plane: Plane) -> None:
    for name in ("v1", "v2", "v3"):
        control_plane.create(volume(name))
    for number in range(5):
        control_plane.create(claim(f"c{number}"))
    control_plane.sim.run(5.0)
    names = [one.spec.volume_name for one in control_plane.list(PersistentVolumeClaim) if one.spec.volume_name]
    assert sorted(names) == ["v1", "v2", "v3"]


def test_a_claim_may_name_its_volume_before_that_exists(control_plane: Plane) -> None:
    named = claim()
    control_plane.create(replace(named, spec=replace(named.spec, volume_name="v")))
    control_plane.sim.run(2.0)
    control_plane.create(volume("v"))
    control_plane.sim.run(2.0)
    assert found(control_plane).status.phase == "Bound"
    assert "pv.kubernetes.io/bound-by-controller" not in found(control_plane).metadata.annotations


def test_a_retained_volume_outlives_its_claim(control_plane: Plane) -> None:
    control_plane.create(volume("v"))
    made = control_plane.create(claim())
    control_plane.sim.run(2.0)
    control_plane.delete(made)
    control_plane.sim.run(2.0)
    assert phases(control_plane) == {"v": "Released"}
    control_plane.create(claim())
    control_plane.sim.run(2.0)
    assert found(control_plane).status.phase == "Pending"


def test_a_claim_whose_volume_is_gone_is_lost(control_plane: Plane) -> None:
    made = control_plane.create(volume("v"))
    control_plane.create(claim())
    control_plane.sim.run(2.0)
    control_plane.change(made, lambda one: replace(one, metadata=replace(one.metadata, finalizers=())))
    control_plane.sim.run(0.0)
    control_plane.delete(made)
    control_plane.change(made, lambda one: replace(one, metadata=replace(one.metadata, finalizers=())))
    control_plane.sim.run(2.0)
    assert found(control_plane).status.phase == "Lost"
    assert ("ClaimLost", "Bound claim has lost its PersistentVolume. Data on the volume is lost!") in (
        control_plane.events("c")
    )


def test_a_lost_claim_is_bound_again_to_a_volume_of_the_same_name(control_plane: Plane) -> None:
    made = control_plane.create(volume("v"))
    control_plane.create(claim())
    control_plane.sim.run(2.0)
    control_plane.delete(made)
    control_plane.change(made, lambda one: replace(one, metadata=replace(one.metadata, finalizers=())))
    control_plane.sim.run(2.0)
    assert found(control_plane).status.phase == "Lost"
    control_plane.create(volume("v"))
    control_plane.sim.run(2.0)
    assert (found(control_plane).status.phase, phases(control_plane)) == ("Bound", {"v": "Bound"})


def test_a_volume_reserved_in_vain_is_bound_to_a_waiting_claim(control_plane: Plane) -> None:
    control_plane.create(volume("v"))
    first = control_plane.create(claim("first"))
    control_plane.sim.run(2.0)
    control_plane.create(claim("second"))
    reference = ObjectReference(namespace="default", name="first", uid=first.metadata.uid)
    vain = volume("vain")
    vain = replace(vain, spec=replace(vain.spec, claim_ref=reference))
    control_plane.create(replace(vain, metadata=replace(vain.metadata, annotations={BOUND_BY_CONTROLLER: "yes"})))
    control_plane.sim.run(2.0)
    assert found(control_plane, "first").spec.volume_name == "v"
    assert found(control_plane, "second").spec.volume_name == "vain"


def test_a_claim_that_names_no_class_gets_the_default_one_when_there_is_one(control_plane: Plane) -> None:
    control_plane.create(claim(class_=None))
    none_wanted = control_plane.create(claim("none", class_=""))
    control_plane.sim.run(2.0)
    assert found(control_plane).status.phase == "Pending"
    fast = storage_class()
    control_plane.create(replace(fast, metadata=replace(fast.metadata, annotations={IS_DEFAULT: "true"})))
    control_plane.sim.run(3.0)
    got = found(control_plane)
    assert (got.spec.storage_class_name, got.status.phase) == ("fast", "Bound")
    assert found(control_plane, "none").spec == none_wanted.spec


def test_a_missing_storage_class_is_reported(control_plane: Plane) -> None:
    control_plane.create(claim(class_="nosuch"))
    control_plane.sim.run(2.0)
    assert control_plane.events("c") == [("ProvisioningFailed", 'storageclass.storage.k8s.io "nosuch" not found')]
    control_plane.create(storage_class("nosuch"))
    control_plane.sim.run(3.0)
    assert found(control_plane).status.phase == "Bound"


def test_a_volume_is_provisioned_and_deleted_with_its_claim(control_plane: Plane) -> None:
    control_plane.create(storage_class())
    made = control_plane.create(claim(class_="fast"))
    control_plane.sim.run(3.0)
    name = f"pvc-{made.metadata.uid}"
    assert found(control_plane).spec.volume_name == name
    assert phases(control_plane) == {name: "Bound"}
    reasons = [reason for reason, _ in control_plane.events("c")]
    assert sorted(reasons) == ["ExternalProvisioning", "Provisioning", "ProvisioningSucceeded"]
    control_plane.delete(made)
    control_plane.sim.run(3.0)
    assert phases(control_plane) == {}


def test_a_wait_for_first_consumer_claim_gets_a_volume_once_a_node_is_selected(control_plane: Plane) -> None:
    control_plane.create(storage_class("lazy", "WaitForFirstConsumer"))
    made = control_plane.create(claim(class_="lazy"))
    control_plane.sim.run(3.0)
    assert found(control_plane).status.phase == "Pending"
    assert control_plane.events("c") == [
        ("WaitForFirstConsumer", "waiting for first consumer to be created before binding")
    ]
    chosen = {"volume.kubernetes.io/selected-node": "node-1"}
    control_plane.change(
        made,
        lambda one: replace(one, metadata=replace(one.metadata, annotations={**one.metadata.annotations, **chosen})),
    )
    control_plane.sim.run(3.0)
    assert found(control_plane).status.phase == "Bound"


def test_a_local_volume_has_affinity_to_the_selected_node(control_plane: Plane) -> None:
    control_plane.create(replace(storage_class(mode="WaitForFirstConsumer"), provisioner=LOCAL_PATH))
    control_plane.create(claim(class_="fast"))
    control_plane.sim.run(2.0)
    chosen = {"volume.kubernetes.io/selected-node": "node-2"}
    control_plane.change(
        found(control_plane), lambda live: replace(live, metadata=replace(live.metadata, annotations=chosen))
    )
    control_plane.sim.run(5.0)
    (made,) = control_plane.list(PersistentVolume, "")
    assert made.spec.host_path == HostPathVolumeSource(
        path=f"/var/local/kubeactors/{made.metadata.name}", type="DirectoryOrCreate"
    )
    assert made.spec.node_affinity is not None
    assert made.spec.node_affinity.required is not None
    (term,) = made.spec.node_affinity.required.node_selector_terms
    assert [(one.key, one.values) for one in term.match_expressions] == [("kubernetes.io/hostname", ("node-2",))]
    assert found(control_plane).status.phase == "Bound"


def ask(plane: Plane, size: str) -> None:
    """The claim asks for so much now."""
    one = found(plane)
    spec = replace(one.spec, resources=VolumeResourceRequirements(requests={"storage": size}))
    plane.do(lambda: plane.client.update(replace(one, spec=spec)))


def test_a_volume_is_expanded_with_its_claim(control_plane: Plane) -> None:
    control_plane.create(replace(storage_class(), allow_volume_expansion=True))
    control_plane.create(claim(class_="fast"))
    control_plane.sim.run(5.0)
    ask(control_plane, "2Gi")
    control_plane.sim.run(5.0)
    grown = found(control_plane)
    assert (grown.status.capacity, grown.status.allocated_resources) == ({"storage": "2Gi"}, {"storage": "2Gi"})
    assert control_plane.get(PersistentVolume, grown.spec.volume_name, "").spec.capacity == {"storage": "2Gi"}
    told = control_plane.events("c")[-3:]
    assert told == [
        ("ExternalExpanding", "waiting for an external controller to expand this PVC"),
        ("Resizing", f"External resizer is resizing volume {grown.spec.volume_name}"),
        ("VolumeResizeSuccessful", "Resize volume succeeded"),
    ]


def test_a_volume_of_another_driver_is_left_to_its_expander(control_plane: Plane) -> None:
    control_plane.create(replace(storage_class("slow"), provisioner="disk.example.com", allow_volume_expansion=True))
    control_plane.create(volume("v"))
    control_plane.create(claim())
    control_plane.sim.run(5.0)
    ask(control_plane, "2Gi")
    control_plane.sim.run(60.0)
    assert found(control_plane).status.capacity == {"storage": "1Gi"}
    assert [reason for reason, _ in control_plane.events("c")].count("ExternalExpanding") == 1


def test_an_expansion_seen_before_the_volume_is_done_later(control_plane: Plane) -> None:
    (informer,) = [one for one in cells(control_plane.sim.kernel.root) if one.name == "informer-persistentvolumes"]
    room, informer.capacity = informer.capacity, 0
    one = control_plane.create(volume("v"))
    wanting = claim(size="2Gi")
    metadata = replace(wanting.metadata, annotations={"pv.kubernetes.io/bind-completed": "yes"})
    bound = control_plane.create(replace(wanting, metadata=metadata, spec=replace(wanting.spec, volume_name="v")))
    reference = ObjectReference(
        api_version="v1", kind="PersistentVolumeClaim", namespace="default", name="c", uid=bound.metadata.uid
    )
    control_plane.do(lambda: control_plane.client.update(replace(one, spec=replace(one.spec, claim_ref=reference))))
    control_plane.sim.run(5.0)
    assert (found(control_plane).status.capacity, control_plane.events("c")) == ({"storage": "1Gi"}, [])
    informer.capacity = room
    control_plane.sim.run(5.0)
    assert [reason for reason, _ in control_plane.events("c")].count("ExternalExpanding") == 1


def test_a_claim_in_use_is_kept_until_its_pod_is_gone(control_plane: Plane) -> None:
    made = control_plane.create(claim())
    source = PersistentVolumeClaimVolumeSource(claim_name="c")
    spec = replace(template().spec, node_name="node-1", volumes=(Volume(name="v", persistent_volume_claim=source),))
    pod = control_plane.create(Pod(metadata=meta("p"), spec=spec))
    control_plane.delete(made)
    control_plane.sim.run(5.0)
    assert found(control_plane).metadata.deletion_timestamp is not None
    control_plane.end(pod)
    control_plane.sim.run(2.0)
    assert control_plane.find(PersistentVolumeClaim, "c") is None


def test_a_bound_volume_is_kept_until_its_claim_is_gone(control_plane: Plane) -> None:
    volume_ = control_plane.create(volume("v"))
    made = control_plane.create(claim())
    control_plane.sim.run(2.0)
    control_plane.delete(volume_)
    control_plane.sim.run(2.0)
    assert phases(control_plane) == {"v": "Bound"}
    control_plane.delete(made)
    control_plane.sim.run(2.0)
    assert phases(control_plane) == {}


def test_a_binder_that_crashes_between_two_writes_continues(control_plane: Plane) -> None:
    binder = control_plane.child("controllers/persistentvolume-binder")
    control_plane.create(storage_class())
    for number in range(10):
        control_plane.create(claim(f"c{number}", class_="fast"))
        for _ in range(9):
            control_plane.sim.step()
        control_plane.sim.crash(binder, RuntimeError("killed"))
        control_plane.sim.run(0.2)
    control_plane.sim.run(30.0)
    claims = control_plane.list(PersistentVolumeClaim)
    assert {one.status.phase for one in claims} == {"Bound"}
    assert sorted(one.spec.volume_name for one in claims) == sorted(f"pvc-{one.metadata.uid}" for one in claims)
    assert set(phases(control_plane).values()) == {"Bound"}
    assert len(phases(control_plane)) == 10


def test_a_volume_of_a_deleted_claim_is_released_though_the_cache_is_stale(control_plane: Plane) -> None:
    made = control_plane.create(claim())
    control_plane.sim.run(2.0)
    informer = next(
        one for one in cells(control_plane.sim.kernel.root) if one.path.endswith("/informer-persistentvolumeclaims")
    )
    network = Network(control_plane.sim.kernel)
    network.stall(informer)
    control_plane.delete(made)
    control_plane.change(made, lambda live: replace(live, metadata=replace(live.metadata, finalizers=())))
    control_plane.create(volume("v"))
    control_plane.sim.run(2.0)
    assert phases(control_plane) == {"v": "Released"}
    network.unstall(informer)
    control_plane.sim.run(2.0)
    assert phases(control_plane) == {"v": "Released"}


def test_a_reserved_volume_takes_precedence() -> None:
    wanted = claim()
    small, reserved = volume("small", phase="Available"), volume("reserved", "5Gi", phase="Available")
    reference = ObjectReference(namespace="default", name="c")
    reserved = replace(reserved, spec=replace(reserved.spec, claim_ref=reference))
    assert best_match((small, reserved), wanted, waits=False) is reserved
    assert best_match((small, reserved), wanted, waits=True) is reserved
    assert best_match((small,), wanted, waits=True) is None
    assert best_match((small,), claim(modes=("ReadWriteMany",)), waits=False) is None
    assert best_match((small,), claim(class_="other"), waits=False) is None
