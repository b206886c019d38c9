"""The difference of two values: fields removed, changed and added.

Source: structured-merge-diff/typed/compare.go (v1.36).
"""

from collections.abc import Iterator
from typing import TypeGuard

from kubeactors.apimachinery.managedfields.elements import field, item_of
from kubeactors.apimachinery.managedfields.fieldset import FieldSet, Path, insert, without
from kubeactors.apimachinery.managedfields.schema import LIST, SCALAR, Node

Map = dict[str, object]
List = list[object]


class _Missing:
    """A placeholder for an absent value."""


MISSING = _Missing()


class Comparison:
    """The fields that were removed, changed and added."""

    def __init__(self) -> None:
        self.removed: FieldSet = {}
        self.modified: FieldSet = {}
        self.added: FieldSet = {}

    def excluding(self, ignored: FieldSet) -> "Comparison":
        """The same without these fields and all below them."""
        made = Comparison()
        made.removed = without(self.removed, ignored)
        made.modified = without(self.modified, ignored)
        made.added = without(self.added, ignored)
        return made


def compare(old: object, new: object, node: Node) -> Comparison:
    """The difference of two values.

    >>> found = compare({"a": "1", "b": "2"}, {"a": "3", "c": "4"}, Node("map"))
    >>> sorted(found.removed), sorted(found.modified), sorted(found.added)
    (['f:b'], ['f:a'], ['f:c'])
    """
    found = Comparison()
    _compare(old, new, node, (), found)
    return found


def same(one: object, other: object) -> bool:
    """Equality of JSON values: `true` is not 1."""
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def _compare(old: object, new: object, node: Node, path: Path, found: Comparison) -> None:
    if old is not MISSING and new is not MISSING and same(old, new):
        return
    node = node.given(new if old is MISSING else old).given(old if new is MISSING else new)
    if node.kind == SCALAR or node.atomic or (_is_empty(old) and _is_empty(new)):
        _leaf(old, new, path, found)
        return
    pairs = _items(old, new, node, path, found) if node.kind == LIST else _members(old, new, node)
    for element, was, now, below in pairs:
        _compare(was, now, below, (*path, element), found)
    if old is MISSING:
        insert(found.added, path)
    elif new is MISSING:
        insert(found.removed, path)


def _leaf(old: object, new: object, path: Path, found: Comparison) -> None:
    into = found.added if old is MISSING else found.removed if new is MISSING else found.modified
    insert(into, path)


_Pairs = Iterator[tuple[str, object, object, Node]]


def _members(old: object, new: object, node: Node) -> _Pairs:
    was: Map = old if _is_map(old) else {}
    now: Map = new if _is_map(new) else {}
    for name, value in was.items():
        yield field(name), value, now.get(name, MISSING), node.child(name)
    for name, value in now.items():
        if name not in was:
            yield field(name), MISSING, value, node.child(name)


def _items(old: object, new: object, node: Node, path: Path, found: Comparison) -> _Pairs:
    """Items by their elements. If an element occurs more than once on a side, only the element itself is compared."""
    assert node.element is not None, "lists that are not atomic have a type of items"
    was, now = _by_element(old, node), _by_element(new, node)
    for element in dict.fromkeys((*was, *now)):
        left, right = was.get(element, []), now.get(element, [])
        if len(left) <= 1 and len(right) <= 1:
            yield element, left[0] if left else MISSING, right[0] if right else MISSING, node.element
        elif len(left) >= 2 and len(right) >= 2:
            if left != right:
                insert(found.modified, (*path, element))
        else:
            insert(found.removed if len(left) >= 2 else found.added, (*path, element))


def _by_element(value: object, node: Node) -> dict[str, List]:
    made: dict[str, List] = {}
    if _is_list(value):
        for item in value:
            made.setdefault(item_of(node, item), []).append(item)
    return made


def _is_empty(value: object) -> bool:
    return value is MISSING or value is None or value in ({}, [])


def _is_map(value: object) -> TypeGuard[Map]:
    return isinstance(value, dict)


def _is_list(value: object) -> TypeGuard[List]:
    return isinstance(value, list)
