"""Pods wait for the volumes of their claims."""

import pytest
from msgspec.structs import replace

from kubeactors.api.core.v1 import Container, ObjectReference, PersistentVolumeClaim, Pod
from kubeactors.api.core.v1.container import VolumeMount
from kubeactors.api.core.v1.persistentvolume import PersistentVolume, PersistentVolumeSpec
from kubeactors.api.core.v1.persistentvolumeclaim import PersistentVolumeClaimStatus
from kubeactors.api.core.v1.volume import (
    EphemeralVolumeSource,
    HostPathVolumeSource,
    PersistentVolumeClaimSpec,
    PersistentVolumeClaimVolumeSource,
    Volume,
    VolumeResourceRequirements,
)
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.kubelet.claims import why_not_mounted
from tests.kubelet.plane import Plane, a_pod

CLAIM = PersistentVolumeClaim(
    metadata=ObjectMeta(name="data", namespace="default", uid="1"),
    spec=PersistentVolumeClaimSpec(
        access_modes=("ReadWriteOnce",),
        resources=VolumeResourceRequirements(requests={"storage": "1Gi"}),
        volume_name="pv",
    ),
    status=PersistentVolumeClaimStatus(phase="Bound"),
)


def volume(uid: str | None) -> PersistentVolume:
    claim = None if uid is None else ObjectReference(namespace="default", name="data", uid=uid)
    spec = PersistentVolumeSpec(
        access_modes=("ReadWriteOnce",),
        capacity={"storage": "1Gi"},
        claim_ref=claim,
        host_path=HostPathVolumeSource(path="/data"),
    )
    return PersistentVolume(metadata=ObjectMeta(name="pv"), spec=spec)


def claiming(name: str, *, mounts: bool = True) -> Pod:
    """A pod with the claim, bound to the node."""
    mounted = (VolumeMount(name="v", mount_path="/data"),) if mounts else ()
    one = a_pod(name, Container(name="c", image="example/x:1", volume_mounts=mounted), node_name="node-0")
    source = PersistentVolumeClaimVolumeSource(claim_name="data")
    return replace(one, spec=replace(one.spec, volumes=(Volume(name="v", persistent_volume_claim=source),)))


def is_running(pod: Pod) -> bool:
    return pod.status.phase == "Running"


def test_a_bound_pod_waits_until_its_claim_exists_and_is_bound() -> None:
    plane = Plane(nodes=1)
    plane.create(claiming("p"))
    plane.sim.run(5.0)
    pod = plane.pod("p")
    (status,) = pod.status.container_statuses
    assert status.state.waiting is not None
    assert (pod.status.phase, status.state.waiting.reason) == ("Pending", "ContainerCreating")
    why = 'error processing PVC default/data: failed to fetch PVC from API server: persistentvolumeclaims "data" not found'
    volumes = "unmounted volumes=[v], unattached volumes=[], failed to process volumes=[v]"
    assert [(one.type, one.reason, one.message) for one in plane.events("p")] == [
        ("Warning", "FailedMount", f"Unable to attach or mount volumes: {volumes}: {why}")
    ]

    claim = plane.create(replace(CLAIM, metadata=replace(CLAIM.metadata, uid="")))
    plane.create(volume(claim.metadata.uid))
    plane.do(lambda: plane.client.update_status(replace(claim, status=CLAIM.status)))
    plane.run_until_pod("p", is_running)


def test_a_volume_that_no_container_mounts_is_not_waited_for() -> None:
    plane = Plane(nodes=1)
    plane.create(claiming("p", mounts=False))
    plane.run_until_pod("p", is_running)


def test_a_running_pod_goes_on_without_its_claim() -> None:
    plane = Plane(nodes=1)
    claim = plane.create(replace(CLAIM, metadata=replace(CLAIM.metadata, uid="")))
    plane.create(volume(claim.metadata.uid))
    plane.do(lambda: plane.client.update_status(replace(claim, status=CLAIM.status)))
    plane.create(claiming("p"))
    plane.run_until_pod("p", is_running)
    plane.do(lambda: plane.client.delete(PersistentVolumeClaim, "data", "default"))
    plane.sim.run(120.0)
    assert is_running(plane.pod("p"))


@pytest.mark.parametrize(
    ("claim", "bound", "why"),
    [
        (CLAIM, volume("1"), ""),
        (
            None,
            None,
            'failed to fetch PVC from API server: persistentvolumeclaims "data" not found',
        ),
        (
            replace(CLAIM, metadata=replace(CLAIM.metadata, deletion_timestamp="2026-01-01T00:00:00Z")),
            volume("1"),
            "PVC is being deleted",
        ),
        (replace(CLAIM, status=PersistentVolumeClaimStatus(phase="Pending")), None, "PVC is not bound"),
        (replace(CLAIM, spec=replace(CLAIM.spec, volume_name="")), None, "PVC has empty pvc.Spec.VolumeName"),
        (CLAIM, None, 'failed to fetch PV pv from API server: persistentvolumes "pv" not found'),
        (
            CLAIM,
            volume(None),
            "found PV object pv but it has a nil pv.Spec.ClaimRef indicating it is not yet bound to the claim",
        ),
        (CLAIM, volume("2"), "found PV object pv but its pv.Spec.ClaimRef.UID 2 does not point to claim.UID 1"),
    ],
)
def test_only_a_claim_with_its_own_volume_is_mounted(
    claim: PersistentVolumeClaim | None, bound: PersistentVolume | None, why: str
) -> None:
    pod = claiming("p")
    pod = replace(pod, metadata=replace(pod.metadata, namespace="default"))
    found = why_not_mounted("data", pod, claim, bound)
    assert found == (why and f"error processing PVC default/data: {why}")


def test_an_ephemeral_volume_is_mounted_only_for_the_pod_that_owns_its_claim() -> None:
    pod = Pod(metadata=ObjectMeta(name="p", namespace="default", uid="7"))
    ephemeral = Volume(name="v", ephemeral=EphemeralVolumeSource())
    pod = replace(pod, spec=replace(pod.spec, volumes=(ephemeral,)))
    claim = replace(CLAIM, metadata=replace(CLAIM.metadata, name="p-v"))
    assert why_not_mounted("p-v", pod, claim, volume("1")) == (
        "PVC default/p-v was not created for pod default/p (pod is not owner)"
    )
