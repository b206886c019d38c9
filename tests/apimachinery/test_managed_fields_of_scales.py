"""The managed fields of a Scale, and those of its parent after a write to it."""

from kubeactors.apimachinery.managedfields.scale import SCALE_API_VERSION, to_parent, to_scale
from kubeactors.apimachinery.meta import ManagedFieldsEntry

V1, V2, OLD = "example.com/v1", "example.com/v2", "example.com/v1alpha1"
PATHS = {V1: ("f:spec", "f:size"), V2: ("f:spec", "f:scale", "f:replicas"), OLD: None}
REPLICAS: dict[str, object] = {"f:spec": {"f:replicas": {}}}
SIZE: dict[str, object] = {"f:spec": {"f:size": {}}}
COLOUR: dict[str, object] = {"f:spec": {"f:colour": {}}}
BOTH: dict[str, object] = {"f:spec": {"f:colour": {}, "f:size": {}}}


def entry(
    manager: str, fields: dict[str, object], operation: str = "Apply", version: str = V1, time: str | None = None
) -> ManagedFieldsEntry:
    return ManagedFieldsEntry(
        manager=manager,
        operation=operation,
        api_version=version,
        time=time,
        fields_type="FieldsV1",
        fields_v1=fields,
    )


def test_a_scale_has_the_owners_of_the_replicas_in_any_version() -> None:
    deep: dict[str, object] = {"f:spec": {"f:scale": {"f:replicas": {}}}}
    parent = (
        entry("one", BOTH),
        entry("two", COLOUR),
        entry("three", deep, version=V2),
        entry("four", SIZE, version=OLD),
    )
    assert to_scale(parent, PATHS) == (
        entry("one", REPLICAS, version=SCALE_API_VERSION),
        entry("three", REPLICAS, version=SCALE_API_VERSION),
    )


def test_an_owner_that_the_scale_has_lost_loses_the_replicas_alone() -> None:
    parent = (entry("one", BOTH), entry("two", SIZE))
    scale = (entry("three", REPLICAS, version=SCALE_API_VERSION),)
    assert to_parent(parent, scale, V1, PATHS) == (entry("one", COLOUR), entry("three", SIZE))


def test_an_owner_that_the_scale_keeps_stays_as_it_is() -> None:
    parent = (entry("one", BOTH, time="2026-01-01T00:00:00Z"),)
    assert to_parent(parent, to_scale(parent, PATHS), V1, PATHS) == parent


def test_an_updater_that_keeps_the_replicas_gets_an_entry_of_its_own_for_them() -> None:
    parent = (entry("one", BOTH, "Update"),)
    made = to_parent(parent, to_scale(parent, PATHS), V1, PATHS)
    assert made == (entry("one", COLOUR, "Update"), entry("one", SIZE, "Update"))


def test_entries_of_unknown_versions_are_dropped() -> None:
    assert to_parent((entry("one", COLOUR, version="example.com/v0"),), (), V1, PATHS) == ()
