"""What a kubelet may write: its own Node and Lease, and its own pods."""

import pytest
from msgspec.structs import replace

from kubeactors.api.coordination.v1 import Lease
from kubeactors.api.core.v1 import (
    Node,
    NodeSpec,
    PersistentVolumeClaim,
    PersistentVolumeClaimSpec,
    PersistentVolumeClaimVolumeSource,
    Pod,
    PodCondition,
    PodStatus,
    Taint,
    Volume,
    VolumeResourceRequirements,
)
from kubeactors.api.policy.v1 import (
    Eviction,
    PodDisruptionBudget,
    PodDisruptionBudgetSpec,
    PodDisruptionBudgetStatus,
)
from kubeactors.apimachinery.meta import LabelSelector, ObjectMeta, OwnerReference, TypedObject
from kubeactors.apimachinery.requests import Create, Delete, Result, Update, UserInfo
from kubeactors.apimachinery.status import Status
from kubeactors.apiserver import ApiServerConfig
from tests.apiserver.plane import Plane, gvr_of, pod

N1 = UserInfo(name="system:node:n1", groups=("system:nodes", "system:authenticated"))


@pytest.fixture
def plane() -> Plane:
    plane = Plane().with_account()
    for name in ("n1", "n2"):
        plane.create(Node(metadata=ObjectMeta(name=name)))
    return plane


def bound(name: str, node: str) -> Pod:
    one = pod(name)
    return replace(one, spec=replace(one.spec, node_name=node))


def owner_of(plane: Plane, node: str) -> OwnerReference:
    uid = plane.get(Node, node).metadata.uid
    return OwnerReference(api_version="v1", kind="Node", name=node, uid=uid, controller=True)


def mirror(node: str, *owners: OwnerReference) -> Pod:
    one = bound("m", node)
    annotations = {"kubernetes.io/config.mirror": "x"}
    return replace(one, metadata=replace(one.metadata, annotations=annotations, owner_references=owners))


def created(plane: Plane, value: TypedObject, namespace: str = "default") -> str:
    return said(plane, Create(resource=gvr_of(type(value)), namespace=namespace, object=value, user=N1))


def updated(plane: Plane, value: TypedObject, part: str = "") -> str:
    metadata = value.metadata
    request = Update(
        resource=gvr_of(type(value)),
        namespace=metadata.namespace,
        name=metadata.name,
        subresource=part,
        object=value,
        user=N1,
    )
    return said(plane, request)


def said(plane: Plane, request: Create | Delete | Update) -> str:
    """The reason of a rejection; empty if the request succeeded."""
    reply: Result | Status = plane.sim.ask(plane.server, request)
    return reply.message.partition(" is forbidden: ")[2] or reply.message if isinstance(reply, Status) else ""


def test_a_node_creates_only_mirror_pods_of_its_own(plane: Plane) -> None:
    owner = owner_of(plane, "n1")
    assert created(plane, mirror("n1", owner)) == ""
    assert created(plane, bound("a", "n1")) == (
        'pod does not have "kubernetes.io/config.mirror" annotation, node "n1" can only create mirror pods'
    )
    assert created(plane, mirror("n2", owner)) == 'node "n1" can only create pods with spec.nodeName set to itself'
    assert created(plane, mirror("n1")) == 'node "n1" can only create pods with an owner reference set to itself'
    assert created(plane, mirror("n1", replace(owner, controller=None))) == (
        'node "n1" can only create pods with a controller owner reference set to itself'
    )
    assert created(plane, mirror("n1", replace(owner, uid="old"))) == (
        f"node n1 UID mismatch: expected old got {owner.uid}"
    )


def test_a_mirror_pod_refers_to_no_api_objects(plane: Plane) -> None:
    one = mirror("n1", owner_of(plane, "n1"))
    assert created(plane, replace(one, spec=replace(one.spec, service_account_name="default"))) == (
        'node "n1" can not create pods that reference a service account'
    )


def test_a_node_deletes_and_updates_the_status_of_its_own_pods_only(plane: Plane) -> None:
    mine, other = plane.create(bound("mine", "n1")), plane.create(bound("other", "n2"))
    running = replace(mine.status, phase="Running")
    assert updated(plane, replace(mine, status=running), "status") == ""
    assert updated(plane, replace(other, status=running), "status") == (
        'node "n1" can only update pod status for pods with spec.nodeName set to itself'
    )
    for name, why in (("mine", ""), ("other", 'node "n1" can only delete pods with spec.nodeName set to itself')):
        assert said(plane, Delete(resource=gvr_of(Pod), namespace="default", name=name, user=N1)) == why


