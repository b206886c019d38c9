"""Patches as the API server applies them: bytes in, an object or an error out."""

import json

import pytest

from kubeactors.apimachinery import patches
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.apimachinery.patches import IGNORE, STRICT, Patched
from kubeactors.apimachinery.requests import APPLY_PATCH, JSON_PATCH, MERGE_PATCH, STRATEGIC_MERGE_PATCH
from kubeactors.apimachinery.status import StatusDetails, StatusError
from tests.apimachinery.things import Part, Thing, ThingSpec

THING = Thing(
    metadata=ObjectMeta(name="a", labels={"k": "v", "a/b": "c"}),
    spec=ThingSpec(replicas=2, words=("one", "two"), parts=(Part(name="p", image="x"),)),
)
REJECTED = "the server rejected our request due to an error in our request"


def apply(patch_type: str, patch: object, field_validation: str = "Warn") -> Patched[Thing]:
    return patches.apply(THING, patch_type, json.dumps(patch).encode(), field_validation)


def refused(patch_type: str, patch: object, field_validation: str = "Warn") -> StatusError:
    with pytest.raises(StatusError) as caught:
        apply(patch_type, patch, field_validation)
    return caught.value


def operation(op: str, path: str, **others: object) -> dict[str, object]:
    return {"op": op, "path": path, **others}


def test_each_type_of_patch_is_applied() -> None:
    labels = {"metadata": {"labels": {"k": None, "x": "y"}}, "spec": {"parts": [{"name": "q"}]}}
    merged = apply(MERGE_PATCH, labels).object
    assert merged.metadata.labels == {"a/b": "c", "x": "y"}
    assert merged.spec.parts == (Part(name="q"),)
    merged = apply(STRATEGIC_MERGE_PATCH, labels).object
    assert merged.metadata.labels == {"a/b": "c", "x": "y"}
    assert merged.spec.parts == (Part(name="q"), Part(name="p", image="x"))
    operations = [operation("remove", "/metadata/labels/a~1b"), operation("add", "/spec/words/-", value="three")]
    edited = apply(JSON_PATCH, operations).object
    assert edited.metadata.labels == {"k": "v"}
    assert edited.spec.words == ("one", "two", "three")


def test_an_empty_patch_changes_nothing() -> None:
    for patch_type, nothing in ((MERGE_PATCH, b"{}"), (STRATEGIC_MERGE_PATCH, b"{}"), (JSON_PATCH, b"[]")):
        assert patches.apply(THING, patch_type, nothing) == Patched(THING)


def test_the_patched_object_is_canonical() -> None:
    patch = {"spec": {"since": "2026-01-02T04:04:05+01:00", "parts": [{"name": "p", "limits": {"cpu": "1000m"}}]}}
    spec = apply(STRATEGIC_MERGE_PATCH, patch).object.spec
    assert spec.since == "2026-01-02T03:04:05Z"
    assert spec.parts == (Part(name="p", image="x", limits={"cpu": "1"}),)


@pytest.mark.parametrize(
    "operations",
    [
        [operation("test", "/spec/replicas", value=3)],
        [operation("test", "/spec/nosuch", value=7)],
        [operation("add", "/spec/raw/z/y", value=1)],
        [operation("remove", "/spec/words/3")],
        [operation("remove", "spec/words")],
        [operation("teleport", "/spec/words")],
        [{"op": "remove"}],
        [operation("replace", "/spec/paused", value=True)],
        [operation("copy", "/spec/raw", **{"from": "/spec/nosuch"})],
        [operation("move", "/spec/raw", **{"from": "/spec/nosuch"})],
    ],
)
def test_a_failed_operation_rejects_the_whole_json_patch(operations: list[dict[str, object]]) -> None:
    error = refused(JSON_PATCH, [operation("replace", "/spec/replicas", value=2), *operations])
    assert (error.status.code, error.status.reason, error.status.message) == (422, "Invalid", REJECTED)
    assert error.status.details == StatusDetails()


def test_a_json_patch_has_ten_thousand_operations_at_most() -> None:
    test = operation("test", "/spec/replicas", value=2)
    assert apply(JSON_PATCH, [test] * 10_000) == Patched(THING)
    error = refused(JSON_PATCH, [test] * 10_001)
    assert error.status.code == 413
    assert error.status.message == "The allowed maximum operations in a JSON patch is 10000, got 10001"


def test_copies_cannot_fill_the_memory() -> None:
    doubling = [operation("copy", f"/spec/raw/{n}", **{"from": "/spec"}) for n in range(100)]
    assert refused(JSON_PATCH, [operation("add", "/spec/raw", value={}), *doubling]).status.code == 422


