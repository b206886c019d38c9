"""The functions of awk that depend on their arguments alone, and the formats of `printf`. Pure.

Source: POSIX.1-2024, Utilities, awk, Functions; busybox 1.37 for `strftime` and for functions of bits.
"""

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from kubeactors.kubelet.runtimes.shell.awk_values import Value, as_integer, as_number, as_text

MAX_WIDTH = 9999
_directive = re.compile(r"%(?:%|([-+ #0]*)(\d{1,4}|\*)?(?:\.(\d{1,4}|\*)?)?([diouxXcsfFeEgG]))")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BITS = (1 << 64) - 1


def formatted(layout: str, values: list[Value]) -> str:
    """Format values; missing ones are empty.

    >>> formatted("%03d|%-3s|%c%c|%*.1f|%x%%", [7.0, "a", 65.0, "xyz", 5.0, 2.25, -1.0])
    '007|a  |Ax|  2.2|ffffffffffffffff%'
    """
    rest = list(reversed(values))

    def take() -> Value:
        return rest.pop() if rest else ""

    def replaced(found: re.Match[str]) -> str:
        if found[0] == "%%":
            return "%"
        flags, width, precision, kind = found[1], found[2] or "", found[3], found[4]
        if width == "*":
            width = str(max(-MAX_WIDTH, min(as_integer(take()), MAX_WIDTH)))
        if precision == "*":
            precision = str(max(0, min(as_integer(take()), MAX_WIDTH)))
        points = f".{precision or 0}" if "." in found[0] else ""
        return _one(flags, width, points, kind, take())

    return _directive.sub(replaced, layout)


def _one(flags: str, width: str, points: str, kind: str, value: Value) -> str:
    if width.startswith("-"):
        flags, width = flags + "-", width[1:]
    if kind in "cs":
        text = as_text(value) if kind == "s" or isinstance(value, str) else chr(as_integer(value) % 0x110000)
        return f"%{flags.replace('0', '')}{width}{points}s" % (text[:1] if kind == "c" else text)
    number = as_number(value)
    if kind in "fFeEgG" or not math.isfinite(number):
        return f"%{flags}{width}{points}{kind if kind in 'fFeEgG' else 'f'}" % number
    whole = int(number) if kind in "di" else int(number) & _BITS
    return f"%{flags}{width}{points}{'d' if kind in 'diu' else kind}" % whole


def _substr(values: list[Value]) -> Value:
    """The characters from `start` on, counted from 1; both numbers are rounded."""
    text, start = as_text(values[0]), as_number(values[1])
    begin = _rounded(start)
    end = begin + _rounded(as_number(values[2])) if len(values) > 2 else len(text) + 1
    return text[max(begin, 1) - 1 : max(end - 1, 0)]


def _rounded(number: float) -> int:
    return round(number) if math.isfinite(number) else (1 << 62 if number > 0 else -(1 << 62))


def _guarded(function: Callable[[float], float]) -> Callable[[list[Value]], Value]:
    def run(values: list[Value]) -> Value:
        number = as_number(values[0])
        try:
            return function(number)
        except OverflowError:
            return math.inf
        except ValueError:
            return -math.inf if not number else math.nan

    return run


def _strftime(values: list[Value]) -> Value:
    """`strftime(FORMAT, SECONDS)`, in UTC."""
    seconds = as_integer(values[1])
    moment = _EPOCH + timedelta(seconds=seconds)
    layout = as_text(values[0]).replace("%s", str(seconds)).replace("%e", f"{moment.day:2}")
    return moment.strftime(layout)


def _mktime(values: list[Value]) -> Value:
    """`mktime("YEAR MONTH DAY HOUR MINUTE SECOND")`, in UTC; -1 if it is malformed."""
    try:
        year, month, day, hour, minute, second = map(int, as_text(values[0]).split()[:6])
        return (datetime(year, month, day, hour, minute, second, tzinfo=UTC) - _EPOCH).total_seconds()
    except ValueError:
        return -1.0


def _bits(values: list[Value]) -> list[int]:
    return [as_integer(one) & _BITS for one in values]


def _shifted(values: list[Value], sign: int) -> Value:
    number, count = _bits(values[:2])
    count = min(count, 64)
    return float((number << count) & _BITS if sign > 0 else number >> count)


def _integer(values: list[Value]) -> Value:
    number = as_number(values[0])
    return float(int(number)) if math.isfinite(number) else number


FUNCTIONS: dict[str, Callable[[list[Value]], Value]] = {
    "and": lambda values: float(_bits(values)[0] & _bits(values)[1]),
    "atan2": lambda values: math.atan2(as_number(values[0]), as_number(values[1])),
    "compl": lambda values: float(_bits(values)[0] ^ _BITS),
    "cos": _guarded(math.cos),
    "exp": _guarded(math.exp),
    "index": lambda values: float(as_text(values[0]).find(as_text(values[1])) + 1 if as_text(values[1]) else 0),
    "int": _integer,
    "log": _guarded(math.log),
    "lshift": lambda values: _shifted(values, 1),
    "mktime": _mktime,
    "or": lambda values: float(_bits(values)[0] | _bits(values)[1]),
    "rshift": lambda values: _shifted(values, -1),
    "sin": _guarded(math.sin),
    "sprintf": lambda values: formatted(as_text(values[0]), values[1:]),
    "sqrt": _guarded(math.sqrt),
    "strftime": _strftime,
    "substr": _substr,
    "tolower": lambda values: as_text(values[0]).lower(),
    "toupper": lambda values: as_text(values[0]).upper(),
    "xor": lambda values: float(_bits(values)[0] ^ _bits(values)[1]),
}
"""The functions by name."""
