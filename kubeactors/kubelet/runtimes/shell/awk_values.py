"""Values of awk: numbers, texts, and texts from the input that may count as numbers. Pure.

Source: POSIX.1-2024, Utilities, awk, Expressions in awk.
"""

import math
import re
from typing import TypeAlias

from kubeactors.kubelet.runtimes.shell.expression_parser import BadExpression
from kubeactors.kubelet.runtimes.shell.regular_expressions import Expression, compiled

_numeric = re.compile(r"\s*[-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?)\s*")
_number = re.compile(r"\s*([-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?))")
_MAX_EXACT = 1 << 63
"""Integers below it are printed in full."""


class AwkFailure(ValueError):
    """The program fails; the message is for its user."""


class Read(str):
    """Input text, which counts as a number if it looks like one (a strnum)."""

    __slots__ = ()


class Unset(Read):
    """The value of a variable that was never set: the empty text, and the number 0."""

    __slots__ = ()


UNSET = Unset("")
Value: TypeAlias = str | float
Array: TypeAlias = dict[str, Value]


def as_number(value: Value) -> float:
    """The numeric value: the number at the start of the text; 0 if there is none.

    >>> as_number("12abc"), as_number("x"), as_number(2.5)
    (12.0, 0.0, 2.5)
    """
    if not isinstance(value, str):
        return value
    found = _number.match(value)
    return float(found[1]) if found is not None else 0.0


def as_integer(value: Value) -> int:
    """The numeric value without its fraction; 0 if it is not finite."""
    number = as_number(value)
    return int(number) if math.isfinite(number) else 0


def as_text(value: Value, layout: str = "%.6g") -> str:
    """The string value; `layout` is for numbers that are no integers.

    >>> as_text(3.0), as_text(0.1 + 0.2), as_text("a"), as_text(1e30), as_text(float("inf"))
    ('3', '0.3', 'a', '1e+30', 'inf')
    """
    if isinstance(value, str):
        return value
    if math.isfinite(value) and value == int(value) and abs(value) < _MAX_EXACT:
        return str(int(value))
    try:
        return layout % value
    except (TypeError, ValueError):
        return f"{value:.6g}"


def holds(value: Value) -> bool:
    """The truth value."""
    return as_number(value) != 0 if _is_number(value) else bool(value)


def _is_number(value: Value) -> bool:
    if isinstance(value, Read):
        return isinstance(value, Unset) or _numeric.fullmatch(value) is not None
    return not isinstance(value, str)


def compare(mark: str, one: Value, other: Value) -> bool:
    """Compare two values, as numbers if both are or look like numbers; otherwise as text.

    >>> compare("<", Read("9"), 10.0), compare("<", "9", 10.0), compare("==", UNSET, 0.0), compare("==", UNSET, "")
    (True, False, True, True)
    """
    if _is_number(one) and _is_number(other):
        order = (as_number(one) > as_number(other)) - (as_number(one) < as_number(other))
    else:
        order = (as_text(one) > as_text(other)) - (as_text(one) < as_text(other))
    return {"<": order < 0, "<=": order <= 0, "==": not order, "!=": bool(order), ">": order > 0, ">=": order >= 0}[
        mark
    ]


def computed(mark: str, left: float, right: float) -> float:
    """The result of an arithmetic operation.

    >>> computed("%", -3.0, 2.0), computed("^", 2.0, 10.0), computed("^", -8.0, 0.5)
    (-1.0, 1024.0, nan)

    Raises:
        AwkFailure: division by zero.
    """
    match mark:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/" | "%" if not right:
            raise AwkFailure("Division by zero")
        case "/":
            return left / right
        case "%":
            return math.fmod(left, right) if math.isfinite(left) else math.nan
        case _:
            return _power(left, right)


def _power(left: float, right: float) -> float:
    try:
        return math.pow(left, right)
    except OverflowError:
        return math.inf
    except ValueError:
        return math.inf if not left else math.nan


def expression_of(text: str) -> Expression:
    """Compile a regular expression.

    Raises:
        AwkFailure: it is malformed.
    """
    try:
        return compiled(text, extended=True, awk=True)
    except BadExpression as error:
        raise AwkFailure(f"bad regex '{text}': {error}") from error


def split(text: str, separator: str, *, paragraph: bool = False) -> list[str]:
    """Split a text into fields; in a `paragraph`, newlines separate, too.

    >>> split(" a  b ", " "), split("a:b::c", ":"), split("a1b22c", "[0-9]+"), split("", ":"), split("ab", "")
    (['a', 'b'], ['a', 'b', '', 'c'], ['a', 'b', 'c'], [], ['a', 'b'])
    """
    if separator == " ":
        return text.split()
    if not text:
        return []
    if paragraph and separator != "\n":
        separator = f"({separator if len(separator) > 1 else re.escape(separator)})|\n"
    if not separator or len(separator) == 1:
        return text.split(separator) if separator else list(text)
    fields, done = list[str](), 0
    for found in expression_of(separator).matches(text):
        if found[0]:
            fields.append(text[done : found.start()])
            done = found.end()
    return [*fields, text[done:]]
