"""Pods are scheduled where their volumes are; waiting claims are bound on the selected node."""

from functools import partial

import pytest
from msgspec.structs import replace

from kubeactors.api.core.v1 import (
    Node,
    NodeSelector,
    NodeSelectorRequirement,
    NodeSelectorTerm,
    PersistentVolumeClaim,
    Pod,
    PodSpec,
)
from kubeactors.api.core.v1.persistentvolume import PersistentVolume, PersistentVolumeSpec, VolumeNodeAffinity
from kubeactors.api.core.v1.volume import (
    HostPathVolumeSource,
    PersistentVolumeClaimSpec,
    PersistentVolumeClaimVolumeSource,
    Volume,
    VolumeResourceRequirements,
)
from kubeactors.api.core.v1.volume_drivers import AWSElasticBlockStoreVolumeSource
from kubeactors.api.core.v1.volume_matching import SELECTED_NODE
from kubeactors.api.storage.v1 import StorageClass
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.controllers.manager import ControllerManager, ControllerManagerConfig
from tests.kubelet.plane import Plane, a_pod, condition
from tests.scheduler.test_scheduler import is_placed, is_refused

HOST = "kubernetes.io/hostname"
ZONE = "topology.kubernetes.io/zone"


@pytest.fixture
def plane() -> Plane:
    found = Plane(nodes=3)
    found.sim.spawn(partial(ControllerManager, found.client, ControllerManagerConfig()), name="controllers")
    found.start_scheduler()
    return found


def storage_class(plane: Plane, name: str, provisioner: str, mode: str = "WaitForFirstConsumer") -> None:
    plane.create(StorageClass(metadata=ObjectMeta(name=name), provisioner=provisioner, volume_binding_mode=mode))


def claim(plane: Plane, name: str, class_: str, size: str = "1Gi", mode: str = "ReadWriteOnce") -> None:
    spec = PersistentVolumeClaimSpec(
        access_modes=(mode,),
        storage_class_name=class_,
        resources=VolumeResourceRequirements(requests={"storage": size}),
    )
    plane.create(PersistentVolumeClaim(metadata=ObjectMeta(name=name, namespace="default"), spec=spec))


def volume(plane: Plane, name: str, class_: str, node: str = "", size: str = "1Gi", **labels: str) -> None:
    on_node = NodeSelectorRequirement(key=HOST, operator="In", values=(node,))
    selector = NodeSelector(node_selector_terms=(NodeSelectorTerm(match_expressions=(on_node,)),))
    spec = PersistentVolumeSpec(
        capacity={"storage": size},
        access_modes=("ReadWriteOnce",),
        storage_class_name=class_,
        host_path=HostPathVolumeSource(path=f"/{name}"),
        node_affinity=VolumeNodeAffinity(required=selector) if node else None,
    )
    zones = {ZONE: labels["zone"]} if labels else {}
    plane.create(PersistentVolume(metadata=ObjectMeta(name=name, labels=zones), spec=spec))


def in_zone(zone: str, node: Node) -> Node:
    return replace(node, metadata=replace(node.metadata, labels={**node.metadata.labels, ZONE: zone}))


def using(name: str, *claims: str) -> Pod:
    volumes = tuple(
        Volume(name=one, persistent_volume_claim=PersistentVolumeClaimVolumeSource(claim_name=one)) for one in claims
    )
    return a_pod(name, spec=PodSpec(volumes=volumes))


def claimed(plane: Plane, name: str) -> PersistentVolumeClaim:
    return plane.do(lambda: plane.client.get(PersistentVolumeClaim, name, "default"))


def refusal(plane: Plane, name: str) -> str:
    found = condition(plane.run_until_pod(name, is_refused), "PodScheduled")
    assert found is not None
    return found[2]


def test_a_missing_claim_is_waited_for(plane: Plane) -> None:
    plane.create(using("p", "data"))
    assert refusal(plane, "p") == '0/3 nodes are available: persistentvolumeclaim "data" not found. not found'
    storage_class(plane, "fast", "kubeactors.io/simulated", "Immediate")
    claim(plane, "data", "fast")
    plane.run_until_pod("p", is_placed)


def test_an_unbound_immediate_claim_is_waited_for(plane: Plane) -> None:
    storage_class(plane, "slow", "example.com/nobody", "Immediate")
    claim(plane, "data", "slow")
    plane.create(using("p", "data"))
    message = "0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found"
    assert refusal(plane, "p") == message
    volume(plane, "v", "slow", "node-2")
    assert plane.run_until_pod("p", is_placed).spec.node_name == "node-2"


def test_a_volume_is_provisioned_on_the_selected_node(plane: Plane) -> None:
    storage_class(plane, "late", "kubeactors.io/simulated")
    claim(plane, "data", "late")
    plane.sim.run(1.0)
    assert claimed(plane, "data").status.phase == "Pending"
    plane.create(using("p", "data"))
    pod = plane.run_until_pod("p", is_placed)
    found = claimed(plane, "data")
    assert (found.status.phase, found.metadata.annotations[SELECTED_NODE]) == (
        "Bound",
        pod.spec.node_name,
    )


