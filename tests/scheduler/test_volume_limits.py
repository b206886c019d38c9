"""The number of a driver's volumes on a node is limited; volumes are provisioned only where there is capacity."""

from collections.abc import Iterable
from functools import partial
from typing import NamedTuple, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from kubeactors.api.core.v1 import PersistentVolumeClaim, Pod, PodSpec
from kubeactors.api.core.v1.persistentvolume import PersistentVolume, PersistentVolumeSpec
from kubeactors.api.core.v1.topology import TopologySelectorLabelRequirement, TopologySelectorTerm
from kubeactors.api.core.v1.volume import (
    PersistentVolumeClaimSpec,
    PersistentVolumeClaimVolumeSource,
    Volume,
    VolumeResourceRequirements,
)
from kubeactors.api.core.v1.volume_drivers import AWSElasticBlockStoreVolumeSource, AzureDiskVolumeSource
from kubeactors.api.core.v1.volume_sources import CSIPersistentVolumeSource
from kubeactors.api.scheduling.v1 import PriorityClass
from kubeactors.api.storage.v1 import CSIDriver, CSINode, CSIStorageCapacity, StorageClass, VolumeAttachment
from kubeactors.api.storage.v1.csidriver import CSIDriverSpec
from kubeactors.api.storage.v1.csinode import CSINodeDriver, CSINodeSpec, VolumeNodeResources
from kubeactors.api.storage.v1.volumeattachment import VolumeAttachmentSource, VolumeAttachmentSpec
from kubeactors.apimachinery.meta import LabelSelector, ObjectMeta, TypedObject
from kubeactors.client import SharedInformer, key_of
from kubeactors.controllers.manager import ControllerManager, ControllerManagerConfig
from kubeactors.scheduler.cache import Cache
from kubeactors.scheduler.handle import Volumes
from kubeactors.scheduler.plugins import default_plugins
from kubeactors.scheduler.pod_info import pod_info
from kubeactors.scheduler.profile import Profile
from kubeactors.scheduler.results import Diagnosis
from tests.kubelet.plane import Plane, a_pod, condition
from tests.scheduler.builders import handle, node
from tests.scheduler.test_preemption import of_class
from tests.scheduler.test_scheduler import is_placed, is_refused
from tests.scheduler.test_volumes import HOST, storage_class, using
from tests.scheduler.test_volumes import claim as waiting_claim

K = TypeVar("K", bound=TypedObject)

EBS = "ebs.csi.aws.com"
FULL = "1 node(s) exceed max volume count"


def csi_node(name: str, **counts: int) -> CSINode:
    drivers = tuple(
        CSINodeDriver(name=EBS if key == "ebs" else key, node_id=name, allocatable=VolumeNodeResources(count=count))
        for key, count in counts.items()
    )
    return CSINode(metadata=ObjectMeta(name=name), spec=CSINodeSpec(drivers=drivers))


def bound(name: str) -> tuple[PersistentVolume, PersistentVolumeClaim]:
    """A volume of the driver, and its claim."""
    volume = PersistentVolume(
        metadata=ObjectMeta(name=f"pv-{name}"),
        spec=PersistentVolumeSpec(
            capacity={"storage": "1Gi"},
            access_modes=("ReadWriteOnce",),
            csi=CSIPersistentVolumeSource(driver=EBS, volume_handle=f"vol-{name}"),
        ),
    )
    claim = PersistentVolumeClaim(
        metadata=ObjectMeta(
            name=name, namespace="default", annotations={"pv.kubernetes.io/bind-completed": "yes"}, uid=f"uid-{name}"
        ),
        spec=PersistentVolumeClaimSpec(
            access_modes=("ReadWriteOnce",),
            volume_name=f"pv-{name}",
            resources=VolumeResourceRequirements(requests={"storage": "1Gi"}),
        ),
    )
    return volume, claim


def attachment(volume: str, node_name: str) -> VolumeAttachment:
    source = VolumeAttachmentSource(persistent_volume_name=volume)
    spec = VolumeAttachmentSpec(attacher=EBS, source=source, node_name=node_name)
    return VolumeAttachment(metadata=ObjectMeta(name=f"{volume}-{node_name}"), spec=spec)


def message(plane: Plane, name: str) -> str:
    found = condition(plane.run_until_pod(name, is_refused), "PodScheduled")
    assert found is not None
    return found[2]


@pytest.fixture
def plane() -> Plane:
    found = Plane(nodes=1)
    found.start_scheduler()
    found.create(csi_node("node-0", ebs=2))
    for name in ("a", "b", "c"):
        for one in bound(name):
            found.create(one)
    for name in ("a", "b"):
        found.create(using(name, name))
        found.run_until_pod(name, is_placed)
    return found


def test_a_full_node_is_rejected_until_a_pod_with_a_volume_is_deleted(plane: Plane) -> None:
    plane.create(using("c", "c"))
    assert message(plane, "c") == (
        f"0/1 nodes are available: {FULL}. no new claims to deallocate, preemption: 0/1 nodes are available:"
        " 1 No preemption victims found for incoming pod."
    )
    plane.delete_pod("b", grace_seconds=0)
    plane.run_until_pod("c", is_placed, seconds=15)


