"""What has lost its owners goes, what has one stays, and owners go as they were asked to."""

import pytest
from msgspec.structs import replace

from kubeactors.api.apps.v1 import Deployment, ReplicaSet
from kubeactors.api.core.v1 import ConfigMap, Namespace, Pod, Secret
from kubeactors.apimachinery.meta import ObjectMeta, OwnerReference, TypedObject
from kubeactors.controllers.garbagecollector.graph import Graph, attempts_after
from kubeactors.controllers.garbagecollector.plan import Disown, Keep, Owner, Remove, plan
from tests.controllers.plane import Plane, deployment, meta


def owned_by(*owners: TypedObject, block: bool = False) -> tuple[OwnerReference, ...]:
    return tuple(
        OwnerReference(
            api_version=one.api_version, kind=one.kind, name=one.metadata.name, uid=one.metadata.uid,
            block_owner_deletion=block or None,
        )
        for one in owners
    )  # fmt: skip


def config_map(
    plane: Plane, name: str, *owners: TypedObject, block: bool = False, namespace: str = "default"
) -> ConfigMap:
    metadata = ObjectMeta(name=name, namespace=namespace, owner_references=owned_by(*owners, block=block))
    return plane.create(ConfigMap(metadata=metadata))


def there(plane: Plane, name: str) -> bool:
    return plane.find(ConfigMap, name) is not None


@pytest.mark.parametrize("policy", ["Background", "Foreground"])
def test_dependents_are_deleted_with_their_owner(control_plane: Plane, policy: str) -> None:
    parent = config_map(control_plane, "parent")
    child = config_map(control_plane, "child", parent, block=True)
    grandchild = Secret(metadata=replace(meta("grandchild"), owner_references=owned_by(child)))
    control_plane.create(grandchild)
    control_plane.remove(parent, policy)
    control_plane.sim.run(5.0)
    assert not there(control_plane, "parent")
    assert not there(control_plane, "child")
    assert control_plane.find(Secret, "grandchild") is None


def test_foreground_deletion_deletes_the_owner_last(control_plane: Plane) -> None:
    parent = config_map(control_plane, "parent")
    child = config_map(control_plane, "child", parent, block=True)
    held = replace(child, metadata=replace(child.metadata, finalizers=("example.com/hold",)))
    control_plane.do(lambda: control_plane.client.update(held))
    control_plane.remove(parent, "Foreground")
    control_plane.sim.run(5.0)
    assert there(control_plane, "parent")
    assert control_plane.get(ConfigMap, "child").metadata.deletion_timestamp is not None
    control_plane.change(child, lambda one: replace(one, metadata=replace(one.metadata, finalizers=())))
    control_plane.sim.run(5.0)
    assert not there(control_plane, "parent")


def test_orphaned_dependents_stay_and_lose_the_owner_reference(control_plane: Plane) -> None:
    parent = config_map(control_plane, "parent")
    config_map(control_plane, "child", parent)
    control_plane.remove(parent, "Orphan")
    control_plane.sim.run(5.0)
    assert not there(control_plane, "parent")
    assert control_plane.get(ConfigMap, "child").metadata.owner_references == ()


def test_an_object_whose_owner_never_existed_is_deleted(control_plane: Plane) -> None:
    control_plane.create(ConfigMap(metadata=meta("parent")))
    never = ConfigMap(metadata=ObjectMeta(name="parent", uid="00000000-0000-0000-0000-000000000001"))
    config_map(control_plane, "child", never)
    control_plane.sim.run(5.0)
    assert not there(control_plane, "child")


def test_an_object_lives_as_long_as_one_of_its_owners(control_plane: Plane) -> None:
    one, other = config_map(control_plane, "one"), config_map(control_plane, "other")
    config_map(control_plane, "child", one, other)
    control_plane.sim.run(2.0)
    control_plane.delete(one)
    control_plane.sim.run(5.0)
    assert control_plane.get(ConfigMap, "child").metadata.owner_references == owned_by(other)


def test_an_owner_may_be_cluster_scoped(control_plane: Plane) -> None:
    config_map(control_plane, "child", control_plane.get(Namespace, "default", ""))
    control_plane.sim.run(5.0)
    assert there(control_plane, "child")


def test_an_owner_in_another_namespace_is_absent_and_reported(control_plane: Plane) -> None:
    far = config_map(control_plane, "far", namespace="kube-system")
    config_map(control_plane, "child", far)
    control_plane.sim.run(5.0)
    assert not there(control_plane, "child")
    who = f"[v1/ConfigMap, namespace: default, name: far, uid: {far.metadata.uid}]"
    assert control_plane.events("child") == [
        ("OwnerRefInvalidNamespace", f'ownerRef {who} does not exist in namespace "default"')
    ]
    assert control_plane.find(ConfigMap, "far", "kube-system") is not None


