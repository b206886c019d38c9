"""Quantities: `quantity("1Gi").isGreaterThan(quantity(self.limit))`.

Source: apiserver/pkg/cel/library/quantity.go (v1.36).
"""

from kubeactors.apimachinery import quantity
from kubeactors.apimachinery.cel.library.declaration import (
    BOOL,
    DOUBLE,
    INT,
    STRING,
    TAGGED,
    Function,
    Tagged,
    function,
    is_valid,
    member,
    of_value,
    of_values,
    text_of,
)

QUANTITY = "quantity"
_NANO = 10**9


def parse(text: str) -> Tagged:
    """The quantity in canonical form; quantities are equal if that is equal.

    >>> parse("1000m")
    {'quantity': '1'}
    """
    return {QUANTITY: quantity.canonical(text)}


def compare(one: Tagged, other: Tagged) -> int:
    """Negative, zero or positive: less, equal, greater."""
    return quantity.compare(_text(one), _text(other))


def _text(value: Tagged) -> str:
    return text_of(value, QUANTITY)


def _nanos(value: Tagged) -> int:
    return quantity.parse(_text(value)).nanos


def _is_integer(value: Tagged) -> bool:
    nanos = _nanos(value)
    return nanos % _NANO == 0 and -(2**63) <= nanos // _NANO < 2**63


def _as_integer(value: Tagged) -> int:
    if not _is_integer(value):
        raise ValueError("cannot convert value to integer")
    return _nanos(value) // _NANO


def _as_text(value: Tagged | int) -> str:
    return str(value) if isinstance(value, int) else _text(value)


def _add(one: Tagged, other: Tagged | int) -> Tagged:
    return {QUANTITY: quantity.add(_text(one), _as_text(other))}


def _sub(one: Tagged, other: Tagged | int) -> Tagged:
    return {QUANTITY: quantity.subtract(_text(one), _as_text(other))}


FUNCTIONS: tuple[Function, ...] = (
    function("quantity", (STRING,), TAGGED, parse),
    function("isQuantity", (STRING,), BOOL, is_valid(parse)),
    of_value("sign", INT, lambda one: quantity.sign(_text(one))),
    of_value("isInteger", BOOL, _is_integer),
    of_value("asInteger", INT, _as_integer),
    of_value("asApproximateFloat", DOUBLE, lambda one: _nanos(one) / _NANO),
    of_values("add", TAGGED, _add),
    member("add", (TAGGED, INT), TAGGED, _add),
    of_values("sub", TAGGED, _sub),
    member("sub", (TAGGED, INT), TAGGED, _sub),
)