def test_a_full_node_is_retried_when_its_limit_grows(plane: Plane) -> None:
    plane.create(using("c", "c"))
    assert FULL in message(plane, "c")
    known = plane.do(lambda: plane.client.get(CSINode, "node-0"))
    plane.do(lambda: plane.client.update(replace(known, spec=csi_node("node-0", ebs=3).spec)))
    plane.run_until_pod("c", is_placed, seconds=15)


def test_a_volume_used_by_two_pods_counts_once(plane: Plane) -> None:
    plane.create(using("again", "a", "b"))
    plane.run_until_pod("again", is_placed)


def test_other_drivers_and_pods_without_volumes_do_not_count(plane: Plane) -> None:
    plane.create(a_pod("none"))
    plane.run_until_pod("none", is_placed)
    disk = Volume(
        name="disk", azure_disk=AzureDiskVolumeSource(disk_name="d", disk_uri="https://a.blob.core.windows.net/c/d.vhd")
    )
    plane.create(a_pod("other", spec=PodSpec(volumes=(disk,))))
    plane.run_until_pod("other", is_placed)


def test_in_tree_disks_count_as_volumes_of_their_drivers(plane: Plane) -> None:
    disk = Volume(name="disk", aws_elastic_block_store=AWSElasticBlockStoreVolumeSource(volume_id="aws://z/vol-9"))
    plane.create(a_pod("disk", spec=PodSpec(volumes=(disk,))))
    assert FULL in message(plane, "disk")
    same = replace(disk, aws_elastic_block_store=AWSElasticBlockStoreVolumeSource(volume_id="vol-a"))
    plane.create(a_pod("same", spec=PodSpec(volumes=(same,))))
    plane.run_until_pod("same", is_placed)


def test_attached_volumes_count_even_if_their_pod_is_gone(plane: Plane) -> None:
    plane.create(attachment("pv-b", "node-0"))
    plane.delete_pod("b", grace_seconds=0)
    plane.sim.run(1.0)
    plane.create(using("c", "c"))
    assert FULL in message(plane, "c")
    plane.do(lambda: plane.client.delete(VolumeAttachment, "pv-b-node-0"))
    plane.run_until_pod("c", is_placed, seconds=15)


def test_volumes_to_provision_count_by_the_provisioner_of_their_class(plane: Plane) -> None:
    storage_class(plane, "late", EBS)
    waiting_claim(plane, "new", "late")
    plane.create(using("new", "new"))
    assert FULL in message(plane, "new")


def test_pods_with_volumes_are_preempted(plane: Plane) -> None:
    plane.create(PriorityClass(metadata=ObjectMeta(name="gold"), value=1000))
    plane.create(of_class(using("high", "c"), "gold"))
    plane.run_until_pod("high", is_placed, seconds=60)
    assert [name for name in ("a", "b") if plane.find_pod(name) is None] == ["b"]


# Capacity.


@pytest.fixture
def provisioned() -> Plane:
    """A plane with a class whose driver publishes its capacity; nothing provisions its volumes in these tests."""
    found = Plane(nodes=2)
    found.sim.spawn(partial(ControllerManager, found.client, ControllerManagerConfig()), name="controllers")
    found.start_scheduler()
    found.create(CSIDriver(metadata=ObjectMeta(name="lvm"), spec=CSIDriverSpec(storage_capacity=True)))
    storage_class(found, "lvm", "lvm")
    waiting_claim(found, "data", "lvm", "10Gi")
    found.sim.run(1.0)
    return found


def space(name: str, size: str, largest: str | None = None) -> CSIStorageCapacity:
    return CSIStorageCapacity(
        metadata=ObjectMeta(name=name, namespace="default"),
        node_topology=LabelSelector(match_labels={HOST: name}),
        storage_class_name="lvm",
        capacity=size,
        maximum_volume_size=largest,
    )


def selected_node(plane: Plane) -> str:
    found = plane.do(lambda: plane.client.get(PersistentVolumeClaim, "data", "default"))
    return found.metadata.annotations.get("volume.kubernetes.io/selected-node", "")


def test_a_volume_is_provisioned_only_where_there_is_capacity(provisioned: Plane) -> None:
    provisioned.create(space("node-0", "5Gi"))
    provisioned.create(using("p", "data"))
    assert message(provisioned, "p").startswith(
        "0/2 nodes are available: 2 node(s) did not have enough free storage. no new claims to deallocate, preemption:"
    )
    provisioned.create(space("node-1", "20Gi"))
    provisioned.sim.run(15.0)
    assert selected_node(provisioned) == "node-1"


def test_the_maximum_volume_size_is_the_limit_if_the_driver_publishes_it(provisioned: Plane) -> None:
    provisioned.create(space("node-0", "100Gi", "5Gi"))
    provisioned.create(space("node-1", "1Gi", "10Gi"))
    provisioned.create(using("p", "data"))
    provisioned.sim.run(5.0)
    assert selected_node(provisioned) == "node-1"


