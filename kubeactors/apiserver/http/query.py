"""Query parameters as typed values, with Go's messages for those that cannot be parsed.

Source: apimachinery/pkg/runtime/conversion.go, apimachinery/pkg/conversion/queryparams (v1.36).
"""

import re
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qs

from kubeactors.apimachinery.field import shown
from kubeactors.apimachinery.status import BadRequest

_NUMBER = re.compile(r"[+-]?[0-9]+\Z")
_INT64 = range(-(2**63), 2**63)
_FALSE = frozenset({"0", "false"})


class Query:
    """The parameters of a query. The first value of a repeated parameter counts, as in Go.

    >>> Query(b"limit=5&watch").number("limit"), Query(b"limit=5&watch").flag("watch")
    (5, True)
    """

    __slots__ = ("_values",)

    def __init__(self, query: bytes) -> None:
        self._values: Mapping[str, Sequence[str]] = {}
        if query:
            self._values = parse_qs(query.decode("latin-1"), keep_blank_values=True)

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def text(self, name: str) -> str:
        """The value; empty if it is absent."""
        values = self._values.get(name)
        return values[0] if values else ""

    def texts(self, name: str) -> tuple[str, ...]:
        """All values of a repeated parameter."""
        return tuple(self._values.get(name, ()))

    def number(self, name: str) -> int | None:
        """The value as a 64-bit integer; None if it is absent.

        Raises:
            BadRequest: it is not one.
        """
        return parse_int(self._values[name][0]) if name in self._values else None

    def flag(self, name: str) -> bool | None:
        """The value as a boolean: anything but `0` and `false` is true, an empty value too; None if it is absent."""
        return self._values[name][0].lower() not in _FALSE if name in self._values else None


def parse_int(text: str) -> int:
    """A 64-bit integer as Go's strconv.ParseInt reads it.

    >>> parse_int("-7")
    -7

    Raises:
        BadRequest: with Go's message.
    """
    if not _NUMBER.match(text):
        raise BadRequest.saying(f"strconv.ParseInt: parsing {shown(text)}: invalid syntax")
    if (value := int(text)) not in _INT64:
        raise BadRequest.saying(f"strconv.ParseInt: parsing {shown(text)}: value out of range")
    return value
