"""The state of a running awk program: variables, arrays, and the current line.

Source: POSIX.1-2024, Utilities, awk.
"""

import re
from collections.abc import Callable
from typing import TypeAlias

from kubeactors.kubelet.runtimes.shell.printing import formatted

MAX_STEPS = 200_000
"""The maximum number of loop iterations in a run."""
MAX_TEXT = 1 << 20
"""The maximum length of a value, in characters."""
_numeric = re.compile(r"\s*[-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+)\s*")
_number = re.compile(r"\s*([-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+))")


class Read(str):
    """Input text, which counts as a number if it looks like one (a strnum)."""

    __slots__ = ()


Value: TypeAlias = str | float


class Next(Exception):
    """`next`."""


class Break(Exception):
    """`break`."""


class Continue(Exception):
    """`continue`."""


class Exit(Exception):
    """`exit`."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code: int = code


def as_number(value: Value) -> float:
    """The numeric value: the number at the start of the text; 0 if there is none.

    >>> as_number("12abc"), as_number("x"), as_number(2.5)
    (12.0, 0.0, 2.5)
    """
    if not isinstance(value, str):
        return value
    found = _number.match(value)
    return float(found[1]) if found is not None else 0.0


def as_text(value: Value) -> str:
    """The string value.

    >>> as_text(3.0), as_text(0.1 + 0.2), as_text("a")
    ('3', '0.3', 'a')
    """
    if isinstance(value, str):
        return value
    return str(int(value)) if value == int(value) else f"{value:.6g}"


def holds(value: Value) -> bool:
    """The truth value."""
    return as_number(value) != 0 if _is_number(value) else bool(value)


def _is_number(value: Value) -> bool:
    return isinstance(value, float) or (isinstance(value, Read) and _numeric.fullmatch(value) is not None)


def compare(mark: str, one: Value, other: Value) -> bool:
    """Compare two values, as numbers if both are or look like numbers; otherwise as text.

    >>> compare("<", Read("9"), 10.0), compare("<", "9", 10.0)
    (True, False)
    """
    if _is_number(one) and _is_number(other):
        order = (as_number(one) > as_number(other)) - (as_number(one) < as_number(other))
    else:
        order = (as_text(one) > as_text(other)) - (as_text(one) < as_text(other))
    return {"<": order < 0, "<=": order <= 0, "==": not order, "!=": bool(order), ">": order > 0, ">=": order >= 0}[
        mark
    ]


class AwkState:
    """Variables, arrays, and the fields of the current line.

    Args:
        write: prints text.
    """

    def __init__(self, write: Callable[[str], None]) -> None:
        self.write: Callable[[str], None] = write
        self._variables: dict[str, Value] = {"FS": " ", "OFS": " ", "ORS": "\n", "NR": 0.0, "RSTART": 0.0}
        self._arrays: dict[str, dict[str, Value]] = {}
        self._line = ""
        self._fields: list[str] = []
        self._steps = 0

    def step(self) -> None:
        """Count a loop iteration.

        Raises:
            RecursionError: there were too many.
        """
        self._steps += 1
        if self._steps > MAX_STEPS:
            raise RecursionError

    def read(self, line: str) -> None:
        """Set the current line."""
        self._variables["NR"] = as_number(self._variables["NR"]) + 1
        self.set_field(0, line)

    def variable(self, name: str) -> Value:
        """The value of a variable; empty if it is not set."""
        return float(len(self._fields)) if name == "NF" else self._variables.get(name, Read(""))

    def assign(self, name: str, value: Value) -> None:
        """Set a variable.

        Raises:
            ValueError: the value is too long.
        """
        if isinstance(value, str) and len(value) > MAX_TEXT:
            raise ValueError(name)
        if name == "NF":
            self._fields = (self._fields + [""] * int(as_number(value)))[: int(as_number(value))]
            self._join()
        else:
            self._variables[name] = value

    def array(self, name: str) -> dict[str, Value]:
        """The elements of an array."""
        return self._arrays.setdefault(name, {})

    def field(self, number: int) -> Value:
        """A field of the line, counted from 1; 0 is the whole line."""
        if not number:
            return Read(self._line)
        return Read(self._fields[number - 1] if number <= len(self._fields) else "")

    def set_field(self, number: int, text: str) -> None:
        """Set a field, and rebuild the line.

        Raises:
            ValueError: the number is too large.
        """
        if number > MAX_TEXT:
            raise ValueError(number)
        if not number:
            self._line, self._fields = text, split(text, as_text(self._variables["FS"]))
            return
        self._fields += [""] * (number - len(self._fields))
        self._fields[number - 1] = text
        self._join()

    def _join(self) -> None:
        self._line = as_text(self._variables["OFS"]).join(self._fields)


def split(text: str, separator: str) -> list[str]:
    """Split a text into fields.

    >>> split(" a  b ", " "), split("a:b::c", ":"), split("a1b22c", "[0-9]+"), split("", ":")
    (['a', 'b'], ['a', 'b', '', 'c'], ['a', 'b', 'c'], [])
    """
    if separator == " ":
        return text.split()
    if not text:
        return []
    return text.split(separator) if len(separator) == 1 else re.split(separator, text)


def _substr(values: list[Value]) -> Value:
    text, start = as_text(values[0]), round(as_number(values[1]))
    end = start + round(as_number(values[2])) if len(values) > 2 else len(text) + 1
    return text[max(start, 1) - 1 : max(end - 1, 0)]


FUNCTIONS: dict[str, Callable[[list[Value]], Value]] = {
    "index": lambda values: float(as_text(values[0]).find(as_text(values[1])) + 1),
    "int": lambda values: float(int(as_number(values[0]))),
    "length": lambda values: float(len(as_text(values[0]))),
    "sprintf": lambda values: formatted(as_text(values[0]), [as_text(one) for one in values[1:]]),
    "sqrt": lambda values: as_number(values[0]) ** 0.5,
    "substr": _substr,
    "tolower": lambda values: as_text(values[0]).lower(),
    "toupper": lambda values: as_text(values[0]).upper(),
}
"""The built-in functions that depend on their arguments alone."""