def test_a_driver_that_publishes_no_capacity_is_unlimited(provisioned: Plane) -> None:
    provisioned.do(lambda: provisioned.client.patch(CSIDriver, "lvm", {"spec": {"storageCapacity": False}}))
    provisioned.create(using("p", "data"))
    provisioned.sim.run(5.0)
    assert selected_node(provisioned) in {"node-0", "node-1"}


def test_a_volume_is_provisioned_only_in_the_allowed_topology(provisioned: Plane) -> None:
    one = TopologySelectorLabelRequirement(key=HOST, values=("node-1",))
    provisioned.create(
        StorageClass(
            metadata=ObjectMeta(name="there"),
            provisioner="example.com/made",
            volume_binding_mode="WaitForFirstConsumer",
            allowed_topologies=(TopologySelectorTerm(match_label_expressions=(one,)),),
        )
    )
    waiting_claim(provisioned, "other", "there")
    pod = using("p", "other")
    provisioned.create(replace(pod, spec=replace(pod.spec, node_selector={HOST: "node-0"})))
    assert message(provisioned, "p").startswith(
        "0/2 nodes are available: 1 node(s) didn't find available persistent volumes to bind, 1 node(s) didn't match"
        " Pod's node affinity/selector."
    )


# Any history.


class PodIs(NamedTuple):
    number: int
    place: int
    claims: tuple[int, ...]


class PodGoes(NamedTuple):
    number: int


class LimitIs(NamedTuple):
    place: int
    most: int


class IsAttached(NamedTuple):
    claim: int
    place: int


class Ask(NamedTuple):
    claims: tuple[int, ...]


claims = st.lists(st.integers(0, 5), max_size=3, unique=True).map(tuple)
places = st.integers(0, 2)
steps = st.one_of(
    st.builds(PodIs, st.integers(0, 4), places, claims),
    st.builds(PodGoes, st.integers(0, 4)),
    st.builds(LimitIs, places, st.integers(0, 3)),
    st.builds(IsAttached, st.integers(0, 5), places),
    st.builds(Ask, claims),
)


def fits(step: Ask, place: int, limits: dict[int, int], pods: Iterable[PodIs], attached: Iterable[IsAttached]) -> bool:
    """The plain rule: everything counted again."""
    there = [claim for one in pods if one.place == place for claim in one.claims]
    there += [one.claim for one in attached if one.place == place]
    wanted = {*step.claims} - {*there}
    return not wanted or len({*there}) + len(wanted) <= limits.get(place, 1000)


def known(informer: SharedInformer[K], one: K) -> None:
    informer.indexer.put(key_of(one), one)
    informer.indexer.revision += 1


@given(st.lists(steps, max_size=30))
@settings(max_examples=100, deadline=None)
def test_volume_limits_agree_with_the_plain_rule(
    history: list[PodIs | PodGoes | LimitIs | IsAttached | Ask],
) -> None:
    storage = Volumes(
        claims=SharedInformer(PersistentVolumeClaim, "c"),
        volumes=SharedInformer(PersistentVolume, "v"),
        classes=SharedInformer(StorageClass, "s"),
        nodes=SharedInformer(CSINode, "n"),
        attachments=SharedInformer(VolumeAttachment, "a"),
        drivers=SharedInformer(CSIDriver, "d"),
        capacities=SharedInformer(CSIStorageCapacity, "k"),
    )
    cache = Cache()
    rules = Profile(default_plugins(replace(handle(cache), volumes=storage)), cache)
    for place in range(3):
        cache.set_node(node(f"n{place}"))
    for number in range(6):
        volume, claim = bound(f"c{number}")
        known(storage.volumes, volume)
        known(storage.claims, claim)
    pods: dict[int, PodIs] = {}
    limits: dict[int, int] = {}
    attached: list[IsAttached] = []

    def a_user(name: str, numbers: tuple[int, ...], place: str = "") -> Pod:
        volumes = tuple(
            Volume(name=f"v{one}", persistent_volume_claim=PersistentVolumeClaimVolumeSource(claim_name=f"c{one}"))
            for one in numbers
        )
        metadata = ObjectMeta(name=name, namespace="default", uid=name)
        return Pod(metadata=metadata, spec=PodSpec(volumes=volumes, node_name=place))

    for step in history:
        match step:
            case PodIs(number, place, numbers):
                pods[number] = step
                cache.set_pod(pod_info(a_user(f"p{number}", numbers, f"n{place}")))
            case PodGoes(number):
                pods.pop(number, None)
                cache.remove_pod(f"p{number}")
            case LimitIs(place, most):
                limits[place] = most
                known(storage.nodes, csi_node(f"n{place}", ebs=most))
            case IsAttached(number, place):
                attached.append(step)
                known(storage.attachments, attachment(f"pv-c{number}", f"n{place}"))
            case Ask(numbers):
                found = rules.feasible(pod_info(a_user("asked", numbers)))
                names = [] if isinstance(found, Diagnosis) else sorted(info.name for info in found)
                expected = [place for place in range(3) if fits(step, place, limits, pods.values(), attached)]
                assert names == [f"n{place}" for place in expected]