def test_an_owner_of_unknown_kind_keeps_its_dependents_alive_and_no_others(control_plane: Plane) -> None:
    unknown = OwnerReference(api_version="example.com/v1", kind="Widget", name="w", uid="w")
    never = OwnerReference(api_version="v1", kind="ConfigMap", name="never", uid="n")
    control_plane.create(ConfigMap(metadata=replace(meta("a"), owner_references=(unknown,))))
    control_plane.create(ConfigMap(metadata=replace(meta("b"), owner_references=(never,))))
    control_plane.create(ConfigMap(metadata=replace(meta("c"), owner_references=(unknown, never))))
    control_plane.sim.run(5.0)
    assert there(control_plane, "a")
    assert not there(control_plane, "b")
    assert control_plane.get(ConfigMap, "c").metadata.owner_references == (unknown,)


def test_objects_that_block_each_other_are_both_deleted(control_plane: Plane) -> None:
    one = config_map(control_plane, "one")
    other = config_map(control_plane, "other", one, block=True)
    control_plane.change(
        one,
        lambda found: replace(found, metadata=replace(found.metadata, owner_references=owned_by(other, block=True))),
    )
    control_plane.remove(one, "Foreground")
    control_plane.sim.run(10.0)
    assert not there(control_plane, "one")
    assert not there(control_plane, "other")


@pytest.mark.parametrize("policy", ["Background", "Foreground"])
def test_replica_sets_and_pods_are_deleted_with_their_deployment(control_plane: Plane, policy: str) -> None:
    made = control_plane.create(deployment())
    control_plane.tick(2)
    control_plane.remove(made, policy)
    control_plane.tick(3)
    control_plane.sim.run(5.0)
    assert control_plane.find(Deployment, "web") is None
    assert control_plane.list(ReplicaSet) == ()
    assert control_plane.list(Pod) == ()


def test_a_restarted_collector_catches_up(control_plane: Plane) -> None:
    parent = config_map(control_plane, "parent")
    config_map(control_plane, "child", parent)
    control_plane.sim.run(1.0)
    control_plane.delete(parent)
    control_plane.sim.crash(control_plane.child("controllers/garbagecollector"), RuntimeError("killed"))
    control_plane.sim.run(5.0)
    assert not there(control_plane, "child")


REFERENCES = (OwnerReference(uid="1"), OwnerReference(uid="2"))


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ((Owner.SOLID, Owner.SOLID), Keep()),
        ((Owner.SOLID, Owner.ABSENT), Disown(REFERENCES[:1])),
        ((Owner.WAITING, Owner.SOLID), Disown(REFERENCES[1:])),
        ((Owner.ABSENT, Owner.ABSENT), Remove("Background")),
        ((Owner.WAITING, Owner.ABSENT), Remove("Background")),
    ],
)
def test_the_state_of_the_owners_decides_about_an_object(
    states: tuple[Owner, Owner], expected: Keep | Disown | Remove
) -> None:
    owners = dict(zip("12", states, strict=True))
    assert plan(ObjectMeta(uid="x", owner_references=REFERENCES), owners, ()) == expected


def test_foreground_deletion_is_passed_on_to_dependents_with_dependents() -> None:
    metadata = ObjectMeta(uid="x", owner_references=REFERENCES[:1])
    assert plan(metadata, {"1": Owner.WAITING}, (ObjectMeta(uid="d"),)) == Remove("Foreground")
    waiting = ObjectMeta(uid="d", deletion_timestamp="2026-01-01T00:00:00Z", finalizers=("foregroundDeletion",))
    assert plan(metadata, {"1": Owner.WAITING}, (waiting,)) == Remove("Foreground", unblock=True)


def test_the_graph_knows_dependents_of_owners_it_has_not_seen() -> None:
    graph = Graph()
    child = ConfigMap(metadata=ObjectMeta(uid="c", owner_references=(OwnerReference(uid="p"),)))
    assert attempts_after(graph, "configmaps", None, child) == ("c",)
    assert attempts_after(graph, "configmaps", None, ConfigMap(metadata=ObjectMeta(uid="p"))) == ()
    assert [one.metadata.uid for one in graph.dependents("p")] == ["c"]
    assert attempts_after(graph, "configmaps", ConfigMap(metadata=ObjectMeta(uid="p")), None) == ("c",)
