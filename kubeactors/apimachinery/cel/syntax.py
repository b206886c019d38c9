"""Syntax trees, decoded from checked expressions of the library. Macros are loops.

Source: google/cel-spec, proto/cel/expr/{syntax,checked}.proto (v0.24).
"""

from collections.abc import Iterator
from typing import TypeAlias

import msgspec

from kubeactors.apimachinery.wire import Value, fields, signed

Constant: TypeAlias = bool | int | float | str | bytes | None


class Literal(msgspec.Struct, frozen=True):
    """A constant."""

    value: Constant


class Name(msgspec.Struct, frozen=True):
    """A variable, or a variable of a macro."""

    name: str


class Select(msgspec.Struct, frozen=True):
    """A field selection; with `is_test` a presence test."""

    operand: "Node"
    field: str
    is_test: bool


class Call(msgspec.Struct, frozen=True):
    """A call of a function or an operator (`_+_`); with a target if it is a method."""

    function: str
    target: "Node | None"
    arguments: "tuple[Node, ...]"


class ListOf(msgspec.Struct, frozen=True):
    """A list literal."""

    items: "tuple[Node, ...]"


class MapOf(msgspec.Struct, frozen=True):
    """A map literal, or an object literal: then the keys are the names of its fields."""

    entries: "tuple[tuple[Node, Node], ...]"


class Loop(msgspec.Struct, frozen=True, kw_only=True):
    """A macro over a list or the keys of a map; with `second`, over keys or indices, and values."""

    variable: str
    second: str
    over: "Node"
    result_name: str
    first_result: "Node"
    condition: "Node"
    step: "Node"
    result: "Node"


Node: TypeAlias = Literal | Name | Select | Call | ListOf | MapOf | Loop

_CHECKED_EXPRESSION, _OF_ANY = 4, 2


def read(serialized: bytes) -> Node:
    """The tree of a serialized checked expression.

    Raises:
        ProtobufError: the bytes are not one.
    """
    checked = dict(fields(serialized))[_OF_ANY]
    return _node(_bytes(dict(fields(_bytes(checked)))[_CHECKED_EXPRESSION]))


def _node(data: bytes) -> Node:
    for number, value in fields(data):
        if number == 3:
            return Literal(_constant(_bytes(value)))
        if number == 4:
            return Name(_text(dict(fields(_bytes(value))), 1))
        if number in _READERS:
            return _READERS[number](_bytes(value))
    return Literal(None)


def _select(data: bytes) -> Node:
    found = dict(fields(data))
    return Select(_node(_bytes(found[1])), _text(found, 2), is_test=bool(found.get(3)))


def _call(data: bytes) -> Node:
    found = dict(fields(data))
    target = _node(_bytes(found[1])) if 1 in found else None
    return Call(_text(found, 2), target, tuple(_all(data, 3)))


def _list(data: bytes) -> Node:
    return ListOf(tuple(_all(data, 1)))


def _map(data: bytes) -> Node:
    entries = (dict(fields(_bytes(value))) for number, value in fields(data) if number == 2)
    return MapOf(tuple((_key(one), _node(_bytes(one[4]))) for one in entries))


def _key(entry: dict[int, Value]) -> Node:
    return Literal(_text(entry, 2)) if 2 in entry else _node(_bytes(entry[3]))


def _loop(data: bytes) -> Node:
    found = dict(fields(data))
    over, first, condition, step, result = (_node(_bytes(found[number])) for number in (2, 4, 5, 6, 7))
    return Loop(
        variable=_text(found, 1),
        second=_text(found, 8),
        over=over,
        result_name=_text(found, 3),
        first_result=first,
        condition=condition,
        step=step,
        result=result,
    )


_READERS = {5: _select, 6: _call, 7: _list, 8: _map, 9: _loop}


def _constant(data: bytes) -> Constant:
    for number, value in fields(data):
        match number:
            case 2:
                return bool(value)
            case 3 if isinstance(value, int):
                return signed(value)
            case 6:
                return _bytes(value).decode()
            case 1:
                return None
            case _:
                return value
    return None


def _all(data: bytes, wanted: int) -> Iterator[Node]:
    return (_node(_bytes(value)) for number, value in fields(data) if number == wanted)


def _text(found: dict[int, Value], number: int) -> str:
    return _bytes(found.get(number, b"")).decode()


def _bytes(value: Value) -> bytes:
    assert isinstance(value, bytes), "the library writes what the schema of CEL says"
    return value


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """The size of an expression, the growth of its cost with its values, and the variables that it reads.

    `degree`: the depth of nested loops, and of functions that traverse two strings at once; 0: linear cost at most.
    """

    nodes: int
    degree: int
    names: tuple[str, ...]


_OF_TWO = frozenset(
    ("contains", "matches", "find", "findAll", "replace", "sets.contains", "sets.intersects", "sets.equivalent")
)


def shape_of(node: Node) -> Shape:
    """The shape of an expression."""
    names: dict[str, None] = {}
    nodes, degree = _measured(node, names)
    return Shape(nodes=nodes, degree=degree, names=tuple(names))


def _measured(node: Node, names: dict[str, None]) -> tuple[int, int]:
    """Node count and degree; adds the variables that occur to `names`."""
    own, around, within = _parts(node)
    if isinstance(node, Name):
        names[node.name] = None
    found = [_measured(one, names) for one in around]
    inner = [_measured(one, names) for one in within]
    nodes = 1 + sum(one for one, _ in (*found, *inner))
    beside = max((one for _, one in found), default=0)
    return nodes, max(beside, own + max((one for _, one in inner), default=0))


def _parts(node: Node) -> tuple[int, tuple[Node, ...], tuple[Node, ...]]:
    """What a node adds to the degree of the parts that it repeats; its other parts, and those it repeats."""
    match node:
        case Select():
            return 0, (node.operand,), ()
        case Call():
            parts = node.arguments if node.target is None else (node.target, *node.arguments)
            return (1 if node.function in _OF_TWO else 0), (), parts
        case ListOf():
            return 0, node.items, ()
        case MapOf():
            return 0, tuple(one for entry in node.entries for one in entry), ()
        case Loop():
            return 1, (node.over, node.first_result, node.result), (node.condition, node.step)
        case _:
            return 0, (), ()
