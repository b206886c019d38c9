"""Pods of owners that Kubernetes spreads by default are spread, with or without a Service."""

import pytest
from msgspec.structs import replace

from kubeactors.api.apps.v1 import ReplicaSet, ReplicaSetSpec, StatefulSet, StatefulSetSpec
from kubeactors.api.batch.v1 import Job, JobSpec
from kubeactors.api.core.v1 import Container, Pod, PodSpec, PodTemplateSpec, ReplicationController
from kubeactors.api.core.v1.replicationcontroller import ReplicationControllerSpec
from kubeactors.apimachinery.meta import LabelSelector, ObjectMeta, OwnerReference, TypedObject
from tests.kubelet.plane import Plane, a_pod

LABELS = {"app": "web"}
SELECTOR = LabelSelector(match_labels=LABELS)
METADATA = ObjectMeta(name="web", namespace="default")
ONE = PodSpec(containers=(Container(name="c", image="example/x:1"),))
TEMPLATE = PodTemplateSpec(metadata=ObjectMeta(labels=LABELS), spec=ONE)
ONCE = replace(TEMPLATE, spec=replace(ONE, restart_policy="Never"))


def owned(pod: Pod, owner: TypedObject) -> Pod:
    """The pod with this owner."""
    reference = OwnerReference(
        api_version=owner.api_version, kind=owner.kind, name="web", uid=owner.metadata.uid, controller=True
    )
    return replace(pod, metadata=replace(pod.metadata, labels=LABELS, owner_references=(reference,)))


@pytest.mark.parametrize(
    ("owner", "node"),
    [
        (ReplicaSet(metadata=METADATA, spec=ReplicaSetSpec(selector=SELECTOR, template=TEMPLATE)), "node-1"),
        (StatefulSet(metadata=METADATA, spec=StatefulSetSpec(selector=SELECTOR, template=TEMPLATE)), "node-1"),
        (
            ReplicationController(
                metadata=METADATA, spec=ReplicationControllerSpec(selector=LABELS, template=TEMPLATE)
            ),
            "node-1",
        ),
        (Job(metadata=METADATA, spec=JobSpec(template=ONCE)), "node-0"),
    ],
)
def test_pods_of_an_owner_are_spread_by_default(owner: TypedObject, node: str) -> None:
    plane = Plane(nodes=2)
    plane.start_scheduler()
    made = plane.create(owner)
    for number in range(6):
        plane.create(owned(a_pod(f"web-{number}", node_name="node-0"), made))
    plane.create(a_pod("large", node_name="node-1", requests={"cpu": "2", "memory": "4Gi"}))
    plane.sim.run(1.0)

    plane.create(owned(a_pod("another"), made))

    assert plane.run_until_pod("another", lambda one: bool(one.spec.node_name)).spec.node_name == node
