"""Named formats: `format.dns1123Label().validate(self.name).hasValue()`.

A result is a map with one entry, or none; `optionals.py` makes an optional value of it.

Source: apiserver/pkg/cel/library/format.go (v1.36).
"""

import base64
import binascii
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date

from kubeactors.apimachinery import names
from kubeactors.apimachinery.cel.library.declaration import (
    DYN,
    STRING,
    TAGGED,
    Function,
    Tagged,
    function,
    member,
    text_of,
)
from kubeactors.apimachinery.cel.library.urls import parse as parse_url
from kubeactors.apimachinery.time import TimeError, parse_time

FORMAT = "format"
THERE = "there"
"""The key of an optional value's entry."""

Messages = Sequence[str]

_UUID = re.compile(r"(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}")


def validate(value: Tagged, text: str) -> dict[str, list[str]]:
    """The errors of a string, if there are any.

    >>> validate({"format": "date"}, "2024-13-01")
    {'there': ['invalid date']}
    """
    wrong = _CHECKS[text_of(value, FORMAT)](text)
    return {THERE: [*wrong]} if wrong else {}


def named(name: str) -> dict[str, Tagged]:
    """The format of a name, if there is one."""
    return {THERE: {FORMAT: name}} if name in _CHECKS else {}


def _of_prefix(check: Callable[[str], Messages]) -> Callable[[str], Messages]:
    """The check for name prefixes, which may end with a dash."""
    return lambda text: check(f"{text[:-1]}a" if text.endswith("-") else text)


def _parsed(parse: Callable[[str], object], why: str) -> Callable[[str], Messages]:
    def check(text: str) -> Messages:
        try:
            parse(text)
        except ValueError as error:
            return [why or str(error)]
        return []

    return check


def _base64(text: str) -> object:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError from error


def _datetime(text: str) -> object:
    try:
        return parse_time(text)
    except TimeError as error:
        raise ValueError from error


def _uuid(text: str) -> Messages:
    return [] if _UUID.fullmatch(text) else ["does not match the UUID format"]


_CHECKS: Mapping[str, Callable[[str], Messages]] = {
    "dns1123Label": names.dns1123_label,
    "dns1123Subdomain": names.dns1123_subdomain,
    "dns1035Label": names.dns1035_label,
    "qualifiedName": names.qualified_name,
    "dns1123LabelPrefix": _of_prefix(names.dns1123_label),
    "dns1123SubdomainPrefix": _of_prefix(names.dns1123_subdomain),
    "dns1035LabelPrefix": _of_prefix(names.dns1035_label),
    "labelValue": names.label_value,
    "uri": _parsed(parse_url, ""),
    "uuid": _uuid,
    "byte": _parsed(_base64, "invalid base64"),
    "date": _parsed(date.fromisoformat, "invalid date"),
    "datetime": _parsed(_datetime, "invalid datetime"),
}


def _constant(name: str) -> Function:
    return function(f"format.{name}", (), TAGGED, lambda: {FORMAT: name})


FUNCTIONS: tuple[Function, ...] = (
    *(_constant(name) for name in _CHECKS),
    function("format.named", (STRING,), DYN, named),
    member("validate", (TAGGED, STRING), DYN, validate),
)
