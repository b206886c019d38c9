"""Field sets, and the effect of writes on ownership."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubeactors.api.apps.v1 import Deployment
from kubeactors.api.core.v1 import Pod, Service
from kubeactors.apimachinery.managedfields import (
    APPLY,
    UPDATE,
    ConflictsError,
    Managed,
    Owner,
    apply,
    schema_of,
    update,
)
from kubeactors.apimachinery.managedfields.compare import compare
from kubeactors.apimachinery.managedfields.elements import shown
from kubeactors.apimachinery.managedfields.fieldset import (
    FieldSet,
    difference,
    from_fields,
    intersection,
    paths,
    to_fields,
    union,
)
from kubeactors.apimachinery.managedfields.merge import merge
from kubeactors.apimachinery.managedfields.remove import remove
from kubeactors.apimachinery.managedfields.schema import Node
from kubeactors.apimachinery.managedfields.updater import Write
from kubeactors.apimachinery.managedfields.validate import MisfitError, check
from kubeactors.apimachinery.managedfields.walks import fields_of

POD = schema_of(Pod)
CONTAINERS = POD.child("spec").child("containers")


def pod(*containers: Mapping[str, object], **spec: object) -> dict[str, object]:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {"containers": [*containers], **spec}}


def write(manager: str, operation: str = APPLY, node: Node = POD) -> Write:
    owner = Owner(manager, operation, "" if operation == APPLY else "v1")
    return Write(node=node, owner=owner, api_version="v1", time="now")


def owned(managed: Managed) -> dict[str, object]:
    return {owner.manager: to_fields(one.fields) for owner, one in managed.items()}


@pytest.mark.parametrize(
    ("node", "atomic", "keys"),
    [
        (CONTAINERS, False, ("name",)),
        (CONTAINERS.element and CONTAINERS.element.child("ports"), False, ("containerPort", "protocol")),
        (CONTAINERS.element and CONTAINERS.element.child("command"), True, ()),
        (POD.child("metadata").child("finalizers"), False, ()),
        (POD.child("spec").child("nodeSelector"), True, ()),
        (POD.child("spec").child("tolerations"), True, ()),
        (schema_of(Deployment).child("spec").child("selector"), True, ()),
        (schema_of(Service).child("spec").child("ports"), False, ("port", "protocol")),
    ],
)
def test_the_annotations_of_structs_make_their_schema(node: Node, *, atomic: bool, keys: tuple[str, ...]) -> None:
    assert (node.atomic, node.keys) == (atomic, keys)


def test_the_fields_of_a_value_are_its_leaves_and_items() -> None:
    value = pod({"name": "c", "ports": [{"containerPort": 80}], "command": ["x"], "resources": {}})
    assert to_fields(fields_of(value["spec"], POD.child("spec"))) == {
        "f:containers": {
            'k:{"name":"c"}': {
                ".": {},
                "f:command": {},
                "f:name": {},
                "f:ports": {'k:{"containerPort":80,"protocol":"TCP"}': {".": {}, "f:containerPort": {}}},
                "f:resources": {},
            }
        }
    }


def test_a_merge_keeps_other_fields_and_the_order_of_the_configuration() -> None:
    live = pod({"name": "a", "image": "1"}, {"name": "b"}, {"name": "c"})
    config = pod({"name": "c", "image": "2"}, {"name": "d"}, {"name": "a", "tty": True})
    assert merge(live, config, POD) == pod(
        {"name": "b"}, {"name": "c", "image": "2"}, {"name": "d"}, {"name": "a", "image": "1", "tty": True}
    )


def test_omitted_fields_are_removed_unless_others_own_them() -> None:
    first = pod({"name": "c", "image": "1", "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]})
    live, managed = apply({}, first, {}, write("one"), force=False)
    assert live == first
    second = pod({"name": "c", "env": [{"name": "B", "value": "2"}]})
    live, managed = apply(first, second, managed, write("two"), force=False)
    assert live is None
    live, managed = apply(first, pod({"name": "c"}), managed, write("one"), force=False)
    assert live == pod({"name": "c", "env": [{"name": "B", "value": "2"}]})
    assert owned(managed) == {
        "one": {"f:spec": {"f:containers": {'k:{"name":"c"}': {".": {}, "f:name": {}}}}},
        "two": {
            "f:spec": {
                "f:containers": {
                    'k:{"name":"c"}': {
                        ".": {},
                        "f:env": {'k:{"name":"B"}': {".": {}, "f:name": {}, "f:value": {}}},
                        "f:name": {},
                    }
                }
            }
        },
    }


def test_a_conflict_names_the_owner_and_the_field_and_force_takes_over() -> None:
    live = pod({"name": "c", "image": "1"})
    managed = update(pod(), live, {}, write("editor", UPDATE))
    with pytest.raises(ConflictsError) as caught:
        apply(live, pod({"name": "c", "image": "2"}), managed, write("one"), force=False)
    assert [(one.owner.manager, one.field) for one in caught.value.conflicts] == [
        ("editor", '.spec.containers[name="c"].image')
    ]
    made, managed = apply(live, pod({"name": "c", "image": "2"}), managed, write("one"), force=True)
    assert made == pod({"name": "c", "image": "2"})
    assert owned(managed)["editor"] == {"f:spec": {"f:containers": {'k:{"name":"c"}': {".": {}, "f:name": {}}}}}


def test_too_many_update_entries_are_merged() -> None:
    live, managed = pod(), Managed()
    for number in range(14):
        new = pod({"name": f"c{number}"})
        managed = update(live, {**new, "status": {"message": str(number)}}, managed, write(f"m{number:02}", UPDATE))
        live = new
    assert len(managed) <= 10


MISFITS: list[tuple[object, str]] = [
    (pod(hue="blue"), ".spec.hue: field not declared in schema"),
    (
        pod({"name": "c", "image": 1}),
        '.spec.containers[name="c"].image: expected string, got &value.valueUnstructured{Value:1}',
    ),
    (pod({"name": "c", "tty": "yes"}), '.spec.containers[name="c"].tty: expected boolean, got &{yes}'),
    (pod(priority="1"), ".spec.priority: expected numeric (int or float), got string"),
    (pod({"name": "c"}, {"name": "c"}), '.spec.containers: duplicate entries for key [name="c"]'),
    ({"spec": []}, ".spec: expected map, got &{[]}"),
    (
        {"metadata": {"finalizers": [{}]}},
        ".metadata.finalizers: element 0: associative list without keys has an element that's a map type",
    ),
]


@pytest.mark.parametrize(("value", "said"), MISFITS)
def test_a_configuration_must_match_its_schema(value: object, said: str) -> None:
    with pytest.raises(MisfitError) as caught:
        check(value, POD)
    assert str(caught.value) == said


def test_paths_in_messages_are_readable() -> None:
    tree = from_fields({"f:a": {'k:{"b":"c","p":80}': {".": {}}, 'v:"x"': {}}})
    assert ["".join(map(shown, path)) for path in paths(tree)] == ['.a[b="c",p=80]', '.a[="x"]']


def _clean(tree: FieldSet, *, top: bool = True) -> FieldSet:
    """Remove empty branches, and the member mark at the root."""
    made: FieldSet = {}
    for element, below in tree.items():
        if element == ".":
            if not top:
                made["."] = {}
        elif inner := _clean(below, top=False):
            made[element] = inner
    return made


NAMES = ["f:a", "f:b", "."]
BRANCHES: st.SearchStrategy[FieldSet] = st.recursive(
    st.builds(dict[str, FieldSet]),
    lambda inner: st.dictionaries(st.sampled_from(NAMES), inner, max_size=3),
    max_leaves=8,
)
TREES = BRANCHES.map(lambda one: _clean(one))  # noqa: PLW0108 - the function has another parameter


@given(TREES, TREES)
def test_sets_are_sets(one: FieldSet, other: FieldSet) -> None:
    left, right = set(paths(one)), set(paths(other))
    assert set(paths(union(one, other))) == left | right
    assert set(paths(difference(one, other))) == left - right
    assert set(paths(intersection(one, other))) == left & right
    assert from_fields(to_fields(one)) == one


VALUES = st.dictionaries(st.sampled_from("abc"), st.sampled_from("xyz"), max_size=3)


@given(VALUES, VALUES)
def test_removing_what_was_added_and_merging_what_was_changed_leads_from_one_to_the_other(
    old: dict[str, object], new: dict[str, object]
) -> None:
    labels = POD.child("metadata").child("labels")
    found = compare(old, new, labels)
    assert merge(remove(old, found.removed, labels) or {}, new, labels) == new
    assert set(paths(union(found.added, found.modified))) == {(f"f:{key}",) for key in new if old.get(key) != new[key]}
