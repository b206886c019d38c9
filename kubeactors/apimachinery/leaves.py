"""Readers of scalar values: strings, numbers, and Kubernetes types that are encoded as strings.

Source: sigs.k8s.io/json; UnmarshalJSON of metav1.Time, metav1.MicroTime, resource.Quantity, intstr.IntOrString.
"""

import base64
import binascii
import re
from collections.abc import Callable, Iterable, Mapping
from typing import cast

from kubeactors.apimachinery.findings import DecodeError, Findings, Place, literal_of, mismatch, word_of
from kubeactors.apimachinery.jsontext import Number, Pairs
from kubeactors.apimachinery.quantity import QuantityError, canonical
from kubeactors.apimachinery.time import ZERO_TIME, TimeError, canonical_micro_time, canonical_time


def plain(value: object) -> object:
    """A value as builtins: dicts (with the last of duplicate members), lists, int, float, str."""
    if isinstance(value, Pairs):
        return {text_of(key): plain(item) for key, item in value.members}
    if isinstance(value, Number):
        return _number(value.literal)
    if isinstance(value, str):
        return text_of(value)
    if isinstance(value, list | tuple):
        return [plain(item) for item in cast("Iterable[object]", value)]
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in cast("Mapping[str, object]", value).items()}
    return value


class Leaf:
    """A reader made of a function."""

    def __init__(self, go: str, zero: object, read: Callable[[object, Place, Findings], object]) -> None:
        self.go = go
        self.read = read
        self._zero = zero

    def zero(self) -> object:
        """The value of null."""
        return self._zero


def _string(value: object, place: Place, findings: Findings) -> object:
    if isinstance(value, str):
        return text_of(value)
    findings.unfit(value, "string", place)
    return ""


def _boolean(value: object, place: Place, findings: Findings) -> object:
    if isinstance(value, bool):
        return value
    findings.unfit(value, "bool", place)
    return False


def _integer(value: object, place: Place, findings: Findings, bits: int) -> object:
    """An integer as Go's strconv parses it; 2.0 is not one."""
    number = _parsed(value, bits)
    if number is None:
        findings.unfit(value, f"int{bits}", place)
    return number or 0


def _float(value: object, place: Place, findings: Findings) -> object:
    if word_of(value) == "number":
        return float(literal_of(value))
    findings.unfit(value, "float64", place)
    return 0.0


def _bytes(value: object, place: Place, findings: Findings) -> object:
    """Bytes, encoded in base64."""
    if isinstance(value, bytes):
        return value
    if not isinstance(value, str):
        findings.unfit(value, "[]uint8", place)
        return b""
    try:
        return base64.b64decode(re.sub("[\r\n]", "", value), validate=True)
    except (binascii.Error, ValueError):
        findings.wrong = findings.wrong or f"illegal base64 data at input byte {_wrong_base64(value)}"
        return b""


def _time(value: object, place: Place, canonical_form: Callable[[str], str]) -> object:
    """A time in canonical form. Go's zero time is empty."""
    if not isinstance(value, str):
        raise DecodeError(mismatch(value, "string", place))
    try:
        text = canonical_form(value)
    except TimeError as error:
        raise DecodeError(str(error)) from error
    return None if text.startswith(ZERO_TIME[:-1]) else text


def _quantity(value: object) -> object:
    """A quantity in canonical form; numbers are accepted."""
    text = value.strip() if isinstance(value, str) else literal_of(value)
    try:
        return canonical(text)
    except QuantityError as error:
        raise DecodeError(str(error)) from error


def _int_or_string(value: object, place: Place) -> object:
    if isinstance(value, str):
        return text_of(value)
    number = _parsed(value, 32)
    if number is None:
        raise DecodeError(mismatch(value, "int32", place))
    return number


STRING = Leaf("string", "", _string)
BOOLEAN = Leaf("bool", False, _boolean)
INT32 = Leaf("int32", 0, lambda value, place, findings: _integer(value, place, findings, 32))
INT64 = Leaf("int64", 0, lambda value, place, findings: _integer(value, place, findings, 64))
FLOAT = Leaf("float64", 0.0, _float)
BYTES = Leaf("[]uint8", b"", _bytes)
TIME = Leaf("v1.Time", None, lambda value, place, _: _time(value, place, canonical_time))
MICRO_TIME = Leaf("v1.MicroTime", None, lambda value, place, _: _time(value, place, canonical_micro_time))
QUANTITY = Leaf("resource.Quantity", "0", lambda value, _, __: _quantity(value))
INT_OR_STRING = Leaf("intstr.IntOrString", 0, lambda value, place, _: _int_or_string(value, place))
OPAQUE = Leaf("interface {}", None, lambda value, _, __: plain(value))
"""Any value, unchanged."""


def _parsed(value: object, bits: int) -> int | None:
    if word_of(value) != "number" or not re.fullmatch("-?[0-9]{1,20}", literal_of(value)):
        return None
    number = int(literal_of(value))
    return number if -(2 ** (bits - 1)) <= number < 2 ** (bits - 1) else None


def _number(literal: str) -> int | float:
    return int(literal) if re.fullmatch("-?[0-9]{1,20}", literal) else float(literal)


def text_of(value: str) -> str:
    """A string that UTF-8 can encode: unpaired surrogates, which JSON can escape, become U+FFFD as in Go."""
    return value if value.isascii() else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _wrong_base64(text: str) -> int:
    """The offset in Go's error: the first invalid character, or the start of an incomplete last group."""
    good = re.match(r"(?:[A-Za-z0-9+/]{4})*", text)
    whole = good.end() if good else 0
    rest = re.match(r"[A-Za-z0-9+/]*", text[whole:])
    odd = whole + (rest.end() if rest else 0)
    return odd if odd < len(text) else whole
