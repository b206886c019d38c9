"""The static types of rules: comparisons of a string with a number, fields of a string, and the like.

The library has no record types. But a path through them (`self.spec.size`) may be declared like a variable, with the type
of the field at its end: a scalar, or a list or a map of scalars. Other values have any type, as have times, durations and
bytes, which rules see as strings.

Source: apiextensions-apiserver/pkg/apiserver/schema/cel/compilation.go, cel-go/checker (v1.36).
"""

import re
from collections.abc import Iterator

from kubeactors.apimachinery.cel.program import type_error
from kubeactors.apimachinery.structural.node import Structural
from kubeactors.apimachinery.structural.selfcheck import SELF, blanked, unescaped

_PATH = re.compile(r"(?<![\w.])(self|oldSelf)\b((?:\.[A-Za-z_]\w*(?!\w*\s*\())*)")
_HAS = re.compile(r"(?<![\w.])has\(\s*(?:self|oldSelf)[\w.]*\s*\)")
_SELECTION = re.compile(r"expression of type '(.*?)' cannot be the operand of a select operation")
_ORDER = re.compile(r"'_(?:<|>|<=|>=)_' applied to '\((?:int|double|uint), (?:int|double|uint)\)'")
_SCALARS = {"boolean": "bool", "integer": "int", "number": "double", "string": "string"}
_NOT_STRINGS = frozenset(("byte", "date", "date-time", "datetime", "duration"))


def mistyped(rule: str, schema: Structural, *, optional_old: bool = False) -> str:
    """The compiler's error about types; empty if there is none. With `optional_old`, `oldSelf` is an optional value.

    >>> size = Structural({"type": "object", "properties": {"size": {"type": "integer"}}})
    >>> print(mistyped("has(self.size) && self.size == 'big'", size))
    ERROR: <input>:1:29: found no matching overload for '_==_' applied to '(int, string)'
     | has(self.size) && self.size == 'big'
     | ............................^
    >>> mistyped("self.size > 1.5", size)
    ''
    """
    types = dict(_types(rule, schema))
    if optional_old:
        types = {name: one for name, one in types.items() if name.partition(".")[0] == "self"}
    if not types:
        return ""
    checked = _HAS.sub(lambda found: "true".ljust(len(found[0])), rule)
    error = type_error(checked, dict.fromkeys(SELF, "dyn") | types)
    if _ORDER.search(error):  # numbers of different types can be ordered, which the library does not know
        return ""
    for line, written in zip(checked.split("\n"), rule.split("\n"), strict=True):
        error = error.replace(f" | {line}\n", f" | {written}\n")
    return _SELECTION.sub(r"type '\1' does not support field selection", error)


def _types(rule: str, schema: Structural) -> Iterator[tuple[str, str]]:
    """The paths of a rule that end at a value with a type, and that type."""
    for found in _PATH.finditer(blanked(rule)):
        path, place = found[1], schema
        names = iter(found[2].split(".")[1:])
        while True:
            if type_ := _type_of(place):
                yield path, type_
                break
            name = next(names, None)
            below = None if name is None else place.properties.get(unescaped(name))
            if below is None or place.preserve or place.type != "object":
                break
            path, place = f"{path}.{name}", below


def _type_of(schema: Structural) -> str:
    """The type of a value of this schema; empty if it may be of any type."""
    if schema.raw.get("nullable") is True or schema.raw.get("x-kubernetes-int-or-string") is True:
        return ""
    if schema.type == "array" and schema.items is not None:
        return f"list({one})" if (one := _scalar(schema.items)) else ""
    if schema.type == "object" and isinstance(schema.additional, Structural) and not schema.preserve:
        return f"map(string, {one})" if (one := _scalar(schema.additional)) else ""
    return _scalar(schema)


def _scalar(schema: Structural) -> str:
    raw = schema.raw
    if (
        raw.get("nullable") is True
        or raw.get("x-kubernetes-int-or-string") is True
        or raw.get("format") in _NOT_STRINGS
    ):
        return ""
    return _SCALARS.get(schema.type, "")