@pytest.mark.parametrize(
    ("patch_type", "patch", "message"),
    [
        (MERGE_PATCH, b"{", "error decoding patch: unexpected end of JSON input"),
        (
            MERGE_PATCH,
            b"[]",
            "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}",
        ),
        (STRATEGIC_MERGE_PATCH, b'"x"', "json: cannot unmarshal string into Go value of type map[string]interface {}"),
        (
            JSON_PATCH,
            b"{}",
            "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp",
        ),
        (STRATEGIC_MERGE_PATCH, b'{"$retainKeys":1}', "invalid patch format of retainKeys"),
    ],
)
def test_a_malformed_patch_is_a_bad_request(patch_type: str, patch: bytes, message: str) -> None:
    with pytest.raises(StatusError) as caught:
        patches.apply(THING, patch_type, patch)
    assert (caught.value.status.code, caught.value.status.message) == (400, message)


def test_a_strategic_patch_without_its_merge_key_is_an_internal_error_as_in_kubernetes() -> None:
    error = refused(STRATEGIC_MERGE_PATCH, {"spec": {"parts": [{"image": "y"}]}})
    assert (error.status.code, error.status.reason) == (500, "")
    assert error.status.message == "map: map[image:y] does not contain declared merge key: name"


@pytest.mark.parametrize("patch_type", [MERGE_PATCH, STRATEGIC_MERGE_PATCH])
def test_a_patch_to_a_value_of_another_type_is_invalid(patch_type: str) -> None:
    error = refused(patch_type, {"spec": {"replicas": "many"}})
    assert error.status.code == 422
    assert error.status.details is not None
    (cause,) = error.status.details.causes
    assert cause.field == "patch"
    assert cause.message.endswith(
        "json: cannot unmarshal string into Go struct field ThingSpec.spec.replicas of type int32"
    )


@pytest.mark.parametrize("patch_type", [MERGE_PATCH, STRATEGIC_MERGE_PATCH])
def test_a_number_that_is_too_large_is_invalid(patch_type: str) -> None:
    error = refused(patch_type, {"spec": {"replicas": 3_000_000_000}})
    assert "cannot unmarshal number 3000000000 into Go struct field" in error.status.message
    assert (
        apply(patch_type, {"spec": {"terminationGracePeriodSeconds": 3_000_000_000}}).object.spec.grace == 3_000_000_000
    )


def test_a_patch_cannot_change_the_kind() -> None:
    assert refused(MERGE_PATCH, {"kind": "Other"}).status.code == 422
    assert refused(JSON_PATCH, [operation("replace", "/apiVersion", value="v2")]).status.code == 422
    assert refused(JSON_PATCH, [operation("replace", "", value=[])]).status.code == 422


def test_unknown_fields_are_ignored_or_give_warnings_or_errors() -> None:
    patch = {"spec": {"x": 1, "parts": [{"name": "p", "y": 2}]}}
    unknown = ('unknown field "spec.parts[0].y"', 'unknown field "spec.x"')
    assert apply(STRATEGIC_MERGE_PATCH, patch, IGNORE) == Patched(THING)
    assert tuple(sorted(apply(STRATEGIC_MERGE_PATCH, patch).warnings)) == unknown
    error = refused(STRATEGIC_MERGE_PATCH, patch, STRICT)
    assert error.status.code == 422
    assert "strict decoding error: " in error.status.message


def test_duplicate_fields_of_a_patch_are_reported() -> None:
    found = patches.apply(THING, MERGE_PATCH, b'{"spec":{"replicas":3,"replicas":4}}')
    assert found.object.spec.replicas == 4
    assert found.warnings == ('duplicate field "spec.replicas"',)


def test_unknown_fields_of_operations_are_reported() -> None:
    found = apply(JSON_PATCH, [operation("test", "/spec/replicas", value=2, why="so")])
    assert found == Patched(THING, ('json patch unknown field "[0].why"',))


def test_a_directive_where_the_list_is_atomic_is_an_unknown_field() -> None:
    found = apply(STRATEGIC_MERGE_PATCH, {"spec": {"atoms": [{"name": "x", "$patch": "delete"}]}})
    assert found.object.spec.atoms == ()
    again = patches.apply(found.object, STRATEGIC_MERGE_PATCH, b'{"spec":{"atoms":[{"name":"x"}]}}')
    third = patches.apply(again.object, STRATEGIC_MERGE_PATCH, b'{"spec":{"atoms":[{"name":"x","$patch":"delete"}]}}')
    assert third.object.spec.atoms == (Part(name="x"),)
    assert third.warnings == ('unknown field "spec.atoms[0].$patch"',)


def test_other_media_types_are_not_supported() -> None:
    error = refused(APPLY_PATCH, {})
    assert (error.status.code, error.status.message) == (415, "415: Unsupported Media Type")
