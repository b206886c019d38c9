"""A requirement of a label selector: a key, an operator, values; its validation, and matching.

Source: apimachinery/pkg/labels/selector.go, pkg/selection/operator.go (v1.36).
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec

from kubeactors.apimachinery import names
from kubeactors.apimachinery.field import FieldError, invalid, not_supported
from kubeactors.apimachinery.status import aggregate

Labels = Mapping[str, str]
Matcher = Callable[[Labels], bool]

IN, NOT_IN, EQUALS, DOUBLE_EQUALS, NOT_EQUALS = "in", "notin", "=", "==", "!="
GREATER, LESS, EXISTS, NOT_EXISTS = "gt", "lt", "exists", "!"

OPERATORS = {"In": IN, "NotIn": NOT_IN, "Exists": EXISTS, "DoesNotExist": NOT_EXISTS, "Gt": GREATER, "Lt": LESS}
"""The operators of selectors in objects (Gt and Lt in node selectors only), and their names here."""


class SelectorError(ValueError):
    """The selector is malformed; the message is Kubernetes'."""


class Requirement(msgspec.Struct, frozen=True, gc=False):
    """A requirement on a label. Create it with `requirement`, which validates it."""

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def __str__(self) -> str:
        values = ",".join(sorted(self.values))
        written = {
            EXISTS: self.key,
            NOT_EXISTS: f"!{self.key}",
            IN: f"{self.key} in ({values})",
            NOT_IN: f"{self.key} notin ({values})",
            GREATER: f"{self.key}>{values}",
            LESS: f"{self.key}<{values}",
        }
        return written.get(self.operator, f"{self.key}{self.operator}{values}")


def requirement(key: str, operator: str, values: Sequence[str] = ()) -> Requirement:
    """A valid requirement.

    Raises:
        SelectorError: the key, a value, or the number of values is invalid.

    >>> requirement("a", IN, ())
    Traceback (most recent call last):
    kubeactors.apimachinery.requirement.SelectorError: values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty
    """
    errors = [str(one) for one in _wrong_requirement(key, operator, values)]
    if errors:
        raise SelectorError(aggregate(errors))
    return Requirement(key, operator, tuple(values))


def matcher(one: Requirement) -> Matcher:
    """A closure that tells whether labels satisfy the requirement."""
    key, values = one.key, one.values
    if one.operator in (IN, EQUALS, DOUBLE_EQUALS):
        return lambda labels: labels.get(key) in values
    if one.operator in (NOT_IN, NOT_EQUALS):
        return lambda labels: labels.get(key) not in values
    if one.operator == EXISTS:
        return lambda labels: key in labels
    if one.operator == NOT_EXISTS:
        return lambda labels: key not in labels
    return _comparison(key, one.operator, int(values[0]))


def _comparison(key: str, operator: str, bound: int) -> Matcher:
    def matches(labels: Labels) -> bool:
        number = _integer(labels.get(key, ""))
        return number is not None and (number > bound if operator == GREATER else number < bound)

    return matches


def _integer(text: str) -> int | None:
    """An int64 as Go's strconv parses it."""
    number = int(text) if re.fullmatch("[+-]?[0-9]{1,19}", text) else None
    return number if number is not None and -(2**63) <= number < 2**63 else None


_COUNTS: dict[str, tuple[Callable[[int], bool], str]] = {
    **dict.fromkeys((IN, NOT_IN), (lambda n: n > 0, "for 'in', 'notin' operators, values set can't be empty")),
    **dict.fromkeys(
        (EQUALS, DOUBLE_EQUALS, NOT_EQUALS),
        (lambda n: n == 1, "exact-match compatibility requires one single value"),
    ),
    **dict.fromkeys((EXISTS, NOT_EXISTS), (lambda n: n == 0, "values set must be empty for exists and does not exist")),
    **dict.fromkeys((GREATER, LESS), (lambda n: n == 1, "for 'Gt', 'Lt' operators, exactly one value is required")),
}
"""The number of values of an operator, and the message if it is wrong."""


def _wrong_requirement(key: str, operator: str, values: Sequence[str]) -> Iterator[FieldError]:
    if messages := names.qualified_name(key):
        yield invalid("key", key, "; ".join(messages))
    if operator not in _COUNTS:
        yield not_supported("operator", operator, _COUNTS)
        return
    holds, message = _COUNTS[operator]
    if not holds(len(values)):
        yield invalid("values", list(values), message)
    for index, value in enumerate(values):
        if operator in (GREATER, LESS) and _integer(value) is None:
            yield invalid(f"values[{index}]", value, "for 'Gt', 'Lt' operators, the value must be an integer")
    for index, value in enumerate(values):
        if messages := names.label_value(value):
            yield invalid(f"values[{index}][{key}]", value, "; ".join(messages))
