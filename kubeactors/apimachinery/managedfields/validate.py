"""Validation of a configuration against its schema, with the messages of structured-merge-diff.

Source: structured-merge-diff/typed/validate.go (v1.36).
"""

from collections.abc import Iterator
from typing import cast

from kubeactors.apimachinery.field import quoted
from kubeactors.apimachinery.managedfields.compare import List, Map
from kubeactors.apimachinery.managedfields.elements import ElementError, item_of, shown
from kubeactors.apimachinery.managedfields.schema import BOOLEAN, LIST, MAP, NUMERIC, STRING, Node


class MisfitError(ValueError):
    """The value does not match its schema; the message says where and why."""


def check(value: object, node: Node) -> None:
    """Check a value.

    Raises:
        MisfitError: it does not match.

    >>> labels = Node("map")
    >>> labels.element = Node("scalar", scalar="string")
    >>> check({"a": 1}, labels)
    Traceback (most recent call last):
    kubeactors.apimachinery.managedfields.validate.MisfitError: .a: expected string, got &value.valueUnstructured{Value:1}
    """
    wrong = [f"{path}: {why}" if path else why for path, why in _misfits(value, node, "")]
    if wrong:
        raise MisfitError(wrong[0] if len(wrong) == 1 else "\n".join(["errors:", *(f"  {one}" for one in wrong)]))


_Misfits = Iterator[tuple[str, str]]


def _misfits(value: object, node: Node, path: str) -> _Misfits:
    if value is None:
        return
    node = node.given(value)
    if node.kind == MAP:
        if isinstance(value, dict):
            yield from _in_map(cast("Map", value), node, path)
        else:
            yield path, f"expected map, got &{{{_plain(value)}}}"
    elif node.kind == LIST:
        if isinstance(value, list):
            yield from _in_list(cast("List", value), node, path)
        else:
            yield path, f"expected list, got &{{{_plain(value)}}}"
    elif not node.atomic and (why := _not_scalar(value, node.scalar)):
        yield path, why


def _in_map(value: Map, node: Node, path: str) -> _Misfits:
    for name, member in value.items():
        at = f"{path}.{name}"
        if name in node.fields or node.element is not None:
            yield from _misfits(member, node.child(name), at)
        else:
            yield at, "field not declared in schema"
            return


def _in_list(items: List, node: Node, path: str) -> _Misfits:
    assert node.element is not None, "lists have a type of items"
    seen: dict[str, None] = {}
    for index, item in enumerate(items):
        at = f"{path}[{index}]"
        if not node.atomic:
            try:
                element = item_of(node, item)
            except ElementError as error:
                yield path, f"element {index}: {error}"
                return
            at = f"{path}{shown(element)}"
            if element in seen:
                yield path, f"duplicate entries for key {shown(element)}"
            seen[element] = None
        yield from _misfits(item, node.element, at)


def _not_scalar(value: object, scalar: str) -> str:
    if scalar == STRING:
        fits, what = isinstance(value, str), f"string, got &value.valueUnstructured{{Value:{_typed(value)}}}"
    elif scalar == NUMERIC:
        fits = isinstance(value, int | float) and not isinstance(value, bool)
        what = f"numeric (int or float), got {_type(value)}"
    elif scalar == BOOLEAN:
        fits, what = isinstance(value, bool), f"boolean, got &{{{_plain(value)}}}"
    else:
        fits, what = not isinstance(value, dict | list), f"any scalar, got &{{{_plain(value)}}}"
    return "" if fits else f"expected {what}"


def _type(value: object) -> str:
    """The Go type of a value."""
    if isinstance(value, bool):
        return "bool"
    names: dict[object, str] = {
        str: "string",
        int: "int64",
        float: "float64",
        dict: "map[string]interface {}",
        list: "[]interface {}",
    }
    return names.get(type(value), "<nil>")


def _plain(value: object) -> str:
    """As Go's %v prints it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        members = cast("Map", value)
        return f"map[{' '.join(f'{name}:{_plain(members[name])}' for name in sorted(members))}]"
    if isinstance(value, list):
        return f"[{' '.join(map(_plain, cast('List', value)))}]"
    return "<nil>" if value is None else str(value)


def _typed(value: object) -> str:
    """As Go's %#v prints it."""
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, dict):
        members = cast("Map", value)
        inner = ", ".join(f"{quoted(name)}:{_typed(members[name])}" for name in sorted(members))
        return f"map[string]interface {{}}{{{inner}}}"
    if isinstance(value, list):
        return f"[]interface {{}}{{{', '.join(map(_typed, cast('List', value)))}}}"
    return "interface {}(nil)" if value is None else _plain(value)
