"""Marks say whom a change of a pod concerns: nobody who has something to do with it is left out."""

import pytest
from msgspec.structs import replace

from kubeactors.api.core.v1 import Pod, PodCondition, PodIP, PodSpec, PodStatus, Toleration
from kubeactors.api.core.v1.podspec import PodResourceClaim
from kubeactors.apimachinery.meta import ObjectMeta, OwnerReference
from kubeactors.apimachinery.requests import ADDED, DELETED, MODIFIED
from kubeactors.client import Change
from kubeactors.controllers.pod_marks import (
    CLAIMING,
    DISRUPTED,
    ENDED,
    GONE,
    PLACED,
    SERVES,
    STRAY,
    TERMINATING,
    marks_of,
    owned_by,
)

POD = Pod(metadata=ObjectMeta(name="web", namespace="default", uid="1", labels={"app": "web"}))


def owned(kind: str, uid: str = "2") -> Pod:
    owner = OwnerReference(api_version="v1", kind=kind, name="owner", uid=uid, controller=True)
    return replace(POD, metadata=replace(POD.metadata, owner_references=(owner,)))


OWNED = owned("ReplicaSet")
SET = owned_by("ReplicaSet")


def test_creation_and_deletion_have_the_marks_of_all_possible_owners() -> None:
    assert marks_of(Change(ADDED, "web", None, POD)) == PLACED | SERVES | STRAY
    assert marks_of(Change(DELETED, "web", POD, None)) == GONE | SERVES | STRAY
    assert marks_of(Change(ADDED, "web", None, OWNED)) == PLACED | SERVES | SET
    assert marks_of(Change(DELETED, "web", OWNED, None)) == GONE | SERVES | SET


def test_every_change_of_a_pod_with_resource_claims_is_marked() -> None:
    spec = PodSpec(resource_claims=(PodResourceClaim(name="gpu", resource_claim_name="c"),))
    pod = replace(POD, spec=spec)
    for change in (
        Change(ADDED, "web", None, pod),
        Change(DELETED, "web", pod, None),
        Change(MODIFIED, "web", pod, pod),
    ):
        assert marks_of(change) & CLAIMING


def metadata(pod: Pod, **changes: object) -> Pod:
    return replace(pod, metadata=replace(pod.metadata, **changes))


@pytest.mark.parametrize(
    ("new", "marks"),
    [
        pytest.param(metadata(OWNED, annotations={"a": "b"}), SET, id="annotations"),
        pytest.param(metadata(OWNED, labels={"app": "other"}), SET | SERVES, id="labels"),
        pytest.param(
            metadata(OWNED, deletion_timestamp="2026-01-01T00:00:00Z"), SET | SERVES | TERMINATING, id="going"
        ),
        pytest.param(replace(OWNED, spec=PodSpec(node_name="node-1")), SET | PLACED | SERVES, id="bound"),
        pytest.param(
            replace(OWNED, spec=PodSpec(tolerations=(Toleration(key="a"),))), SET | PLACED | SERVES, id="tolerates"
        ),
        pytest.param(replace(OWNED, status=PodStatus(phase="Running")), SET | SERVES, id="phase"),
        pytest.param(replace(OWNED, status=PodStatus(phase="Failed")), SET | SERVES | ENDED, id="ended"),
        pytest.param(replace(OWNED, status=PodStatus(pod_ips=(PodIP(ip="10.0.0.1"),))), SET | SERVES, id="address"),
        pytest.param(
            replace(OWNED, status=PodStatus(conditions=(PodCondition(type="Ready", status="True"),))),
            SET | SERVES,
            id="ready",
        ),
        pytest.param(
            replace(OWNED, status=PodStatus(conditions=(PodCondition(type="DisruptionTarget", status="True"),))),
            SET | DISRUPTED,
            id="disrupted",
        ),
        pytest.param(replace(OWNED, status=PodStatus(message="what")), SET, id="message"),
        pytest.param(owned("ReplicaSet", "3"), SET | SERVES | STRAY, id="owner"),
        pytest.param(owned("Job"), SET | owned_by("Job") | SERVES | STRAY, id="owner of another kind"),
        pytest.param(POD, SET | SERVES | STRAY, id="released"),
    ],
)
def test_a_change_has_the_marks_of_the_differences_and_of_its_owners(new: Pod, marks: int) -> None:
    assert marks_of(Change(MODIFIED, "web", OWNED, new)) == marks


def test_an_orphan_is_a_stray_when_its_labels_change_and_while_it_has_finalizers() -> None:
    assert marks_of(Change(MODIFIED, "web", POD, metadata(POD, labels={}))) == SERVES | STRAY
    assert marks_of(Change(MODIFIED, "web", POD, metadata(POD, finalizers=("job",)))) == STRAY
    assert marks_of(Change(MODIFIED, "web", POD, OWNED)) == SET | SERVES | STRAY
    assert marks_of(Change(MODIFIED, "web", POD, metadata(POD, annotations={"a": "b"}))) == 0


def test_a_pod_of_an_unknown_owner_is_no_stray() -> None:
    assert marks_of(Change(ADDED, "web", None, owned("Shop"))) & STRAY == 0
