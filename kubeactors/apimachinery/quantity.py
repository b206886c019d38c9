"""Quantities: numbers with a unit, `250m` of CPU, `1Gi` of memory.

Objects hold them as canonical strings; these functions interpret them. All are cached by string: a cluster with
thousands of pods has a handful of quantities.

An amount is an integer number of nanos (10^-9), the finest unit that Kubernetes keeps, so arithmetic is exact.
Unlike in Kubernetes, amounts never overflow an int64, and one beyond `E` is formatted with an exponent.

Source: apimachinery/pkg/api/resource/{quantity,amount,suffix}.go (v1.36).
"""

import re
from collections.abc import Iterable
from functools import lru_cache

import msgspec

NANOS = 10**9
_NANOS_OF_MILLI = 10**6
_LARGEST_BINARY = (2**63 - 1) * NANOS
_LARGEST_EXPONENT = 4096
"""Larger ones only cost time; Kubernetes accepts up to 2^31."""

DECIMAL_SI, BINARY_SI, DECIMAL_EXPONENT = "DecimalSI", "BinarySI", "DecimalExponent"

_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_DECIMAL_OF = {exponent: suffix for suffix, exponent in _DECIMAL.items()}
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_BINARY_OF = {0: "", **{exponent // 10: suffix for suffix, exponent in _BINARY.items()}}

# Possessive, so that a long malformed string is rejected in linear time.
_parts = re.compile(r"([+-]?)0*+([0-9]*+)(?:\.([0-9]*+))?+([eEinumkKMGTP]*+[-+]?+[0-9]*+)")
_exponent = re.compile(r"[eE]([+-]?[0-9]{1,10})")


class QuantityError(ValueError):
    """The string is not a quantity; the message is Kubernetes'."""


_WRONG_FORM = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
_WRONG_NUMBER = "unable to parse numeric part of quantity"
_WRONG_SUFFIX = "unable to parse quantity's suffix"


class Amount(msgspec.Struct, frozen=True, gc=False):
    """A parsed quantity: its nanos, its format, and the canonical string."""

    nanos: int
    format: str
    text: str


@lru_cache(maxsize=16384)
def parse(text: str) -> Amount:
    """The amount in a string.

    Raises:
        QuantityError: it is not a quantity.

    >>> parse("1.5Gi")
    Amount(nanos=1610612736000000000, format='BinarySI', text='1536Mi')
    """
    found = _parts.fullmatch(text) if text else None
    if not found:
        raise QuantityError(_WRONG_FORM)
    whole, part = found[2] or "0", found[3] or ""
    base, exponent, format_ = _unit(found[4])
    try:
        digits = int(whole + part)
    except ValueError as error:  # more than 4,300 digits
        raise QuantityError(_WRONG_NUMBER) from error
    size = _nanos(digits, len(part), base, exponent)
    if base == 2:
        size = min(size, _LARGEST_BINARY)
        format_ = DECIMAL_SI if 0 < size < NANOS else format_
    nanos = -size if found[1] == "-" else size
    kept = _is_kept(whole, part, exponent, format_)
    return Amount(nanos, format_, text if kept else canonical_of(nanos, format_))


def canonical(text: str) -> str:
    """The same quantity in canonical form: no fraction, and the largest unit without loss of precision.

    >>> [canonical(one) for one in ("0.1", "1024Mi", "1000m", "1500Mi", "1e3")]
    ['100m', '1Gi', '1', '1500Mi', '1e3']
    """
    return parse(text).text


def value(text: str) -> int:
    """The quantity in whole units, rounded away from zero.

    >>> value("1Ki"), value("100m")
    (1024, 1)
    """
    return _divided(parse(text).nanos, NANOS)


def milli_value(text: str) -> int:
    """The quantity in thousandths, rounded away from zero.

    >>> milli_value("1.5"), milli_value("250m")
    (1500, 250)
    """
    return _divided(parse(text).nanos, _NANOS_OF_MILLI)


def compare(one: str, other: str) -> int:
    """-1, 0 or 1: the first is smaller than, equal to, or larger than the second.

    >>> compare("1", "1000m"), compare("1G", "1Gi")
    (0, -1)
    """
    left, right = parse(one).nanos, parse(other).nanos
    return (left > right) - (left < right)


def sign(text: str) -> int:
    """-1, 0 or 1: negative, zero, positive."""
    nanos = parse(text).nanos
    return (nanos > 0) - (nanos < 0)


def add(one: str, other: str) -> str:
    """The sum, in the format of the first (of the second if the first is zero).

    >>> add("100m", "1"), add("0", "1Gi"), add("1Gi", "1M")
    ('1100m', '1Gi', '1074741824')
    """
    left, right = parse(one), parse(other)
    return canonical_of(left.nanos + right.nanos, left.format if left.nanos else right.format)


def subtract(one: str, other: str) -> str:
    """The difference, in the format of the first (of the second if the first is zero).

    >>> subtract("1", "250m"), subtract("1Gi", "2Gi")
    ('750m', '-1Gi')
    """
    left, right = parse(one), parse(other)
    return canonical_of(left.nanos - right.nanos, left.format if left.nanos else right.format)


def total(quantities: Iterable[str]) -> str:
    """The sum of many, in the format of the first that is not zero; `0` if there are none.

    >>> total(["1Gi", "512Mi"]), total([])
    ('1536Mi', '0')
    """
    amounts = [parse(one) for one in quantities]
    format_ = next((one.format for one in amounts if one.nanos), DECIMAL_SI)
    return canonical_of(sum(one.nanos for one in amounts), format_)


def of(amount: int, format_: str = DECIMAL_SI) -> str:
    """A number of whole units as a quantity.

    >>> of(3), of(2**30, BINARY_SI)
    ('3', '1Gi')
    """
    return canonical_of(amount * NANOS, format_)


def of_milli(amount: int, format_: str = DECIMAL_SI) -> str:
    """A number of thousandths as a quantity.

    >>> of_milli(250), of_milli(2000)
    ('250m', '2')
    """
    return canonical_of(amount * _NANOS_OF_MILLI, format_)


@lru_cache(maxsize=16384)
def canonical_of(nanos: int, format_: str) -> str:
    """An amount as canonical string. A binary one that is small, huge or fractional is formatted as decimal."""
    if not nanos:
        return "0"
    if format_ == BINARY_SI and 1024 * NANOS <= abs(nanos) <= _LARGEST_BINARY and not nanos % NANOS:
        mantissa, times = _without_factors(nanos // NANOS, 1024)
        return f"{mantissa}{_BINARY_OF[times]}"
    mantissa, times = _without_factors(nanos, 1000)
    exponent = 3 * times - 9
    if format_ != DECIMAL_EXPONENT and exponent in _DECIMAL_OF:
        return f"{mantissa}{_DECIMAL_OF[exponent]}"
    return f"{mantissa}e{exponent}" if exponent else str(mantissa)


def _unit(suffix: str) -> tuple[int, int, str]:
    """Base, exponent and format of a suffix."""
    if suffix in _DECIMAL:
        return 10, _DECIMAL[suffix], DECIMAL_SI
    if suffix in _BINARY:
        return 2, _BINARY[suffix], BINARY_SI
    found = _exponent.fullmatch(suffix)
    if not found or abs(int(found[1])) > _LARGEST_EXPONENT:
        raise QuantityError(_WRONG_SUFFIX)
    return 10, int(found[1]), DECIMAL_EXPONENT


def _nanos(digits: int, places: int, base: int, exponent: int) -> int:
    """`digits` with this many decimal places, times the unit, in nanos, rounded up."""
    size = digits << exponent if base == 2 else digits
    scale = (exponent if base == 10 else 0) - places + 9
    factor: int = 10 ** abs(scale)
    return size * factor if scale >= 0 else -(-size // factor)


def _is_kept(whole: str, part: str, exponent: int, format_: str) -> bool:
    """Whether Kubernetes keeps the string as written, canonical or not: `+1`, `1.500`, `05Ki`.

    It does where its fast path takes the string to be canonical; clients then read their own string back.
    """
    digits = whole + part
    if format_ == BINARY_SI:
        precise = 15 - len(whole) - exponent * 3 // 10 - 1 >= 0
        return precise and not part and int(whole) % 8 != 0
    scale = exponent - len(part)
    precise = len(digits) <= 18 and scale >= -9
    return precise and scale % 3 == 0 and not digits.endswith("000") and digits[0] != "0"


def _divided(nanos: int, unit: int) -> int:
    return -(-nanos // unit) if nanos > 0 else nanos // unit


def _without_factors(number: int, factor: int) -> tuple[int, int]:
    """The number with all powers of the factor removed, and how many there were."""
    times = 0
    while not number % factor:
        number //= factor
        times += 1
    return number, times