def test_a_node_evicts_only_its_own_pods_and_charges_no_other_budgets(plane: Plane) -> None:
    plane.create(bound("mine", "n1"))
    other = plane.create(replace(bound("other", "n2"), status=PodStatus(phase="Running")))
    ready = PodStatus(phase="Running", conditions=(PodCondition(type="Ready", status="True"),))
    plane.update(replace(other, status=ready), "status")
    budget = plane.create(
        PodDisruptionBudget(
            metadata=ObjectMeta(name="b"), spec=PodDisruptionBudgetSpec(selector=LabelSelector(), max_unavailable=1)
        )
    )
    plane.update(
        replace(budget, status=PodDisruptionBudgetStatus(disruptions_allowed=1, observed_generation=1)), "status"
    )
    for name, why in (("mine", ""), ("other", "node n1 can only evict pods with spec.nodeName set to itself")):
        eviction = Eviction(metadata=ObjectMeta(name=name, namespace="default"))
        request = Create(
            resource=gvr_of(Pod), namespace="default", name=name, subresource="eviction", object=eviction, user=N1
        )
        assert said(plane, request) == why
    assert plane.get(PodDisruptionBudget, "b").status.disruptions_allowed == 1


def test_a_node_updates_only_itself_and_not_its_taints(plane: Plane) -> None:
    mine, other = plane.get(Node, "n1"), plane.get(Node, "n2")
    assert updated(plane, replace(mine, metadata=replace(mine.metadata, labels={"a": "b"}))) == ""
    assert updated(plane, replace(other, metadata=replace(other.metadata, labels={"a": "b"}))) == (
        'node "n1" is not allowed to modify node "n2"'
    )
    assert updated(plane, other, "status") == 'node "n1" is not allowed to modify node "n2"'
    tainted = NodeSpec(taints=(Taint(key="k", effect="NoSchedule"),))
    assert updated(plane, replace(plane.get(Node, "n1"), spec=tainted)) == 'node "n1" is not allowed to modify taints'
    assert created(plane, Node(metadata=ObjectMeta(name="n3")), "") == 'node "n1" is not allowed to modify node "n3"'


def test_a_node_registers_with_labels_of_kubelets_and_of_others_but_no_more_of_kubernetes(plane: Plane) -> None:
    for name in ("n1", "n2"):
        plane.delete(Node, name)
    given = {
        "kubernetes.io/hostname": "n1",
        "topology.kubernetes.io/zone": "a",
        "node.kubernetes.io/size": "big",
        "example.com/disk": "ssd",
        "disk": "ssd",
    }
    wrong = {"node-role.kubernetes.io/control-plane": "", "tier.node-restriction.kubernetes.io/x": "", "a.k8s.io/b": ""}
    node = Node(metadata=ObjectMeta(name="n1", labels=given | wrong))
    assert created(plane, node, "") == (
        'node "n1" is not allowed to set the following labels: '
        "a.k8s.io/b, node-role.kubernetes.io/control-plane, tier.node-restriction.kubernetes.io/x"
    )
    assert created(plane, Node(metadata=ObjectMeta(name="n1", labels=given)), "") == ""


def test_a_node_neither_changes_nor_removes_labels_that_are_not_a_kubelets(plane: Plane) -> None:
    role = "node-role.kubernetes.io/worker"
    mine = plane.get(Node, "n1")
    mine = plane.update(replace(mine, metadata=replace(mine.metadata, labels={role: ""})))
    kept = replace(mine, metadata=replace(mine.metadata, labels={role: "", "kubernetes.io/arch": "arm64"}))
    assert updated(plane, kept) == ""
    for labels in ({}, {role: "x"}):
        changed = replace(mine, metadata=replace(mine.metadata, labels=labels, resource_version=""))
        assert updated(plane, changed, "status") == f"is not allowed to modify labels: {role}"


def test_a_node_may_set_the_labels_that_its_cluster_gives_it() -> None:
    plane = Plane(ApiServerConfig(node_labels=frozenset({"topology.kubernetes.io/rack"}))).with_account()
    labels = {"topology.kubernetes.io/rack": "rack-1"}
    assert created(plane, Node(metadata=ObjectMeta(name="n1", labels=labels)), "") == ""


def test_a_node_reports_the_expansion_of_a_claim_and_changes_nothing_else_of_it(plane: Plane) -> None:
    claimed = PersistentVolumeClaimSpec(
        access_modes=("ReadWriteOnce",),
        resources=VolumeResourceRequirements(requests={"storage": "1Gi"}),
    )
    claim = plane.create(PersistentVolumeClaim(metadata=ObjectMeta(name="c", namespace="default"), spec=claimed))
    volume = Volume(name="v", persistent_volume_claim=PersistentVolumeClaimVolumeSource(claim_name="c"))
    pod_ = bound("a", "n1")
    plane.create(replace(pod_, spec=replace(pod_.spec, volumes=(volume,))))
    status = replace(claim.status, capacity={"storage": "1Gi"})
    assert updated(plane, replace(claim, status=status), "status") == ""
    why = 'node "n1" is not allowed to update fields other than status.capacity and status.conditions'
    claim = plane.get(PersistentVolumeClaim, "c")
    assert updated(plane, replace(claim, status=replace(claim.status, phase="Bound")), "status") == why
    owned = replace(claim, metadata=replace(claim.metadata, labels={"a": "b"}))
    assert updated(plane, owned, "status") == why


def test_a_node_has_the_lease_of_its_name(plane: Plane) -> None:
    assert created(plane, Lease(metadata=ObjectMeta(name="n1")), "kube-node-lease") == ""
    assert created(plane, Lease(metadata=ObjectMeta(name="n2")), "kube-node-lease") == (
        "can only access node lease with the same name as the requesting node"
    )
