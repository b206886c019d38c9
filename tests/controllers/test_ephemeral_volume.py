"""Ephemeral volumes get claims, which go with their pods."""

from msgspec.structs import replace

from kubeactors.api.core.v1 import (
    Event,
    PersistentVolumeClaim,
    PersistentVolumeClaimSpec,
    Pod,
    Volume,
    VolumeResourceRequirements,
)
from kubeactors.api.core.v1.volume import EphemeralVolumeSource, PersistentVolumeClaimTemplate
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.client import is_controlled_by
from tests.controllers.plane import Plane, meta, template

SPEC = PersistentVolumeClaimSpec(
    access_modes=("ReadWriteOnce",), resources=VolumeResourceRequirements(requests={"storage": "1Gi"})
)
TEMPLATE = PersistentVolumeClaimTemplate(metadata=ObjectMeta(labels={"kind": "scratch"}), spec=SPEC)
SCRATCH = Volume(name="scratch", ephemeral=EphemeralVolumeSource(volume_claim_template=TEMPLATE))


def pod(name: str = "web") -> Pod:
    return Pod(metadata=meta(name), spec=replace(template().spec, volumes=(SCRATCH,)))


def claims(plane: Plane) -> list[PersistentVolumeClaim]:
    return list(plane.list(PersistentVolumeClaim))


def test_a_claim_is_created_for_an_ephemeral_volume_and_deleted_with_the_pod(control_plane: Plane) -> None:
    made = control_plane.create(pod())
    control_plane.sim.run(2.0)
    (claim,) = claims(control_plane)
    assert (claim.metadata.name, claim.metadata.labels) == ("web-scratch", {"kind": "scratch"})
    assert claim.spec.resources == SPEC.resources
    assert is_controlled_by(claim.metadata, made.metadata.uid)
    control_plane.delete(made)
    control_plane.tick(3)
    assert claims(control_plane) == []


def test_a_claim_deleted_before_its_pod_is_recreated(control_plane: Plane) -> None:
    control_plane.create(replace(pod(), spec=replace(pod().spec, node_name="")))
    control_plane.sim.run(2.0)
    (first,) = claims(control_plane)
    control_plane.change(first, lambda live: replace(live, metadata=replace(live.metadata, finalizers=())))
    control_plane.delete(first)
    control_plane.sim.run(2.0)
    (second,) = claims(control_plane)
    assert second.metadata.uid != first.metadata.uid


def test_a_claim_that_the_pod_does_not_own_is_not_used(control_plane: Plane) -> None:
    control_plane.create(PersistentVolumeClaim(metadata=meta("web-scratch"), spec=SPEC))
    control_plane.create(pod())
    control_plane.sim.run(5.0)
    (claim,) = claims(control_plane)
    assert claim.metadata.owner_references == ()
    told = [one.message for one in control_plane.list(Event) if one.reason == "FailedCreateEphemeralVolumeClaim"]
    assert told == ['PVC "default/web-scratch" was not created for pod "default/web" (pod is not owner)']
