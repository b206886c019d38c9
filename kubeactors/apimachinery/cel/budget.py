"""The maximum cost of evaluating an expression on given values, so that none can hang the server.

Kubernetes counts the cost during evaluation, and stops. The library does not count, so a bound is computed before, as
if no loop ended early. An absent value has size 0; a value that is computed in a way that is not followed here is taken
to be at most as large as all inputs together. An expression whose bound exceeds the limit per call is not evaluated.

Source: apiserver/pkg/apis/cel/config.go, cel-go/interpreter/runtimecost.go (v1.36).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import cast

import msgspec

from kubeactors.apimachinery.cel.cost import estimate
from kubeactors.apimachinery.cel.program import CelError, Program
from kubeactors.apimachinery.cel.sizes import (
    ABSENT,
    ANY,
    BOOL,
    BYTES,
    DOUBLE,
    INT,
    LIST,
    MAP,
    STRING,
    Declared,
    plain,
)

PER_CALL, PER_REQUEST = 1_000_000, 10_000_000
"""About a tenth of a second, and a second, of Kubernetes' evaluation."""

CALL_EXCEEDED = "operation cancelled: actual cost limit exceeded"
BUDGET_EXCEEDED = "validation failed due to running out of cost budget, no further validation rules will be run"


class OutOfBudget(CelError):
    """All expressions of a request together cost too much."""


class Budget:
    """The remaining cost budget of the expressions of a request."""

    def __init__(self) -> None:
        self._left = PER_REQUEST

    def charge(self, program: Program, variables: Mapping[str, object]) -> None:
        """Subtract the maximum cost of an expression. One that is certainly cheap is not counted.

        Raises:
            OutOfBudget: the budget is exhausted.
            CelError: the expression alone costs too much.
        """
        size = sum(_size(variables.get(name)) for name in program.shape.names) + len(program.text)
        if _is_cheap(program, size):
            return
        known = {name: type_of(variables.get(name)) for name in program.shape.names}
        cost = estimate(program.syntax, ANY, known, largest=size).most
        if cost > PER_CALL:
            raise CelError(CALL_EXCEEDED)
        self._left -= cost
        if self._left < 0:
            raise OutOfBudget(BUDGET_EXCEEDED)


def type_of(value: object) -> Declared:
    """The type of a value, with its size and those of its parts.

    >>> type_of({"a": ["x", "long"]}).fields["a"].items
    Declared(kind='string', fields={}, items=None, max_size=4, min_bytes=0, is_whole=False)
    """
    match value:
        case None:
            return ABSENT
        case bool():
            return plain(BOOL)
        case int():
            return plain(INT)
        case float():
            return plain(DOUBLE)
        case str():
            return Declared(kind=STRING, max_size=len(value))
        case bytes():
            return Declared(kind=BYTES, max_size=len(value))
        case Mapping():
            entries = cast("Mapping[object, object]", value)
            fields = {str(name): type_of(one) for name, one in entries.items()}
            return Declared(
                kind=MAP, fields=fields, items=_of_entries([*fields.values()]), max_size=len(fields), is_whole=True
            )
        case list():
            items = cast("list[object]", value)
            return Declared(kind=LIST, items=_all_of(type_of(one) for one in items), max_size=len(items))
        case _:
            return ANY


def _of_entries(types: Sequence[Declared]) -> Declared:
    """A common type for all entries of a map.

    For maps of maps it has their size alone: the details would double with each level.
    """
    if not any(map(_has_fields, types)):
        return _all_of(types)
    kinds = {one.kind: None for one in types}
    kind = next(iter(kinds)) if len(kinds) == 1 else ANY.kind
    return Declared(kind=kind, max_size=max(one.max_size for one in types))


def _has_fields(type_: Declared) -> bool:
    return bool(type_.fields) or (type_.items is not None and _has_fields(type_.items))


def _all_of(types: Iterable[Declared]) -> Declared:
    """A common type for all items: the maximum of each part."""
    found: Declared | None = None
    for one in types:
        found = one if found is None else _both(found, one)
    return ANY if found is None else found


def _both(one: Declared, other: Declared) -> Declared:
    if one is other or other is ABSENT:
        return one
    if one is ABSENT:
        return other
    fields = dict(one.fields)
    for name, field in other.fields.items():
        fields[name] = _both(fields[name], field) if name in fields else field
    items = [items for items in (one.items, other.items) if items is not None]
    return Declared(
        kind=one.kind if one.kind == other.kind else ANY.kind,
        fields=fields,
        items=_all_of(items) if items else None,
        max_size=max(one.max_size, other.max_size),
        is_whole=one.is_whole and other.is_whole,
    )


def _is_cheap(program: Program, size: int) -> bool:
    """Whether it is cheap even if each nested loop runs over all values."""
    shape = program.shape
    return not shape.degree or bool(shape.nodes * (shape.nodes * size) ** shape.degree <= PER_CALL)


def _size(value: object) -> int:
    return len(msgspec.json.encode(value, enc_hook=str))
