"""The fields of a value.

Source: structured-merge-diff/typed/tofieldset.go (v1.36).
"""

from typing import cast

from kubeactors.apimachinery.managedfields.elements import field, item_of
from kubeactors.apimachinery.managedfields.fieldset import SELF, FieldSet
from kubeactors.apimachinery.managedfields.schema import LIST, MAP, SCALAR, Node

Map = dict[str, object]
List = list[object]


def fields_of(value: object, node: Node) -> FieldSet:
    """The leaves of a value, and the list items and map entries that are fields by themselves.

    >>> labels = Node("map")
    >>> fields_of({"a": "b"}, labels)
    {'f:a': {'.': {}}}
    """
    node = node.given(value)
    if node.kind == SCALAR or node.atomic:
        return {SELF: {}}
    if node.kind == MAP and isinstance(value, dict):
        return _of_map(cast("Map", value), node)
    if node.kind == LIST and isinstance(value, list):
        return _of_list(cast("List", value), node)
    return {}


def _of_map(value: Map, node: Node) -> FieldSet:
    made: FieldSet = {}
    for name, member in value.items():
        below = fields_of(member, node.child(name))
        if member is None or member == {} or name not in node.fields:
            below = {SELF: {}, **below}
        if below:
            made[field(name)] = below
    return made


def _of_list(items: List, node: Node) -> FieldSet:
    made: FieldSet = {}
    repeated: dict[str, None] = {}
    assert node.element is not None, "lists that are not atomic have a type of items"
    for item in items:
        element = item_of(node, item)
        if element in made:
            repeated[element] = None
        made[element] = {SELF: {}, **fields_of(item, node.element)}
    for element in repeated:
        made[element] = {SELF: {}}
    return made