def test_another_node_is_selected_when_a_provisioner_rejects_the_first(plane: Plane) -> None:
    storage_class(plane, "late", "example.com/busy")
    claim(plane, "data", "late")
    plane.create(using("p", "data"))
    plane.sim.run(1.0)
    asked = claimed(plane, "data")
    assert SELECTED_NODE in asked.metadata.annotations
    without = replace(asked, metadata=replace(asked.metadata, annotations={}))
    plane.do(lambda: plane.client.update(without))
    plane.sim.run(30.0)
    assert SELECTED_NODE in claimed(plane, "data").metadata.annotations


def test_the_smallest_existing_volume_that_fits_is_bound_with_its_node(plane: Plane) -> None:
    storage_class(plane, "local", "kubernetes.io/no-provisioner")
    volume(plane, "large", "local", "node-1", "10Gi")
    volume(plane, "small", "local", "node-1", "2Gi")
    claim(plane, "data", "local", "2Gi")
    plane.sim.run(1.0)
    plane.create(using("p", "data"))
    assert plane.run_until_pod("p", is_placed).spec.node_name == "node-1"
    assert claimed(plane, "data").spec.volume_name == "small"


def test_two_pods_at_a_time_do_not_choose_the_same_volume(plane: Plane) -> None:
    storage_class(plane, "local", "kubernetes.io/no-provisioner")
    for number in range(2):
        volume(plane, f"v{number}", "local", f"node-{number}")
        claim(plane, f"data-{number}", "local")
    plane.sim.run(1.0)
    for number in range(2):
        plane.create(using(f"p{number}", f"data-{number}"))
    places = {plane.run_until_pod(f"p{number}", is_placed).spec.node_name for number in range(2)}
    assert places == {"node-0", "node-1"}


def test_a_pod_waits_until_a_node_has_a_volume_for_it(plane: Plane) -> None:
    storage_class(plane, "local", "kubernetes.io/no-provisioner")
    claim(plane, "data", "local")
    plane.create(using("p", "data"))
    assert refusal(plane, "p").startswith(
        "0/3 nodes are available: 3 node(s) didn't find available persistent volumes to bind."
    )
    volume(plane, "v", "local", "node-0")
    assert plane.run_until_pod("p", is_placed).spec.node_name == "node-0"


def test_a_pod_follows_its_bound_volume_or_reports_a_conflict(plane: Plane) -> None:
    storage_class(plane, "local", "kubernetes.io/no-provisioner", "Immediate")
    volume(plane, "v", "local", "node-1")
    claim(plane, "data", "local")
    plane.create(using("first", "data"))
    assert plane.run_until_pod("first", is_placed).spec.node_name == "node-1"
    elsewhere = using("second", "data")
    plane.create(replace(elsewhere, spec=replace(elsewhere.spec, node_selector={HOST: "node-0"})))
    assert refusal(plane, "second").startswith(
        "0/3 nodes are available: 1 node(s) didn't match PersistentVolume's node affinity, 2 node(s) didn't match Pod's"
        " node affinity/selector."
    )


def test_a_pod_is_scheduled_to_the_zone_of_its_volume() -> None:
    plane = Plane(nodes=0)
    for name, zone in (("node-0", "x"), ("node-1", "y")):
        plane.boot(name)
        plane.change_node(name, partial(in_zone, zone))
    plane.sim.spawn(partial(ControllerManager, plane.client, ControllerManagerConfig()), name="controllers")
    plane.start_scheduler()
    storage_class(plane, "zonal", "example.com/nobody", "Immediate")
    volume(plane, "v", "zonal", zone="y")
    claim(plane, "data", "zonal")
    plane.create(using("p", "data"))
    assert plane.run_until_pod("p", is_placed).spec.node_name == "node-1"


def test_a_read_write_once_pod_claim_is_used_by_one_pod(plane: Plane) -> None:
    storage_class(plane, "any", "kubeactors.io/simulated", "Immediate")
    claim(plane, "data", "any", mode="ReadWriteOncePod")
    plane.create(using("first", "data"))
    plane.run_until_pod("first", is_placed)
    plane.create(using("second", "data"))
    assert refusal(plane, "second").startswith(
        "0/3 nodes are available: 3 node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod"
        " access mode."
    )
    plane.delete_pod("first", grace_seconds=0)
    plane.run_until_pod("second", is_placed, seconds=15)


def test_a_disk_is_used_by_one_pod_of_a_node(plane: Plane) -> None:
    disk = Volume(name="disk", aws_elastic_block_store=AWSElasticBlockStoreVolumeSource(volume_id="vol-1"))
    names = ("a", "b", "c", "d")
    for name in names:
        plane.create(a_pod(name, spec=PodSpec(volumes=(disk,))))
    for name in names[:3]:
        plane.run_until_pod(name, is_placed)
    assert refusal(plane, "d").startswith("0/3 nodes are available: 3 node(s) had no available disk.")
