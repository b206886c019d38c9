"""Objects of custom kinds own and are owned like any other, as long as their kind is there."""

import pytest
from msgspec.structs import replace

from kubeactors.api.apiextensions.v1.customresourcedefinition import (
    CustomResourceDefinition,
    CustomResourceDefinitionNames,
    CustomResourceDefinitionSpec,
    CustomResourceDefinitionVersion,
    CustomResourceValidation,
)
from kubeactors.api.core.v1 import ConfigMap, Namespace
from kubeactors.apimachinery.meta import ObjectMeta, OwnerReference, TypedObject
from kubeactors.apimachinery.unstructured import Unstructured, type_of_kind
from tests.controllers.plane import Plane, meta

Shop = type_of_kind("example.com/v1", "Shop")
ANYTHING = CustomResourceValidation(open_api_v3_schema={"type": "object", "x-kubernetes-preserve-unknown-fields": True})


def version(name: str, *, storage: bool = True) -> CustomResourceDefinitionVersion:
    return CustomResourceDefinitionVersion(name=name, served=True, storage=storage, schema=ANYTHING)


def definition(*versions: CustomResourceDefinitionVersion, scope: str = "Namespaced") -> CustomResourceDefinition:
    names = CustomResourceDefinitionNames(plural="shops", kind="Shop")
    spec = CustomResourceDefinitionSpec(
        group="example.com", scope=scope, names=names, versions=versions or (version("v1"),)
    )
    return CustomResourceDefinition(metadata=ObjectMeta(name="shops.example.com"), spec=spec)


def owned_by(owner: TypedObject, *, block: bool = True) -> tuple[OwnerReference, ...]:
    reference = OwnerReference(
        api_version=owner.api_version,
        kind=owner.kind,
        name=owner.metadata.name,
        uid=owner.metadata.uid,
        block_owner_deletion=block,
    )
    return (reference,)


def shop(plane: Plane, name: str, *owners: TypedObject, namespace: str = "default") -> Unstructured:
    metadata = ObjectMeta(
        name=name, namespace=namespace, owner_references=tuple(one for owner in owners for one in owned_by(owner))
    )
    return plane.create(Shop(metadata=metadata))


def config_map(plane: Plane, name: str, owner: TypedObject, namespace: str = "default") -> ConfigMap:
    return plane.create(
        ConfigMap(metadata=ObjectMeta(name=name, namespace=namespace, owner_references=owned_by(owner)))
    )


@pytest.fixture
def plane() -> Plane:
    made = Plane()
    made.create(definition())
    made.sim.run(5.0)
    return made


def without_finalizers(value: Unstructured) -> Unstructured:
    return value.with_metadata(replace(value.metadata, finalizers=()))


def held(plane: Plane, value: Unstructured) -> None:
    plane.change(value, lambda one: one.with_metadata(replace(one.metadata, finalizers=("example.com/hold",))))


@pytest.mark.parametrize("policy", ["Background", "Foreground"])
def test_dependents_of_a_custom_object_are_deleted_with_it(plane: Plane, policy: str) -> None:
    parent = shop(plane, "parent")
    config_map(plane, "child", parent)
    shop(plane, "grandchild", shop(plane, "daughter", parent))
    plane.remove(parent, policy)
    plane.sim.run(5.0)
    assert plane.list(Shop) == ()
    assert plane.find(ConfigMap, "child") is None


def test_custom_objects_are_deleted_with_a_built_in_owner(plane: Plane) -> None:
    parent = plane.create(ConfigMap(metadata=meta("parent")))
    shop(plane, "child", parent)
    plane.delete(parent)
    plane.sim.run(5.0)
    assert plane.find(Shop, "child") is None


def test_a_custom_dependent_blocks_foreground_deletion_of_its_owner(plane: Plane) -> None:
    parent = shop(plane, "parent")
    child = shop(plane, "child", parent)
    held(plane, child)
    plane.remove(parent, "Foreground")
    plane.sim.run(5.0)
    assert plane.get(Shop, "child").metadata.deletion_timestamp is not None
    assert plane.find(Shop, "parent") is not None
    plane.change(child, without_finalizers)
    plane.sim.run(5.0)
    assert plane.find(Shop, "parent") is None


def test_orphaned_dependents_of_a_custom_object_stay(plane: Plane) -> None:
    parent = shop(plane, "parent")
    config_map(plane, "child", parent)
    shop(plane, "daughter", parent)
    plane.remove(parent, "Orphan")
    plane.sim.run(5.0)
    assert plane.find(Shop, "parent") is None
    assert plane.get(ConfigMap, "child").metadata.owner_references == ()
    assert plane.get(Shop, "daughter").metadata.owner_references == ()


def test_a_custom_owner_that_never_existed_does_not_keep_an_object_alive(plane: Plane) -> None:
    never = Shop(metadata=ObjectMeta(name="never", uid="00000000-0000-0000-0000-000000000001"))
    config_map(plane, "child", never)
    plane.sim.run(5.0)
    assert plane.find(ConfigMap, "child") is None


