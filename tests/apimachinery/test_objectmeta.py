"""Validation of metadata."""

from collections.abc import Iterator

from msgspec.structs import replace

from kubeactors.apimachinery import names
from kubeactors.apimachinery.field import FieldError, forbidden, invalid, required, too_long
from kubeactors.apimachinery.meta import ManagedFieldsEntry, ObjectMeta, OwnerReference
from kubeactors.apimachinery.objectmeta import validate_object_meta, validate_object_meta_update

GOOD = ObjectMeta(
    name="web-0",
    namespace="default",
    uid="u",
    resource_version="7",
    generation=1,
    creation_timestamp="2026-01-02T03:04:05Z",
    labels={"app": "web"},
    annotations={"Example.com/Note": "any text"},
    owner_references=(OwnerReference(api_version="apps/v1", kind="ReplicaSet", name="web", uid="r", controller=True),),
    finalizers=("example.com/keep",),
)


def created(meta: ObjectMeta, *, namespaced: bool = True) -> list[FieldError]:
    return list(validate_object_meta(meta, namespaced=namespaced, name_rule=names.name_is_dns_subdomain))


def updated(new: ObjectMeta, old: ObjectMeta = GOOD) -> list[FieldError]:
    return list(validate_object_meta_update(new, old))


def fields(errors: Iterator[FieldError] | list[FieldError]) -> list[str]:
    return [one.field for one in errors]


def test_valid_metadata_has_no_errors() -> None:
    assert created(GOOD) == []
    assert updated(replace(GOOD, labels={}, generation=2)) == []


def test_a_name_is_required_and_follows_the_rule() -> None:
    assert created(replace(GOOD, name="")) == [required("metadata.name", "name or generateName is required")]
    assert fields(created(replace(GOOD, name="A", generate_name="BB-"))) == ["metadata.generateName", "metadata.name"]
    assert created(replace(GOOD, generate_name="web-")) == []


def test_a_namespace_is_required_for_namespaced_kinds_and_forbidden_for_others() -> None:
    assert created(replace(GOOD, namespace="")) == [required("metadata.namespace")]
    assert fields(created(replace(GOOD, namespace="a.b"))) == ["metadata.namespace"]
    assert created(GOOD, namespaced=False) == [forbidden("metadata.namespace", "not allowed on this type")]
    assert created(replace(GOOD, namespace=""), namespaced=False) == []


def test_labels_and_annotations_are_validated() -> None:
    assert fields(created(replace(GOOD, labels={"a b": "c"}))) == ["metadata.labels"]
    assert fields(created(replace(GOOD, annotations={"a b": "c"}))) == ["metadata.annotations"]
    big = replace(GOOD, annotations={"a": "x" * 256 * 1024})
    assert created(big) == [too_long("metadata.annotations", 256 * 1024)]


def test_an_owner_reference_is_complete() -> None:
    owner = OwnerReference(api_version="v1", kind="Pod")
    assert created(replace(GOOD, owner_references=(owner,))) == [
        invalid("metadata.ownerReferences.name", "", "must not be empty"),
        invalid("metadata.ownerReferences.uid", "", "must not be empty"),
    ]


def test_an_event_cannot_be_an_owner() -> None:
    owner = OwnerReference(api_version="v1", kind="Event", name="e", uid="u")
    disallowed = "/v1, Kind=Event is disallowed from being an owner"
    assert created(replace(GOOD, owner_references=(owner,))) == [invalid("metadata.ownerReferences", owner, disallowed)]


def test_only_one_owner_is_the_controller() -> None:
    other = OwnerReference(api_version="v1", kind="Pod", name="p", uid="q", controller=True)
    (error,) = created(replace(GOOD, owner_references=(*GOOD.owner_references, other)))
    assert error.message.endswith(
        'Only one reference can have Controller set to true. Found "true" in references for ReplicaSet/web and Pod/p'
    )


def test_finalizers_are_qualified_names_and_do_not_conflict() -> None:
    assert fields(created(replace(GOOD, finalizers=("a b",)))) == ["metadata.finalizers"]
    both = replace(GOOD, finalizers=("orphan", "foregroundDeletion"))
    assert fields(created(both)) == ["metadata.finalizers"]


def test_the_identity_of_an_object_is_immutable() -> None:
    other = replace(
        GOOD,
        name="b",
        namespace="other",
        uid="v",
        creation_timestamp=None,
        deletion_timestamp="2026-01-02T03:04:05Z",
        deletion_grace_period_seconds=30,
    )
    errors = updated(other)
    assert fields(errors) == [
        "metadata.name",
        "metadata.namespace",
        "metadata.uid",
        "metadata.creationTimestamp",
        "metadata.deletionTimestamp",
        "metadata.deletionGracePeriodSeconds",
    ]
    assert errors[2] == invalid("metadata.uid", "v", "field is immutable")


def test_an_update_needs_a_resource_version_and_a_generation_that_does_not_decrease() -> None:
    version = invalid("metadata.resourceVersion", "", "must be specified for an update")
    assert updated(replace(GOOD, resource_version="")) == [version]
    assert updated(replace(GOOD, generation=0)) == [invalid("metadata.generation", 0, "must not be decremented")]
    assert "metadata.generation" in fields(updated(replace(GOOD, generation=-1)))


def test_an_object_marked_for_deletion_gets_no_new_finalizers() -> None:
    dying = replace(GOOD, deletion_timestamp="2026-01-02T03:04:05Z")
    more = replace(dying, finalizers=("example.com/more", "example.com/keep", "example.com/also"))
    added = '[]string{"example.com/also", "example.com/more"}'
    rule = "no new finalizers can be added if the object is being deleted"
    assert updated(more, dying) == [forbidden("metadata.finalizers", f"{rule}, found new finalizers {added}")]
    assert updated(replace(dying, finalizers=()), dying) == []


def test_managed_fields_are_well_formed() -> None:
    entries = (
        ManagedFieldsEntry(operation="Apply", fields_type="FieldsV1", manager="kubectl"),
        ManagedFieldsEntry(manager="a\nb", fields_type="FieldsV2"),
        ManagedFieldsEntry(operation="Guess", manager="m" * 129, subresource="s" * 257),
    )
    errors = created(replace(GOOD, managed_fields=entries))
    assert fields(errors) == [
        "metadata.managedFields[1].operation",
        "metadata.managedFields[1].fieldsType",
        "metadata.managedFields[1].manager",
        "metadata.managedFields[2].operation",
        "metadata.managedFields[2].manager",
        "metadata.managedFields[2].subresource",
    ]
    assert errors[2].message == 'Invalid value: "a\\nb": invalid character U+000A (at position 1)'
