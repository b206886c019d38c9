"""What is wrong with a text that should be a JSON object, in the words of Go's decoder.

Source: Go's encoding/json/scanner.go.
"""

import json
import re

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
"""Python's complaints, and what Go says about the same place."""

_ESCAPES = {
    "\n": "\\n", "\t": "\\t", "\r": "\\r", "\b": "\\b", "\f": "\\f", "\v": "\\v", "\a": "\\a", "\\": "\\\\", "'": "\\'",
}  # fmt: skip

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')

_GO_TYPES: dict[type, str] = {str: "string", bool: "bool", int: "number", float: "number", list: "array"}


def object_error(data: bytes) -> str:
    r"""Why the bytes are no JSON object; empty if they are one. `null` counts as an empty object.

    >>> object_error(b"{}"), object_error(b"\x00"), object_error(b"")
    ('', "invalid character '\\x00' looking for beginning of value", 'unexpected end of JSON input')
    >>> object_error(b"[]")
    'json: cannot unmarshal array into Go value of type map[string]interface {}'
    """
    text = data.decode("utf-8", "replace")
    try:
        value: object = json.loads(text)
    except json.JSONDecodeError as error:
        return _complaint(text, error)
    if value is None or isinstance(value, dict):
        return ""
    return f"json: cannot unmarshal {_GO_TYPES[type(value)]} into Go value of type map[string]interface {{}}"


def _complaint(text: str, error: json.JSONDecodeError) -> str:
    place = text[error.pos :].lstrip(" \t\r\n")
    if not place or error.msg.startswith("Unterminated string"):
        return "unexpected end of JSON input"
    return f"invalid character {_quoted(place[0])} {_context(text, error)}"


def _context(text: str, error: json.JSONDecodeError) -> str:
    for complaint, words in _CONTEXTS:
        if error.msg.startswith(complaint):
            return words
    return "after object key:value pair" if _inside_object(text[: error.pos]) else "after array element"


def _inside_object(text: str) -> bool:
    """Whether the innermost bracket that is open at the end of this text is a brace."""
    depth = 0
    for char in reversed(_STRING.sub("", text)):
        depth += (char in "}]") - (char in "{[")
        if depth < 0:
            return char == "{"
    return False


def _quoted(char: str) -> str:
    if char in _ESCAPES:
        return f"'{_ESCAPES[char]}'"
    return f"'{char}'" if char.isprintable() else f"'\\x{ord(char):02x}'"
