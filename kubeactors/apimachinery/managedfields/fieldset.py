"""Sets of fields, as trees of path elements; `.` marks a member of the set.

Trees are immutable, except for `insert` while they are built.

Source: structured-merge-diff/fieldpath/{set,serialize}.go (v1.36).
"""

from collections.abc import Iterator
from typing import TypeAlias, cast

from kubeactors.apimachinery.managedfields.elements import field
from kubeactors.apimachinery.managedfields.schema import LIST, MAP, Node

FieldSet: TypeAlias = "dict[str, FieldSet]"
Path: TypeAlias = tuple[str, ...]

SELF = "."
_HERE: FieldSet = {SELF: {}}


def of_paths(*paths: Path) -> FieldSet:
    """The set of these fields.

    >>> of_paths(("f:a",), ("f:a", "f:b"))
    {'f:a': {'.': {}, 'f:b': {'.': {}}}}
    """
    made: FieldSet = {}
    for path in paths:
        insert(made, path)
    return made


def insert(tree: FieldSet, path: Path) -> None:
    """Add a field to a set under construction."""
    for element in path:
        tree = tree.setdefault(element, {})
    tree[SELF] = {}


def has(tree: FieldSet, path: Path) -> bool:
    """Whether a field is in the set."""
    found: FieldSet | None = tree
    for element in path:
        found = found.get(element) if found is not None else None
    return found is not None and SELF in found


def union(one: FieldSet, other: FieldSet) -> FieldSet:
    """The union.

    >>> union(of_paths(("f:a",)), of_paths(("f:a", "f:b")))
    {'f:a': {'.': {}, 'f:b': {'.': {}}}}
    """
    if not one or not other:
        return one or other
    made = dict(one)
    for element, below in other.items():
        made[element] = union(made[element], below) if element in made else below
    return made


def difference(one: FieldSet, other: FieldSet) -> FieldSet:
    """The fields of the first set that are not in the second; fields below a removed one stay.

    The first set itself is returned if nothing is removed.

    >>> difference(of_paths(("f:a",), ("f:a", "f:b")), of_paths(("f:a",)))
    {'f:a': {'f:b': {'.': {}}}}
    """
    made: FieldSet = {}
    loses = False
    for element, below in one.items():
        there = other.get(element)
        if there is None:
            made[element] = below
            continue
        left = difference(below, there) if element != SELF else {}
        loses = loses or left is not below
        if left:
            made[element] = left
    return made if loses else one


def intersection(one: FieldSet, other: FieldSet) -> FieldSet:
    """The intersection."""
    made: FieldSet = {}
    for element, below in one.items():
        there = other.get(element)
        if there is None:
            continue
        if element == SELF:
            made[element] = below
        elif shared := intersection(below, there):
            made[element] = shared
    return made


def without(one: FieldSet, excluded: FieldSet) -> FieldSet:
    """The fields that are neither in the other set nor below one of its members."""
    made: FieldSet = {}
    for element, below in one.items():
        there = excluded.get(element)
        if there is None or element == SELF:
            made[element] = below
        elif SELF not in there and (left := without(below, there)):
            made[element] = left
    return made


def with_named(tree: FieldSet, node: Node) -> FieldSet:
    """The set, including the structs of which it has fields. Maps and list items are not added."""
    made: FieldSet = {}
    for element, below in tree.items():
        if element == SELF:
            made[element] = below
            continue
        name = element[2:] if element.startswith("f:") else ""
        inner = with_named(below, _below(element, node))
        is_named = bool(name) and node.kind == MAP and name in node.fields
        made[element] = {**_HERE, **inner} if is_named and inner else inner
    return made


def _below(element: str, node: Node) -> Node:
    if element.startswith("f:") and node.kind == MAP:
        return node.child(element[2:])
    if element.startswith("k:") and node.kind == LIST and node.element is not None:
        return node.element
    return _NOWHERE


_NOWHERE = Node("scalar")


def paths(tree: FieldSet, above: Path = ()) -> Iterator[Path]:
    """All fields of the set, in order: leaves come before fields with others below."""
    if SELF in tree:
        yield above
    within = [element for element in sorted(tree) if element != SELF]
    for element in within:
        if SELF in tree[element]:
            yield (*above, element)
    for element in within:
        below = {name: one for name, one in tree[element].items() if name != SELF}
        if below:
            yield from paths(below, (*above, element))


def to_fields(tree: FieldSet) -> dict[str, object]:
    """The set as `fieldsV1`: a leaf is empty.

    >>> to_fields(of_paths(("f:a",), ("f:a", "f:b")))
    {'f:a': {'.': {}, 'f:b': {}}}
    """
    return {
        element: {} if element == SELF or below == _HERE else to_fields(below)
        for element, below in sorted(tree.items())
    }


def from_fields(fields: dict[str, object]) -> FieldSet:
    """The set in `fieldsV1`.

    Raises:
        ValueError: it is malformed.
    """
    made: FieldSet = {}
    for element, below in fields.items():
        if not isinstance(below, dict):
            raise ValueError(f"not a set of fields: {element}")  # noqa: TRY004 -- the value comes from a document
        inner = cast("dict[str, object]", below)
        if element == SELF:
            made[SELF] = {}
        elif element[:2] not in ("f:", "k:", "v:", "i:"):
            raise ValueError(f"not an element of a path: {element}")
        else:
            made[element] = from_fields(inner) if inner else dict(_HERE)
    return made


def named(*names: str) -> Path:
    """The path of nested fields.

    >>> named("spec", "replicas")
    ('f:spec', 'f:replicas')
    """
    return tuple(map(field, names))
