"""Strategic merge patch: lists that are maps or sets, and every directive."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.apimachinery.patches import BadPatchError, PatchError, UnprocessablePatchError, strategic
from tests.apimachinery.things import Thing, ThingSpec

Map = dict[str, object]

C: Map = {
    "name": "c",
    "image": "nginx",
    "args": ["x", "y"],
    "ports": [{"number": 80, "name": "http"}, {"number": 443}],
}
D: Map = {"name": "d", "image": "busybox"}
SPEC: Map = {
    "replicas": 2,
    "selector": {"disk": "ssd", "zone": "z"},
    "words": ["one", "two"],
    "atoms": [{"name": "x"}, {"name": "y"}],
    "parts": [C, D],
}


def patched(patch: Map) -> Map:
    return strategic.merge(SPEC, patch, ThingSpec)


CASES: list[tuple[Map, Map]] = [
    ({}, {}),
    ({"replicas": 5}, {"replicas": 5}),
    ({"replicas": None, "paused": None}, {"replicas": None}),
    ({"selector": {"disk": None, "new": "key"}}, {"selector": {"zone": "z", "new": "key"}}),
    ({"selector": {"$patch": "replace", "only": "this"}}, {"selector": {"only": "this"}}),
    ({"selector": {"$patch": "delete"}}, {"selector": {}}),
    ({"selector": None}, {"selector": None}),
    ({"parts": [{"name": "c", "image": "other"}]}, {"parts": [{**C, "image": "other"}, D]}),
    ({"parts": [{"name": "n", "image": None}]}, {"parts": [{"name": "n", "image": None}, C, D]}),
    ({"parts": [{"name": "d", "$patch": "delete"}]}, {"parts": [C]}),
    ({"parts": [{"name": "zzz", "$patch": "delete"}]}, {}),
    ({"parts": [{"$patch": "replace"}, {"name": "n"}]}, {"parts": [{"name": "n"}]}),
    ({"parts": [{"name": "d"}, {"name": "c"}]}, {"parts": [D, C]}),
    ({"parts": [{"name": "c", "args": ["z"]}]}, {"parts": [{**C, "args": ["z"]}, D]}),
    ({"parts": [{"name": "c", "args": None}]}, {"parts": [{k: v for k, v in C.items() if k != "args"}, D]}),
    (
        {"parts": [{"name": "c", "ports": [{"number": 80, "name": "web"}, {"number": 8080}]}]},
        {"parts": [{**C, "ports": [{"number": 80, "name": "web"}, {"number": 8080}, {"number": 443}]}, D]},
    ),
    (
        {"parts": [{"name": "c", "ports": [{"number": 80, "$patch": "delete"}]}]},
        {"parts": [{**C, "ports": [{"number": 443}]}, D]},
    ),
    (
        {"parts": [{"name": "c", "$retainKeys": ["name", "image"], "image": "i"}]},
        {"parts": [{"name": "c", "image": "i"}, D]},
    ),
    ({"atoms": [{"name": "z"}]}, {"atoms": [{"name": "z"}]}),
    ({"words": ["three"]}, {"words": ["three", "one", "two"]}),
    ({"$deleteFromPrimitiveList/words": ["one", "four"]}, {"words": ["two"]}),
    ({"$deleteFromPrimitiveList/words": "one"}, {}),
    ({"$deleteFromPrimitiveList/args": ["one"]}, {}),
    ({"$setElementOrder/words": ["two", "three", "one"], "words": ["three"]}, {"words": ["two", "three", "one"]}),
    ({"$setElementOrder/words": ["two", "one"]}, {"words": ["two", "one"]}),
    ({"$setElementOrder/parts": [{"name": "d"}, {"name": "c"}]}, {"parts": [D, C]}),
    (
        {
            "$setElementOrder/parts": [{"name": "d"}, {"name": "n"}],
            "parts": [{"name": "n"}, {"name": "c", "$patch": "delete"}],
        },
        {"parts": [D, {"name": "n"}]},
    ),
    ({"raw": {"a": None, "b": [{"$patch": "delete"}, {"c": None}]}}, {"raw": {"b": [{}]}}),
]
"""Patches, and the fields that they change; None for those that they remove."""


@pytest.mark.parametrize(("patch", "changed"), CASES)
def test_a_patch_changes_what_it_says(patch: Map, changed: Map) -> None:
    wanted = {key: value for key, value in {**SPEC, **changed}.items() if value is not None}
    assert patched(patch) == wanted


@pytest.mark.parametrize(
    ("patch", "error", "message"),
    [
        ({"parts": [{"image": "x"}]}, PatchError, "map: map[image:x] does not contain declared merge key: name"),
        (
            {"parts": [{"$patch": "delete"}]},
            PatchError,
            "map: map[$patch:delete] does not contain declared merge key: name",
        ),
        (
            {"parts": [{"name": "c", "$patch": "merge"}]},
            PatchError,
            "merging lists cannot yet be specified in the patch",
        ),
        ({"parts": [{"name": "c", "$patch": "x"}]}, PatchError, "unknown patch type: x in map: map[$patch:x name:c]"),
        ({"selector": {"$patch": "merge"}}, PatchError, "unknown patch type: merge in map: map[$patch:merge]"),
        ({"parts": ["c"]}, PatchError, None),
        ({"words": [["a"], ["b"]]}, PatchError, None),
        ({"$retainKeys": "replicas"}, BadPatchError, "invalid patch format of retainKeys"),
        ({"$retainKeys": ["replicas"], "paused": True}, BadPatchError, "invalid patch format of retainKeys"),
        ({"$deleteFromPrimitiveList": ["one"]}, BadPatchError, "invalid patch format of primitive list"),
        ({"$setElementOrder": ["one"]}, BadPatchError, "invalid patch format of setElementOrder list"),
        ({"$setElementOrder/words": "one"}, PatchError, "expected a []interface {}, but received a string"),
        (
            {"$setElementOrder/wrods": ["one"]},
            PatchError,
            'unable to find api field in struct ThingSpec for the json field "wrods"',
        ),
        (
            {"$setElementOrder/words": ["one"], "words": ["one", "two"]},
            PatchError,
            "The order in patch list:\n[one two]\n doesn't match $setElementOrder list:\n[one]\n",
        ),
    ],
)
def test_a_malformed_patch_is_rejected_with_the_message_of_kubernetes(
    patch: Map, error: type[PatchError], message: str | None
) -> None:
    with pytest.raises(error) as caught:
        patched(patch)
    if message is not None:
        assert str(caught.value) == message


def test_lists_of_lists_are_rejected() -> None:
    with pytest.raises(UnprocessablePatchError, match=r"^lists of lists are not supported$"):
        strategic.merge({"words": [["a"]]}, {"words": [["b"]]}, ThingSpec)


def test_nested_maps_without_fields_are_rejected() -> None:
    before: Map = {"raw": {"a": {"b": 1}}}
    with pytest.raises(PatchError, match=r"^merging an object in json but data type is not struct, instead is: map$"):
        strategic.merge(before, {"raw": {"a": {"b": 2}}}, ThingSpec)


def test_a_new_item_is_added_without_its_directives() -> None:
    item = {"name": "n", "ports": [{"number": 1, "$patch": "delete"}, {"number": 2, "name": None}]}
    assert strategic.merge({}, {"parts": [item]}, ThingSpec) == {"parts": [{"name": "n", "ports": [{"number": 2}]}]}


def test_owners_are_merged_by_uid() -> None:
    before: Map = {"ownerReferences": [{"uid": "a", "name": "x"}]}
    patch: Map = {"ownerReferences": [{"uid": "a", "controller": True}, {"uid": "b"}]}
    after: Map = {"ownerReferences": [{"uid": "a", "name": "x", "controller": True}, {"uid": "b"}]}
    assert strategic.merge(before, patch, ObjectMeta) == after


scalars = st.none() | st.booleans() | st.integers(0, 2) | st.sampled_from(["a", "b"])
ports = st.fixed_dictionaries({"number": st.integers(0, 3)}, optional={"name": st.sampled_from(["x", "y"]) | st.none()})
parts = st.fixed_dictionaries(
    {"name": st.sampled_from(["a", "b", "c"])},
    optional={
        "image": st.sampled_from(["i", "j"]) | st.none(),
        "ports": st.lists(ports, max_size=3),
        "$patch": st.sampled_from(["delete", "replace"]),
    },
)
patches = st.fixed_dictionaries(
    {},
    optional={
        "replicas": st.integers(0, 3) | st.none(),
        "selector": st.dictionaries(st.sampled_from(["k", "l"]), st.sampled_from(["1", "2"]) | st.none()),
        "parts": st.lists(parts, max_size=4),
        "words": st.lists(st.sampled_from(["one", "two", "three"]), max_size=3),
        "$deleteFromPrimitiveList/words": st.lists(st.sampled_from(["one", "two"]), max_size=2),
    },
)


@given(patches)
def test_neither_the_object_nor_the_patch_is_changed(patch: Map) -> None:
    before, wanted = copy.deepcopy(SPEC), copy.deepcopy(patch)
    patched(patch)
    assert before == SPEC
    assert wanted == patch


@given(patches)
def test_a_patch_without_deletions_of_scalars_is_idempotent(patch: Map) -> None:
    patch.pop("$deleteFromPrimitiveList/words", None)
    once = patched(patch)
    again = strategic.merge(once, patch, ThingSpec)
    assert {**again, "parts": None} == {**once, "parts": None}


@given(patches)
def test_no_directive_is_left_in_the_object(patch: Map) -> None:
    assert "$patch" not in str(patched(patch))
    assert strategic.merge({}, {"spec": patch}, Thing).get("spec", {}) is not None
