"""Schemas for field ownership: which values are atomic, and how list items are identified.

Built-in kinds have them in their Structs' annotations; others may build `Node`s.

Source: structured-merge-diff/schema, kube-openapi/pkg/schemaconv (v1.36).
"""

import types
from functools import cache
from typing import Annotated, Union, cast, get_args, get_origin

import msgspec

from kubeactors.apimachinery.meta import IntOrString, Object

SCALAR, MAP, LIST = "scalar", "map", "list"
STRING, NUMERIC, BOOLEAN, UNTYPED = "string", "numeric", "boolean", "untyped"


class Node:
    """A node of a schema.

    `kind` is scalar, map or list. `atomic`: it is owned as a whole. Maps have named `fields`, an `element` for all
    other keys, or both. Lists that are not atomic are sets of scalars, or of maps identified by their `keys`;
    `defaults` are the values of absent keys. `deduced`: without a schema, maps are maps and everything else is a leaf.
    """

    __slots__ = ("atomic", "deduced", "defaults", "element", "fields", "keys", "kind", "scalar")

    def __init__(self, kind: str, *, scalar: str = UNTYPED, atomic: bool = False) -> None:
        self.kind: str = kind
        self.scalar: str = scalar
        self.atomic: bool = atomic
        self.deduced: bool = False
        self.fields: dict[str, Node] = {}
        self.element: Node | None = None
        self.keys: tuple[str, ...] = ()
        self.defaults: dict[str, object] = {}

    def given(self, value: object) -> "Node":
        """The node of a value: without a schema, everything but a map is atomic."""
        return self if not self.deduced or isinstance(value, dict) else ANYTHING

    def child(self, name: str) -> "Node":
        """The node of a map's entry; an unknown one is a scalar."""
        found = self.fields.get(name)
        return found if found is not None else self.element or ANYTHING


ANYTHING = Node(SCALAR, atomic=True)
"""Opaque values."""


def _deduced() -> Node:
    made = Node(MAP)
    made.deduced = True
    made.element = made
    return made


DEDUCED = _deduced()
"""Values without a schema."""


_SCALARS: dict[object, str] = {str: STRING, bytes: STRING, int: NUMERIC, float: NUMERIC, bool: BOOLEAN}
_ANY_SCALAR = frozenset({"v1.Time", "v1.MicroTime", "resource.Quantity"})
_PROTOCOL = "TCP"
"""The default of the key `protocol` of ports."""


@cache
def schema_of(type_: type[msgspec.Struct]) -> Node:
    """The schema of a Struct.

    >>> from kubeactors.apimachinery.meta import ObjectMeta
    >>> finalizers = schema_of(ObjectMeta).child("finalizers")
    >>> finalizers.kind, finalizers.atomic, schema_of(ObjectMeta).child("ownerReferences").keys
    ('list', False, ('uid',))
    """
    return _struct(type_, granular=False)


_made: dict[tuple[type[msgspec.Struct], bool], Node] = {}


def _struct(type_: type[msgspec.Struct], *, granular: bool) -> Node:
    atomic = issubclass(type_, Object) and type_.atomic and not granular
    if (type_, atomic) in _made:  # even if incomplete: some types are recursive
        return _made[type_, atomic]
    made = _made[type_, atomic] = Node(MAP, atomic=atomic)
    for field in msgspec.structs.fields(type_):
        made.fields[field.encode_name] = _node(field.type, {})
    return made


def _node(hint: object, extra: dict[str, object]) -> Node:
    hint, extra = _bare(hint, extra)
    leaf = _leaf(hint, extra)
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return _struct(hint, granular=extra.get("structType") == "granular")
    origin = get_origin(hint)
    if origin is tuple:
        return _list(get_args(hint)[0], extra)
    if origin is dict:
        return _map(get_args(hint)[1], extra)
    return leaf


def _leaf(hint: object, extra: dict[str, object]) -> Node:
    if extra.get("go") in _ANY_SCALAR or hint not in _SCALARS:
        return Node(SCALAR) if _is_scalar(hint) else ANYTHING
    return Node(SCALAR, scalar=_SCALARS[hint])


def _map(value: object, extra: dict[str, object]) -> Node:
    if value is object:
        return ANYTHING
    made = Node(MAP, atomic=extra.get("mapType") == "atomic")
    made.element = _node(value, {})
    return made


def _list(item: object, extra: dict[str, object]) -> Node:
    keys, separable = _relation(extra)
    made = Node(LIST, atomic=not separable)
    made.element = _node(item, {})
    made.keys = keys
    bare = _bare(item, {})[0]
    if keys and isinstance(bare, type) and issubclass(bare, msgspec.Struct):
        made.defaults = _defaults(bare, keys)
    return made


def _relation(extra: dict[str, object]) -> tuple[tuple[str, ...], bool]:
    """The keys of a list's items, and whether the list is atomic."""
    if "listType" in extra:
        keys = cast("tuple[str, ...]", extra.get("listMapKeys", ()))
        return keys, extra["listType"] != "atomic"
    key = str(extra.get("patchMergeKey", ""))
    separable = str(extra.get("patchStrategy", "")).startswith("merge")
    return ((key,) if key and separable else ()), separable


def _defaults(item: type[msgspec.Struct], keys: tuple[str, ...]) -> dict[str, object]:
    """The defaults of keys: Go's zero value if they are always encoded, and TCP."""
    found: dict[str, object] = {}
    for field in msgspec.structs.fields(item):
        if field.encode_name not in keys:
            continue
        if field.encode_name == "protocol":
            found["protocol"] = _PROTOCOL
        elif field.default_factory is not msgspec.NODEFAULT:
            found[field.encode_name] = cast("object", field.default_factory())
        elif "default" in (extra := _bare(field.type, {})[1]):
            found[field.encode_name] = extra["default"]
    return found


def _is_scalar(hint: object) -> bool:
    """A string with a format, or IntOrString."""
    return hint in _SCALARS or hint == IntOrString


def _bare(hint: object, extra: dict[str, object]) -> tuple[object, dict[str, object]]:
    """A type without `Annotated` and `None`, and the extras of its annotations."""
    origin, arguments = get_origin(hint), cast("tuple[object, ...]", get_args(hint))
    if origin is Annotated:
        for one in arguments[1:]:
            if isinstance(one, msgspec.Meta) and one.extra:
                extra = {**extra, **one.extra}
        return _bare(arguments[0], extra)
    if origin in (Union, types.UnionType):
        others = [one for one in arguments if one is not types.NoneType]
        if len(others) == 1:
            return _bare(others[0], extra)
    return hint, extra
