"""Static knowledge about values: their types, and their maximum sizes.

Source: cel-go/checker/cost.go (v0.26), apiserver/pkg/cel/types.go (v1.36).
"""

import math
from collections.abc import Mapping

import msgspec

MOST = 2**64 - 1
"""Unbounded: larger numbers are clamped to this."""

BOOL, DOUBLE, INT, STRING, BYTES = "bool", "double", "int", "string", "bytes"
DURATION, TIMESTAMP, DYN = "duration", "timestamp", "dyn"
LIST, MAP, OBJECT = "list", "map", "object"
SCALARS = (BOOL, DOUBLE, DURATION, INT, TIMESTAMP, "uint")
"""Types whose values all have size 1."""


class Range(msgspec.Struct, frozen=True):
    """A minimum and a maximum: of costs, or of sizes (characters, bytes, items, entries)."""

    least: int
    most: int

    def plus(self, other: "Range") -> "Range":
        """The sum.

        >>> Range(1, 2).plus(Range(1, MOST)) == Range(2, MOST)
        True
        """
        return Range(min(self.least + other.least, MOST), min(self.most + other.most, MOST))

    def times(self, other: "Range") -> "Range":
        """The product."""
        return Range(min(self.least * other.least, MOST), min(self.most * other.most, MOST))

    def scaled(self, factor: float) -> "Range":
        """The product with a factor, rounded up.

        >>> Range(0, 15).scaled(0.1)
        Range(least=0, most=2)
        """
        return Range(_scaled(self.least, factor), _scaled(self.most, factor))

    def union(self, other: "Range") -> "Range":
        """The smallest range that contains both."""
        return Range(min(self.least, other.least), max(self.most, other.most))


def exactly(number: int) -> Range:
    """The range of one number."""
    return Range(number, number)


NOTHING, ONE, UNKNOWN = exactly(0), exactly(1), Range(0, MOST)


class Declared(msgspec.Struct, frozen=True, kw_only=True):
    """A type with what a schema says of it: its `fields` by their names in expressions, and the type of its items.

    `max_size` is the maximum number of items, entries or characters; 0 for other types. `min_bytes` is the minimum size
    in JSON. `is_whole`: it has no fields but these.
    """

    kind: str
    fields: "Mapping[str, Declared]" = {}
    items: "Declared | None" = None
    max_size: int = 0
    min_bytes: int = 0
    is_whole: bool = False

    def field(self, name: str) -> "Declared":
        """The type of a field; `ANY` if there is no such field."""
        if name in self.fields:
            return self.fields[name]
        if self.is_whole:
            return ABSENT
        return self.items if self.kind == MAP and self.items is not None else ANY


ANY = Declared(kind=DYN)
"""Any value."""

ABSENT = Declared(kind="null", is_whole=True)
"""An absent value: its size is 0, and it has no parts."""


def plain(kind: str, items: Declared | None = None) -> Declared:
    """A type without a schema."""
    return Declared(kind=kind, items=items)


def _scaled(number: int, factor: float) -> int:
    return min(math.ceil(float(number) * factor), MOST)