def test_a_custom_owner_in_another_namespace_is_absent_and_reported(plane: Plane) -> None:
    far = shop(plane, "far", namespace="kube-system")
    config_map(plane, "child", far)
    plane.sim.run(5.0)
    assert plane.find(ConfigMap, "child") is None
    who = f"[example.com/v1/Shop, namespace: default, name: far, uid: {far.metadata.uid}]"
    assert plane.events("child") == [
        ("OwnerRefInvalidNamespace", f'ownerRef {who} does not exist in namespace "default"')
    ]


def test_a_cluster_scoped_object_with_a_namespaced_owner_is_kept_and_reported(plane: Plane) -> None:
    owner = plane.create(ConfigMap(metadata=meta("owner")))
    owned = plane.create(Namespace(metadata=ObjectMeta(name="owned", owner_references=owned_by(owner))))
    plane.sim.run(5.0)
    assert plane.get(Namespace, "owned", "").metadata.deletion_timestamp is None
    who = f"[v1/ConfigMap, namespace: , name: owner, uid: {owner.metadata.uid}]"
    assert (
        "OwnerRefInvalidNamespace",
        f'ownerRef {who} does not exist in namespace ""',
    ) in plane.events(owned.metadata.name)


def test_dependents_are_deleted_with_the_definition_of_their_owner(plane: Plane) -> None:
    config_map(plane, "child", shop(plane, "parent"))
    plane.delete(plane.get(CustomResourceDefinition, "shops.example.com", ""))
    plane.sim.run(10.0)
    assert plane.find(CustomResourceDefinition, "shops.example.com", "") is None
    assert plane.find(ConfigMap, "child") is None


def test_an_object_with_an_owner_of_unknown_kind_is_kept(plane: Plane) -> None:
    gone = shop(plane, "parent")
    plane.delete(plane.get(CustomResourceDefinition, "shops.example.com", ""))
    plane.sim.run(10.0)
    config_map(plane, "child", gone)
    plane.sim.run(10.0)
    assert plane.find(ConfigMap, "child") is not None


@pytest.mark.parametrize("seconds", [1.0, 60.0])
def test_a_kind_that_is_defined_again_is_collected_again(plane: Plane, seconds: float) -> None:
    shop(plane, "parent")
    plane.delete(plane.get(CustomResourceDefinition, "shops.example.com", ""))
    plane.sim.run(seconds)
    plane.create(definition())
    plane.sim.run(20.0)
    parent = shop(plane, "parent")
    config_map(plane, "child", parent)
    plane.remove(parent, "Foreground")
    plane.sim.run(5.0)
    assert plane.list(Shop) == ()
    assert plane.find(ConfigMap, "child") is None


def to_two(crd: CustomResourceDefinition) -> CustomResourceDefinition:
    spec = replace(crd.spec, versions=(version("v1", storage=False), version("v2")))
    return replace(crd, spec=spec)


def test_an_owner_reference_may_name_any_version(plane: Plane) -> None:
    parent = shop(plane, "parent")
    config_map(plane, "child", parent)
    plane.change(plane.get(CustomResourceDefinition, "shops.example.com", ""), to_two)
    plane.sim.run(10.0)
    assert plane.find(ConfigMap, "child") is not None
    newer = plane.get(type_of_kind("example.com/v2", "Shop"), "parent")
    config_map(plane, "another", newer)
    plane.remove(parent, "Foreground")
    plane.sim.run(5.0)
    assert (plane.find(ConfigMap, "child"), plane.find(ConfigMap, "another")) == (None, None)
    assert plane.list(Shop) == ()


def test_a_restarted_collector_catches_up_with_custom_kinds(plane: Plane) -> None:
    parent = shop(plane, "parent")
    config_map(plane, "child", parent)
    shop(plane, "daughter", parent)
    plane.sim.run(1.0)
    plane.remove(parent, "Foreground")
    plane.sim.crash(plane.child("controllers/garbagecollector"), RuntimeError("killed"))
    plane.sim.run(10.0)
    assert plane.list(Shop) == ()
    assert plane.find(ConfigMap, "child") is None


def test_custom_objects_are_deleted_with_their_namespace(plane: Plane) -> None:
    made = plane.create(Namespace(metadata=ObjectMeta(name="mall")))
    plane.sim.run(1.0)
    shop(plane, "one", namespace="mall")
    hung = shop(plane, "hung", namespace="mall")
    held(plane, hung)
    plane.delete(made)
    plane.sim.run(5.0)
    assert [one.metadata.name for one in plane.list(Shop, "mall")] == ["hung"]
    messages = [one.message for one in plane.get(Namespace, "mall", "").status.conditions]
    assert "Some resources are remaining: shops.example.com has 1 resource instances" in messages
    plane.change(hung, without_finalizers)
    plane.sim.run(5.0)
    assert plane.find(Namespace, "mall", "") is None
