"""The formats of strings and numbers in schemas of custom kinds.

Source: kube-openapi/pkg/validation/strfmt, IsValueValidAgainstRange in kube-openapi/pkg/validation/validate/values.go,
apiextensions-apiserver/pkg/apiserver/validation/formats.go (v1.36).
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import cast
from urllib.parse import urlsplit

import msgspec

from kubeactors.apimachinery import quantity
from kubeactors.apimachinery.ip import parse_cidr
from kubeactors.apimachinery.regexp import compiled

_HEX = "[0-9a-fA-F]"
_LETTER = r"[a-zA-Z0-9\p{S}\p{L}]"
_SHORT_NAME = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_BYTE = r"\s*(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*"

_PATTERNS = {
    "bsonobjectid": f"{_HEX}{{24}}",
    "creditcard": (
        r"4[0-9]{12}(?:[0-9]{3})?|5[1-5][0-9]{14}|6(?:011|5[0-9][0-9])[0-9]{12}|3[47][0-9]{13}"
        r"|3(?:0[0-5]|[68][0-9])[0-9]{11}|(?:2131|1800|35\d{3})\d{11}"
    ),
    "date": r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])",
    "datetime": r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:?\d{2})",
    "duration": r"([+-]?(\d+(\.\d*)?|\.\d+)\s*(ns|us|µs|ms|s|m|h|d|w|[a-z]+))+|0",
    "hexcolor": f"#?({_HEX}{{3}}|{_HEX}{{6}})",
    "hostname": (
        rf"{_LETTER}((-?{_LETTER}{{0,62}})?)"
        rf"|({_LETTER}(([a-zA-Z0-9-\p{{S}}\p{{L}}]{{0,61}}{_LETTER})?)(\.))+{_LETTER}(-?{_LETTER}){{1,62}}"
    ),
    "k8slongname": rf"{_SHORT_NAME}(\.{_SHORT_NAME})*",
    "k8sshortname": _SHORT_NAME,
    "mac": (
        rf"({_HEX}{{2}}(:{_HEX}{{2}}){{5}}((:{_HEX}{{2}}){{2}}|(:{_HEX}{{2}}){{14}})?)"
        rf"|({_HEX}{{2}}(-{_HEX}{{2}}){{5}}((-{_HEX}{{2}}){{2}}|(-{_HEX}{{2}}){{14}})?)"
        rf"|({_HEX}{{4}}(\.{_HEX}{{4}}){{2}}((\.{_HEX}{{4}})|(\.{_HEX}{{4}}){{7}})?)"
    ),
    "rgbcolor": rf"rgb\({_BYTE},{_BYTE},{_BYTE}\)",
    "ssn": r"\d{3}[- ]\d{2}[- ]\d{4}",
    "uuid": f"{_HEX}{{8}}-?{_HEX}{{4}}-?{_HEX}{{4}}-?{_HEX}{{4}}-?{_HEX}{{12}}",
    "uuid3": f"{_HEX}{{8}}-?{_HEX}{{4}}-?3{_HEX}{{3}}-?{_HEX}{{4}}-?{_HEX}{{12}}",
    "uuid4": f"{_HEX}{{8}}-?{_HEX}{{4}}-?4{_HEX}{{3}}-?[89abAB]{_HEX}{{3}}-?{_HEX}{{12}}",
    "uuid5": f"{_HEX}{{8}}-?{_HEX}{{4}}-?5{_HEX}{{3}}-?[89abAB]{_HEX}{{3}}-?{_HEX}{{12}}",
}
_MAX_LENGTHS = {"hostname": 255, "k8slongname": 253, "k8sshortname": 63}

_INT32, _INT64 = 2**31, 2**63
_FLOAT32 = 3.4028235677973366e38
"""Numbers from this on do not round to a finite 32-bit float."""


def _of_pattern(name: str) -> Callable[[str], bool]:
    pattern, longest = f"^(?:{_PATTERNS[name]})$", _MAX_LENGTHS.get(name)

    def check(value: str) -> bool:
        fits = longest is None or len(value.encode()) <= longest
        return fits and compiled(pattern).search(value) is not None

    return check


def _is_hostname(value: str) -> bool:
    return _of_pattern("hostname")(value) and all(len(one.encode()) <= 63 for one in value.split("."))


def _is_base64(value: str) -> bool:
    try:
        base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def _is_credit_card(value: str) -> bool:
    """A number of an issuer whose last digit is the check digit of the others; other characters do not matter."""
    digits = "".join(one for one in value if one in "0123456789")
    doubled = [int(one) * (1 + place % 2) for place, one in enumerate(reversed(digits))]
    return _of_pattern("creditcard")(digits) and sum(one // 10 + one % 10 for one in doubled) % 10 == 0


def _is_isbn10(value: str) -> bool:
    digits = value.replace(" ", "").replace("-", "")
    if compiled(r"^[0-9]{9}[0-9X]$").search(digits) is None:
        return False
    return sum((place + 1) * (10 if one == "X" else int(one)) for place, one in enumerate(digits)) % 11 == 0


def _is_isbn13(value: str) -> bool:
    digits = value.replace(" ", "").replace("-", "")
    if compiled(r"^[0-9]{13}$").search(digits) is None:
        return False
    return sum(int(one) * (3 if place % 2 else 1) for place, one in enumerate(digits)) % 10 == 0


def _is_quantity(value: str) -> bool:
    try:
        quantity.parse(value)
    except ValueError:
        return False
    return True


def _is_uri(value: str) -> bool:
    """An absolute URI or an absolute path, as in a request."""
    if not value or any(ord(one) < 0x20 or ord(one) == 0x7F for one in value):
        return False
    if compiled(r"%(?:[^0-9a-fA-F]|.[^0-9a-fA-F]|.?$)").search(value) is not None:
        return False
    if value == "*" or value.startswith("/"):
        return True
    if compiled(r"^[a-zA-Z][a-zA-Z0-9+.-]*:").search(value) is None:
        return False
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        return False
    return " " not in parts.netloc


_CHECKS: dict[str, Callable[[str], bool]] = {
    **{name: _of_pattern(name) for name in _PATTERNS},
    "byte": _is_base64,
    "cidr": lambda value: parse_cidr(value) is not None,
    "creditcard": _is_credit_card,
    "hostname": _is_hostname,
    "isbn": lambda value: _is_isbn10(value) or _is_isbn13(value),
    "isbn10": _is_isbn10,
    "isbn13": _is_isbn13,
    "password": lambda _: True,
    "quantity": _is_quantity,
    "uri": _is_uri,
}
_WITH_HYPHENS = {"date-time": "datetime", "k8s-short-name": "k8sshortname", "k8s-long-name": "k8slongname"}

FORMATS: dict[str, Callable[[str], bool]] = _CHECKS | {one: _CHECKS[name] for one, name in _WITH_HYPHENS.items()}
"""Formats of strings that JSON Schema lacks, or defines differently."""


class NumberRange(msgspec.Struct, frozen=True):
    """The range of a number, by the type and the format in its schema.

    >>> NumberRange("integer", "int32").holds(2**31), NumberRange("integer", "int64").holds(2**31)
    (False, True)
    """

    type: str
    format: str = ""

    def holds(self, value: float) -> bool:
        """Whether a number fits."""
        if self.type != "integer":
            return self.format != "float" or abs(value) < _FLOAT32
        limit = _INT32 if self.format == "int32" else _INT64
        return value == int(value) and -limit <= value < limit

    def __str__(self) -> str:
        return f"type {self.type} " + (f"with format {self.format}" if self.format else "(default format)")


_BOUNDS = {"multipleOf": "MultipleOf", "maximum": "Maximum boundary", "minimum": "Minimum boundary"}


class RangeCheck(msgspec.Struct, frozen=True):
    """Checks that a number and the bounds in its schema are in the range of its format."""

    range: NumberRange
    wrong_bounds: tuple[str, ...] = ()
    """What Kubernetes calls the bounds out of range; they are reported with every number."""

    def problems(self, value: object) -> tuple[str, ...]:
        """The errors about a value, without its path; none if it is not a number."""
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return ()
        wrong = self.wrong_bounds if self.range.holds(value) else ("Checked", *self.wrong_bounds)
        return tuple(f"{one} value must be of {self.range}" for one in wrong)


def range_check(schema: Mapping[str, object]) -> RangeCheck | None:
    """The check of a schema's numbers; None if it has no type of numbers, or one without a range.

    >>> range_check({"type": "integer", "format": "int32", "maximum": 2**32}).problems(1)
    ('Maximum boundary value must be of type integer with format int32',)
    """
    known = {"integer": ("int32", "int64"), "number": ("float", "double")}.get(str(schema.get("type")))
    if known is None:
        return None
    named = str(schema.get("format") or "")
    found = NumberRange(str(schema["type"]), named if named in known else "")
    if found.type == "number" and found.format != "float":
        return None
    bounds = ((said, schema.get(word)) for word, said in _BOUNDS.items())
    return RangeCheck(
        found, tuple(said for said, one in bounds if one is not None and not found.holds(cast("float", one)))
    )
