"""The maximum cost of a schema's rules, on the largest objects that a request can contain.

Source: apiserver/pkg/cel/{common/schemas.go,limits.go}, apiextensions-apiserver/pkg/apiserver/schema/cel/compilation.go,
pkg/apis/apiextensions/validation/{validation,cel_validation}.go (v1.36).
"""

from typing import cast

import msgspec

from kubeactors.apimachinery.cel import Program
from kubeactors.apimachinery.cel.cost import estimate
from kubeactors.apimachinery.cel.sizes import (
    ANY,
    BOOL,
    BYTES,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    LIST,
    MAP,
    MOST,
    OBJECT,
    STRING,
    TIMESTAMP,
    Declared,
)
from kubeactors.apimachinery.structural.node import Structural
from kubeactors.apimachinery.structural.selfcheck import ROOT_FIELDS, escaped

RULE_LIMIT, SCHEMA_LIMIT = 10_000_000, 100_000_000
"""The limit of one rule, and of all rules of a schema."""

_REQUEST_BYTES = 3 * 1024 * 1024
_LONGEST = _REQUEST_BYTES - 2
"""The maximum length of a string in a request, without its quotes."""
_TIMES = {"duration": (DURATION, 32, 3), "date": (TIMESTAMP, 12, 12), "date-time": (TIMESTAMP, 32, 21)}
"""Formats of strings: the CEL type, the maximum number of characters, and the minimum number of bytes."""
_SCALARS = {"boolean": (BOOL, 4), "number": (DOUBLE, 1), "integer": (INT, 1)}
_TEXT = Declared(kind=STRING, max_size=_LONGEST, min_bytes=2)
_NAMES = Declared(kind=OBJECT, fields={"name": _TEXT, "generateName": _TEXT}, min_bytes=2)
_AUTOMATIC: dict[str, Declared] = dict(zip(ROOT_FIELDS, (_TEXT, _TEXT, _NAMES), strict=True))


class Bounds(msgspec.Struct, frozen=True):
    """How often a place in a schema can occur in an object: `times`, or None if only the size of requests bounds it."""

    times: int | None = 1

    def within(self, schema: Structural) -> "Bounds":
        """How often the items of a place, or its values, can occur."""
        most = _length(schema, "maxItems" if schema.type == "array" else "maxProperties")
        if self.times is None or most is None:
            return Bounds(None)
        return Bounds(min(self.times * most, MOST))

    def cost(self, once: int, declared: Declared) -> int:
        """The cost of a rule, given that of one evaluation."""
        times = self.times
        if times is None:
            times = _REQUEST_BYTES // (declared.min_bytes + 1)
        return min(once * times, MOST)


def declared(schema: Structural, *, root: bool = False) -> Declared:
    """The type of a place as rules see it, with its maximum size in a request. `root`: it has type and metadata.

    >>> declared(Structural({"type": "array", "items": {"type": "string", "maxLength": 10}, "maxItems": 3})).items.max_size
    40
    """
    if schema.int_or_string:
        return Declared(kind=DYN, max_size=_text_size(schema), min_bytes=1)
    if schema.type == "array":
        items = ANY if schema.items is None else declared(schema.items, root=schema.items.embedded)
        most = _length(schema, "maxItems")
        fits = (_REQUEST_BYTES - 2) // (items.min_bytes + 1)
        return Declared(kind=LIST, items=items, max_size=fits if most is None else most, min_bytes=2)
    if schema.type == "object":
        more = schema.additional
        return _map(schema, more) if isinstance(more, Structural) else _object(schema, root=root)
    if schema.type == "string":
        return _text(schema)
    if schema.type in _SCALARS:
        kind, least = _SCALARS[schema.type]
        return Declared(kind=kind, min_bytes=least)
    return ANY


def cost_of(program: Program, self_type: Declared) -> int:
    """The maximum cost of one evaluation."""
    return estimate(program.syntax, self_type).most


def too_dear(what: str, cost: int, limit: int) -> str:
    """The error of a cost above the limit.

    >>> print(too_dear("estimated rule cost", 15_000_000, RULE_LIMIT)[:54])
    estimated rule cost exceeds budget by factor of 1.5x (
    """
    factor = cost / limit
    times = "more than 100x" if factor > 100 else f"{factor:f}x" if factor < 1.5 else f"{factor:.1f}x"
    return (
        f"{what} exceeds budget by factor of {times} (try simplifying the rule, or adding maxItems, maxProperties, and "
        "maxLength where arrays, maps, and strings are declared)"
    )


def _map(schema: Structural, values: Structural) -> Declared:
    items = declared(values, root=values.embedded)
    most = _length(schema, "maxProperties")
    fits = (_REQUEST_BYTES - 2) // (items.min_bytes + 6)
    return Declared(kind=MAP, items=items, max_size=fits if most is None else most, min_bytes=2)


def _object(schema: Structural, *, root: bool) -> Declared:
    needed = cast("list[str]", schema.raw.get("required") or [])
    fields = dict(_AUTOMATIC) if root else {}
    least = 2
    for name, one in schema.properties.items():
        field = declared(one, root=one.embedded)
        if root and name in _AUTOMATIC:
            continue
        if escaped(name):
            fields[escaped(name)] = field
        if name in needed and not one.has_default:
            least += len(name) + field.min_bytes + 4
    return Declared(kind=OBJECT, fields=fields, min_bytes=least)


def _text(schema: Structural) -> Declared:
    form = str(schema.raw.get("format") or "")
    if form in _TIMES:
        kind, size, least = _TIMES[form]
        return Declared(kind=kind, max_size=size, min_bytes=least)
    if form == "byte":
        most = _length(schema, "maxLength")
        return Declared(kind=BYTES, max_size=_LONGEST if most is None else most, min_bytes=2)
    return Declared(kind=STRING, max_size=_text_size(schema), min_bytes=2)


def _text_size(schema: Structural) -> int:
    """In bytes: a character takes up to four."""
    most = _length(schema, "maxLength")
    if most is not None:
        return most * 4
    values = cast("list[object]", schema.raw.get("enum") or [])
    if values and not schema.int_or_string:
        return max((len(one.encode()) for one in values if isinstance(one, str)), default=0)
    return _LONGEST


def _length(schema: Structural, word: str) -> int | None:
    found = schema.raw.get(word)
    return max(int(found), 0) if isinstance(found, int | float) else None
