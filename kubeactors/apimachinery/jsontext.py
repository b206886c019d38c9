"""Lossless JSON parsing: members in order including duplicates, numbers as written.

msgspec is the fast path. This parser is for documents that need a second look; its errors have the messages of Go's
decoder.

Source: Go's encoding/json/scanner.go; sigs.k8s.io/json.
"""

import json
import re

import msgspec


class JSONSyntaxError(ValueError):
    """The text is not JSON; the message is that of Go's decoder."""


class Number(msgspec.Struct, frozen=True, gc=False):
    """A number as written."""

    literal: str


class Pairs(msgspec.Struct, frozen=True):
    """The members of a JSON object in order, including duplicate names."""

    members: tuple[tuple[str, object], ...]


class _NeedsCareError(Exception):
    """The document has something that the fast path gets wrong."""


def parse(data: bytes) -> object:
    """A JSON value: `Pairs`, a list, text, `Number`, a boolean or None.

    Invalid UTF-8 becomes U+FFFD, as in Go.

    Raises:
        JSONSyntaxError: it is not JSON.

    >>> parse(b'{"a": 1.50}')
    Pairs(members=(('a', Number(literal='1.50')),))
    """
    text = data.decode("utf-8", "replace")
    try:
        return _careful.decode(text)
    except json.JSONDecodeError as error:
        raise JSONSyntaxError(syntax_error(text, error)) from error
    except RecursionError as error:
        raise JSONSyntaxError("exceeded max depth") from error


def needs_care(data: bytes) -> bool:
    """Whether a valid JSON text has duplicate names, or integers that do not fit 32 bits.

    >>> needs_care(b'{"a": 1}'), needs_care(b'{"a": 1, "a": 2}'), needs_care(b'{"a": 3000000000}')
    (False, True, True)
    """
    try:
        _scanner.decode(data.decode())
    except _NeedsCareError:
        return True
    return False


def syntax_error(text: str, error: json.JSONDecodeError) -> str:
    """Go's error for the place where Python's decoder stopped.

    >>> try: json.loads('{"a" 1}')
    ... except json.JSONDecodeError as error: syntax_error(error.doc, error)
    "invalid character '1' after object key"
    """
    place = text[error.pos :].lstrip(" \t\r\n")
    if not place or error.msg.startswith("Unterminated string"):
        return "unexpected end of JSON input"
    return f"invalid character {_quoted(place[0])} {_context(text, error)}"


def _pairs(members: list[tuple[str, object]]) -> Pairs:
    return Pairs(tuple(members))


def _constant(name: str) -> object:
    """NaN, Infinity and -Infinity are numbers in Python only."""
    where = "in numeric literal" if name.startswith("-") else "looking for beginning of value"
    raise JSONSyntaxError(f"invalid character '{name.lstrip('-')[0]}' {where}")


_careful = json.JSONDecoder(object_pairs_hook=_pairs, parse_int=Number, parse_float=Number, parse_constant=_constant)


def _unique(members: list[tuple[str, object]]) -> None:
    if len(dict(members)) != len(members):
        raise _NeedsCareError


def _small(literal: str) -> None:
    if len(literal) > 9:
        raise _NeedsCareError


_scanner = json.JSONDecoder(object_pairs_hook=_unique, parse_int=_small)

_CONTEXTS = (
    ("Expecting value", "looking for beginning of value"),
    ("Expecting property name", "looking for beginning of object key string"),
    ("Illegal trailing comma", "looking for beginning of value"),
    ("Expecting ':'", "after object key"),
    ("Extra data", "after top-level value"),
    ("Invalid control character", "in string literal"),
    ("Invalid \\escape", "in string escape code"),
    ("Invalid \\uXXXX", "in \\u hexadecimal character escape"),
)
"""Python's error messages, and Go's for the same error."""

_ESCAPES = {
    "\n": "\\n", "\t": "\\t", "\r": "\\r", "\b": "\\b", "\f": "\\f", "\v": "\\v", "\a": "\\a", "\\": "\\\\", "'": "\\'",
}  # fmt: skip

_string = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)


def _context(text: str, error: json.JSONDecodeError) -> str:
    for complaint, words in _CONTEXTS:
        if error.msg.startswith(complaint):
            return words
    return "after object key:value pair" if _inside_object(text[: error.pos]) else "after array element"


def _inside_object(text: str) -> bool:
    """Whether the innermost bracket left open at the end of this text is a brace."""
    depth = 0
    for char in reversed(_string.sub("", text)):
        depth += (char in "}]") - (char in "{[")
        if depth < 0:
            return char == "{"
    return False


def _quoted(char: str) -> str:
    if char in _ESCAPES:
        return f"'{_ESCAPES[char]}'"
    return f"'{char}'" if char.isprintable() else f"'\\x{ord(char):02x}'"
