"""A value without some of its fields.

Source: structured-merge-diff/typed/remove.go (v1.36).
"""

from typing import cast

from kubeactors.apimachinery.managedfields.compare import List, Map
from kubeactors.apimachinery.managedfields.elements import field, item_of
from kubeactors.apimachinery.managedfields.fieldset import SELF, FieldSet
from kubeactors.apimachinery.managedfields.schema import LIST, MAP, Node


def remove(value: object, gone: FieldSet, node: Node) -> object:
    """The value without these fields; an emptied map or list becomes null. The argument is not changed.

    >>> remove({"a": "1", "b": "2"}, {"f:a": {".": {}}}, Node("map"))
    {'b': '2'}
    """
    if not gone or not value or node.atomic:
        return value
    if node.kind == LIST and isinstance(value, list):
        return _from_list(cast("List", value), gone, node) or None
    if node.kind == MAP and isinstance(value, dict):
        return _from_map(cast("Map", value), gone, node) or None
    return value


def _from_map(value: Map, gone: FieldSet, node: Node) -> Map:
    made: Map = {}
    for name, member in value.items():
        below = gone.get(field(name))
        if below is None:
            made[name] = member
        elif SELF not in below:
            made[name] = remove(member, below, node.child(name))
    return made


def _from_list(items: List, gone: FieldSet, node: Node) -> List:
    made: List = []
    assert node.element is not None, "lists that are not atomic have a type of items"
    for item in items:
        below = gone.get(item_of(node, item))
        if below is None:
            made.append(item)
        elif SELF not in below:
            made.append(remove(item, below, node.element))
    return made
